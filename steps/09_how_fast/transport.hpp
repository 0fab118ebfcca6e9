// transport.hpp: what every way to hand over eight bytes does: open, send and receive.
#pragma once

#include <concepts>
#include <cstdint>
#include <stdexcept>
#include <string>

/// Who sends first, and who answers.
enum class side { asking, answering };

// #region transport
/// A way for two processes to hand each other 8 bytes. One object is made before the
/// processes part, so that each has its copy; then each opens its side.
template <class T>
concept transport = requires(T t, side s, std::uint64_t word) {
    t.open(s);                                       // in each process
    t.send(word);                                    // to the other side
    { t.receive() } -> std::same_as<std::uint64_t>;  // from there; waits for it
};
// #endregion transport

// #region verify
/// The word that is sent in place `n` of a run: never 0, never the same twice.
constexpr std::uint64_t word(std::uint64_t n) {
    return (n + 1) * 0x9e3779b97f4a7c15;
}

/// Throws std::runtime_error unless `got` is the word of place `n`.
inline void verify(std::uint64_t got, std::uint64_t n) {
    if (got != word(n)) {
        throw std::runtime_error("message " + std::to_string(n) +
                                 " arrived with other bytes than were sent");
    }
}
// #endregion verify
