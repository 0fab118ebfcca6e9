// bulk_stream.hpp: chunks through a pipe or a socket, from and to each side's own
// memory.
#pragma once

#include "09_how_fast/streams.hpp"
#include "24_choosing/harness/bulk.hpp"

/// Writes all of `words`, asking again and again where step 08's write_full would
/// sleep. Throws std::system_error if write(2) fails for another reason than "not now".
inline void write_words(int fd, chunk words) {
    for (auto bytes = std::as_bytes(words); !bytes.empty();) {
        const ssize_t n = ::write(fd, bytes.data(), bytes.size());
        if (n == -1 && errno == EAGAIN) continue;
        bytes = bytes.subspan(static_cast<std::size_t>(check(n, "write")));
    }
}

/// Fills `words`, the same way. Throws std::system_error if read(2) fails,
/// std::runtime_error if the other side has gone.
inline void read_words(int fd, chunk words) {
    for (auto bytes = std::as_writable_bytes(words); !bytes.empty();) {
        const ssize_t n = ::read(fd, bytes.data(), bytes.size());
        if (n == -1 && errno == EAGAIN) continue;
        if (n == 0) throw std::runtime_error("the other side has gone");
        bytes = bytes.subspan(static_cast<std::size_t>(check(n, "read")));
    }
}

/// `Stream`: over_pipe, over_unix or over_tcp, polled; buffers are of the default size.
template <class Stream>
class bulk_over {
public:
    explicit bulk_over(const place& p) : stream_{p} {}
    void open(side s) { stream_.open(s); }
    chunk room(std::size_t words) { return own_.first(words); }
    void give(std::size_t words) { write_words(stream_.out(), room(words)); }
    chunk take(std::size_t words) {
        read_words(stream_.in(), room(words));
        return room(words);
    }
    void done() {}

private:
    Stream stream_;
    buffer own_;
};
