// saved_foo.hpp: a foo that is never half old and half new, whenever its writer stops.
#pragma once

#include <sys/mman.h>

#include <array>
#include <cstdint>
#include <cstring>
#include <optional>

#include "01_raw_struct/layout.hpp"
#include "common/error.hpp"

/// A foo, how many have been saved before it, and a sum by which it is seen whether the
/// slot was written to its end.
struct slot {
    std::uint64_t generation;
    foo value;
    std::uint64_t check;
};

/// The 64 bytes of a file: what it is, in which version and of what size, and two
/// slots, of which the whole one with the higher generation holds.
struct saved_foo {
    std::array<char, 8> magic;
    std::uint32_t version;
    std::uint32_t size;
    std::array<slot, 2> slots;
};
static_assert(sizeof(slot) == 24 && sizeof(saved_foo) == 64);

inline constexpr std::array<char, 8> saved_magic{'s', 'u', 'c', 'h',
                                                 'f', 'o', 'o', '\n'};

/// FNV-1a, 64 bits, over the 16 bytes of the generation and the value.
inline std::uint64_t checksum(const slot& s) {
    std::array<std::byte, sizeof s.generation + sizeof s.value> bytes;
    std::memcpy(bytes.data(), &s, bytes.size());
    std::uint64_t sum = 0xcbf29ce484222325;
    for (const std::byte byte : bytes) {
        sum = (sum ^ std::to_integer<std::uint64_t>(byte)) * 0x100000001b3;
    }
    return sum;
}

/// The number of the slot that holds, or nothing if neither is whole.
inline std::optional<std::size_t> newest(const saved_foo& file) {
    // TODO: a slot is whole if its check is its checksum(); of two, the one with the
    // higher generation holds.
    static_cast<void>(file);
    return std::nullopt;
}

/// A slot with its sum.
inline slot filled(std::uint64_t generation, const foo& value) {
    slot s{generation, value, 0};
    s.check = checksum(s);
    return s;
}

/// Saves `value` over the older slot of the mapped `file`, of which one has to be
/// whole, and waits until the disk has it: from then on it outlives a power cut. For
/// one writer at a time. Throws std::system_error if msync(2) fails.
inline void save(saved_foo& file, const foo& value) {
    // TODO: fill the slot that does not hold, with the next generation, and wait until
    // the disk has it (msync(2)).
    static_cast<void>(file);
    static_cast<void>(value);
    throw std::logic_error("TODO: save");
}
