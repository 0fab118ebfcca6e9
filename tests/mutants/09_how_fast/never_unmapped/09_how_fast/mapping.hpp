// mapping.hpp: eight bytes there and eight bytes back, in one shared cache line.
#pragma once

#include <fcntl.h>
#include <sys/mman.h>

#include <atomic>
#include <cassert>
#include <memory>

#include "09_how_fast/hints.hpp"
#include "09_how_fast/transport.hpp"
#include "common/error.hpp"

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

constexpr unsigned lines_in_a_page = 64;
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

// #region map_lines
using mapped_lines = std::unique_ptr<line[], void (*)(line*)>;

/// The lines_in_a_page lines at the start of what `fd` refers to, mapped shared, and
/// unmapped with their owner. It must be that long, and all zeros before its first use.
/// Throws std::system_error if mmap(2) fails.
inline mapped_lines map_lines(int fd) {
    constexpr std::size_t size = lines_in_a_page * sizeof(line);
    void* address =
        check(::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0), "mmap");
    return {static_cast<line*>(address),
            [](line* mapped) { static_cast<void>(mapped); }};
}
// #endregion map_lines
