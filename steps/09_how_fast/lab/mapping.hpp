// mapping.hpp: eight bytes there and eight bytes back, in one shared cache line.
#pragma once

#include <atomic>

#include "03_missing_file/foo_from_mmap.hpp"
#include "09_how_fast/pause.hpp"
#include "09_how_fast/transport.hpp"

/// Where two sides meet. A std::atomic may be read by one thread or process while
/// another writes it, and is never seen half written (step 12 teaches it). Nothing else
/// is in its cache line: 64 bytes, which is what CPUs hand to each other.
struct alignas(64) line {
    std::atomic<std::uint64_t> there{0};
    std::atomic<std::uint64_t> back{0};
};
// If not lock-free, it would need a lock, and that would be each process's own.
static_assert(std::atomic<std::uint64_t>::is_always_lock_free);

/// One side of a line: it writes one of the two words and watches the other.
class line_end {
public:
    line_end() = default;
    line_end(line& l, side s) {
        // TODO: the asking side writes l.there and watches l.back; the answering side?
        static_cast<void>(l);
        static_cast<void>(s);
    }

    void send(std::uint64_t word) {
        // TODO: store it where the other side watches: store(word,
        // std::memory_order_release).
        static_cast<void>(word);
    }

    /// Spins until the word is another than the last one. The kernel is not asked.
    std::uint64_t receive() {
        // TODO: load(std::memory_order_acquire), until it is not last_; between two
        // looks, pause_a_moment(). Remember it for the next time.
        return last_;
    }

private:
    [[maybe_unused]] std::atomic<std::uint64_t>* out_ = nullptr;
    [[maybe_unused]] std::atomic<std::uint64_t>* in_ = nullptr;
    std::uint64_t last_ = 0;  // what the line holds before anybody has written
};

/// The line at the start of what `file` refers to: at least 64 bytes, all zeros.
class over_mapping {
public:
    explicit over_mapping(int file) : file_{file} {}
    /// Throws std::system_error if mmap(2) fails.
    void open(side s) {
        // TODO: map the line of file_, with what step 03 has for it, keep the mapping,
        // and make end_ the side s of it.
        static_cast<void>(s);
        static_cast<void>(file_);
    }
    void send(std::uint64_t word) { end_.send(word); }
    std::uint64_t receive() { return end_.receive(); }

private:
    int file_;
    mapped<line> mapped_{nullptr, nullptr};
    line_end end_;
};
