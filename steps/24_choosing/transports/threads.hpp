// threads.hpp: the anchor, two threads of one process and a cache line of its memory.
#pragma once

#include "24_choosing/transports/lines.hpp"

/// The physical limit here: all that happens is that the line goes from one CPU to the
/// other and back. Each thread has a copy of this, and the copies have one page.
/// alignas: if the copies themselves met in a cache line, it would be a second line to
/// hand over, and the anchor would take twice as long (false sharing).
class alignas(64) over_threads {
public:
    static constexpr bool one_process = true;

    explicit over_threads(const place& p) : line_{p.line} {}
    void open(side s) { end_ = line_end(page_->at[line_], s); }
    void send(std::uint64_t word) { end_.send(word); }
    std::uint64_t receive() { return end_.receive(); }

private:
    std::shared_ptr<page> page_ = std::make_shared<page>();
    unsigned line_;
    line_end end_;
};
