// transport.hpp: what every transport does: open, send and receive, close.
#pragma once

#include <concepts>
#include <cstdint>
#include <stdexcept>
#include <string>

/// Who sends first, and who answers.
enum class side { asking, answering };

/// Where a transport may put what it makes.
struct place {
    std::string name;   // "/suchfoo.bench": nobody else has names that start like this
    unsigned line = 0;  // 0 to 63: which cache line of its page, if it has a page
};

// #region transport
/// A way for two processes to hand each other 8 bytes. One object is made before the
/// processes part, so that each has its copy; then each opens its side. What is open is
/// closed when its process ends, or by close() if there is one; the destructor, in the
/// maker, removes what has a name.
template <class T>
concept transport = std::constructible_from<T, const place&> &&
    requires(T t, side s, std::uint64_t word) {
    t.open(s);                                       // in each process
    t.send(word);                                    // to the other side
    { t.receive() } -> std::same_as<std::uint64_t>;  // from there; waits for it
};
// #endregion transport

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
