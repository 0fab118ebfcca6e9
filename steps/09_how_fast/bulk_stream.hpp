// bulk_stream.hpp: chunks through a pipe or a socket, from and to each side's own
// memory.
#pragma once

#include "09_how_fast/bulk.hpp"
#include "09_how_fast/streams.hpp"

/// `Stream`: over_pipe, over_unix or over_tcp, polled; buffers are of the default size.
template <class Stream>
class bulk_over {
public:
    explicit bulk_over(const place& p) : stream_{p} {}
    void open(side s) { stream_.open(s); }
    chunk room(std::size_t words) { return own_.first(words); }
    void give(std::size_t words) {
        write_bytes(stream_.out(), own_.first(words).data(), 8 * words);
    }
    chunk take(std::size_t words) {
        read_bytes(stream_.in(), own_.first(words).data(), 8 * words);
        return room(words);
    }
    void done() {}

private:
    Stream stream_;
    buffer own_;
};
