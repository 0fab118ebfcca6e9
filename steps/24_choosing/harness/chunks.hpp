// chunks.hpp: long messages in pieces, and the words in them.
#pragma once

#include <algorithm>
#include <span>
#include <vector>

#include "24_choosing/harness/fetch_ahead.hpp"
#include "24_choosing/harness/place.hpp"

using chunk = std::span<std::uint64_t>;

/// The most that is handed over at a time: 256 KiB, so that it stays in a cache.
constexpr std::size_t chunk_words = 256 * 1024 / sizeof(std::uint64_t);

/// Calls `work` with the number of words in each chunk of a message of `words` words.
template <class Work>
void in_chunks(std::size_t words, Work work) {
    for (std::size_t size = 0; words != 0; words -= size)
        work(size = std::min(words, chunk_words));
}

constexpr std::size_t words_in_a_line = 64 / sizeof(std::uint64_t);
constexpr std::size_t lines_ahead = 8;

/// Words that start with a cache line. Where a buffer starts can matter more than which
/// transport it goes through: on Zen 3, memcpy to odd addresses was 20 times slower.
class buffer {
public:
    explicit buffer(std::size_t words = chunk_words)
        : lines_(words / words_in_a_line) {}
    chunk first(std::size_t words) { return {lines_.front().word, words}; }

private:
    struct alignas(64) whole_line {
        std::uint64_t word[words_in_a_line];
    };
    std::vector<whole_line> lines_;
};

/// Calls `work(i)` for each word of `c`, which has whole cache lines, and lets its
/// cache lines be fetched some time before: they come from the other CPU's cache, and
/// each would be waited for.
template <class Work>
void for_each_word(chunk c, Work work) {
    for (std::size_t line = 0; line < c.size(); line += words_in_a_line) {
        fetch_ahead(c.data() + line + lines_ahead * words_in_a_line);
        for (std::size_t i = line; i < line + words_in_a_line; ++i) work(i);
    }
}

/// Writes `first`, first + 1, and so on.
inline void fill(chunk c, std::uint64_t first) {
    for_each_word(c, [&](std::size_t i) { c[i] = first + i; });
}

/// Throws std::runtime_error if `c` is not what fill() writes.
inline void verify(chunk c, std::uint64_t first) {
    std::uint64_t wrong = 0;
    for_each_word(c, [&](std::size_t i) { wrong |= c[i] ^ (first + i); });
    if (wrong != 0) throw std::runtime_error("a chunk arrived with other bytes");
}
