// wire.hpp: a message as bytes that any machine reads alike.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>

// #region message
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
// #endregion message

// #region encode
inline void put_big_endian(std::byte* to, std::int32_t value) {
    const auto bits = static_cast<std::uint32_t>(value);
    for (int i = 0; i < 4; ++i) to[i] = static_cast<std::byte>(bits >> (24 - 8 * i));
}

inline frame encode(const message& m) {
    frame bytes{};
    std::memcpy(bytes.data(), magic, sizeof magic);
    bytes[4] = static_cast<std::byte>(m.what);
    put_big_endian(&bytes[8], m.bar);
    put_big_endian(&bytes[12], m.baz);
    return bytes;
}
// #endregion encode

// #region decode
inline std::int32_t get_big_endian(const std::byte* from) {
    std::uint32_t bits = 0;
    for (int i = 0; i < 4; ++i)
        bits = bits << 8 | std::to_integer<std::uint32_t>(from[i]);
    return static_cast<std::int32_t>(bits);
}

/// The message in `bytes`, or nothing if they are malformed.
inline std::optional<message> decode(const frame& bytes) {
    const message m{static_cast<kind>(bytes[4]), get_big_endian(&bytes[8]),
                    get_big_endian(&bytes[12])};
    const bool carries_foo = m.what == kind::set || m.what == kind::foo;
    const bool carries_zeros = m.what == kind::get || m.what == kind::error;
    if (!carries_foo && !carries_zeros) return std::nullopt;
    if (carries_zeros && (m.bar != 0 || m.baz != 0)) return std::nullopt;
    // What is right has one form only, so the rest is compared by writing it again.
    if (std::memcmp(&encode(m)[4], &bytes[4], 12) != 0) return std::nullopt;
    return m;
}
// #endregion decode
