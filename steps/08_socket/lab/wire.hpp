// wire.hpp: a message as bytes that any machine reads alike.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>

enum class kind : char { get = 'G', set = 'S', foo = 'F', error = 'E' };

struct message {
    kind what;
    std::int32_t bar = 0;
    std::int32_t baz = 0;
};

/// 16 bytes: "FOO1", the kind, three zero bytes, bar and baz, most significant byte
/// first. Get and error carry zeros.
using frame = std::array<std::byte, 16>;
inline constexpr char magic[] = {'F', 'O', 'O', '1'};

inline void put_big_endian(std::byte* to, std::int32_t value) {
    const auto bits = static_cast<std::uint32_t>(value);
    // TODO: the most significant byte of `bits` first.
    static_cast<void>(to);
    static_cast<void>(bits);
}

inline frame encode(const message& m) {
    frame bytes{};
    // TODO: the magic, the kind, and the two numbers.
    static_cast<void>(m);
    return bytes;
}

inline std::int32_t get_big_endian(const std::byte* from) {
    std::uint32_t bits = 0;
    // TODO: put_big_endian, backwards.
    static_cast<void>(from);
    return static_cast<std::int32_t>(bits);
}

/// The message in `bytes`, or nothing if they are malformed.
inline std::optional<message> decode(const frame& bytes) {
    const message m{static_cast<kind>(bytes[4]), get_big_endian(&bytes[8]),
                    get_big_endian(&bytes[12])};
    // TODO: nothing, unless the magic, the kind, the zero bytes, and for get and error
    // the numbers are as they have to be.
    return m;
}
