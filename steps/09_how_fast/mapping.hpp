// mapping.hpp: eight bytes there and eight bytes back, in one shared cache line.
#pragma once

#include <atomic>

#include "03_missing_file/foo_from_mmap.hpp"
#include "09_how_fast/pause.hpp"
#include "09_how_fast/transport.hpp"

// #region line
/// Where two sides meet. A std::atomic may be read by one thread or process while
/// another writes it, and is never seen half written (step 12 teaches it). Nothing else
/// is in its cache line: 64 bytes, which is what CPUs hand to each other.
struct alignas(64) line {
    std::atomic<std::uint64_t> there{0};
    std::atomic<std::uint64_t> back{0};
};
// If not lock-free, it would need a lock, and that would be each process's own.
static_assert(std::atomic<std::uint64_t>::is_always_lock_free);
// #endregion line

// #region line_end
/// One side of a line: it writes one of the two words and watches the other.
class line_end {
public:
    line_end() = default;
    line_end(line& l, side s)
        : out_{s == side::asking ? &l.there : &l.back},
          in_{s == side::asking ? &l.back : &l.there} {}

    void send(std::uint64_t word) { out_->store(word, std::memory_order_release); }

    /// Spins until the word is another than the last one. The kernel is not asked.
    std::uint64_t receive() {
        std::uint64_t word = in_->load(std::memory_order_acquire);
        while (word == last_) {
            pause_a_moment();
            word = in_->load(std::memory_order_acquire);
        }
        return last_ = word;
    }

private:
    std::atomic<std::uint64_t>* out_ = nullptr;
    std::atomic<std::uint64_t>* in_ = nullptr;
    std::uint64_t last_ = 0;  // what the line holds before anybody has written
};
// #endregion line_end

// #region over_mapping
/// The line at the start of what `file` refers to: at least 64 bytes, all zeros.
class over_mapping {
public:
    explicit over_mapping(int file) : file_{file} {}
    /// Throws std::system_error if mmap(2) fails.
    void open(side s) {
        mapped_ = map_shared<line>(file_, "a line");
        end_ = line_end(*mapped_, s);
    }
    void send(std::uint64_t word) { end_.send(word); }
    std::uint64_t receive() { return end_.receive(); }

private:
    int file_;
    mapped<line> mapped_{nullptr, nullptr};
    line_end end_;
};
// #endregion over_mapping
