// ring.hpp: four slots in shared memory, filled and emptied in turn.
#pragma once

#include "24_choosing/harness/bulk.hpp"
#include "24_choosing/transports/turns.hpp"

using slots = std::array<std::array<std::uint64_t, chunk_words>, turns::slots>;

// #region in_place
/// Filled and read where it is: nothing is copied.
class bulk_in_place {
public:
    explicit bulk_in_place(const place&) {}
    void open(side) {}
    chunk room(std::size_t words) { return slot(turns_.wait_empty(), words); }
    void give(std::size_t) { turns_.filled(); }
    chunk take(std::size_t words) { return slot(turns_.wait_full(), words); }
    void done() { turns_.emptied(); }

private:
    chunk slot(std::size_t number, std::size_t words) const {
        return chunk((*slots_)[number]).first(words);
    }
    shared_memory<slots> slots_;
    turns turns_;
};
// #endregion in_place

/// Through the same ring, from and to memory of each side's own: copied in and out.
class bulk_copied {
public:
    explicit bulk_copied(const place& p) : ring_{p} {}
    void open(side) {}
    chunk room(std::size_t words) { return own_.first(words); }
    void give(std::size_t words) {
        std::ranges::copy(room(words), ring_.room(words).begin());
        ring_.give(words);
    }
    chunk take(std::size_t words) {
        std::ranges::copy(ring_.take(words), own_.first(words).begin());
        ring_.done();
        return room(words);
    }
    void done() {}

private:
    bulk_in_place ring_;
    buffer own_;
};
