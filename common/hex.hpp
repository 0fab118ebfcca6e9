// hex.hpp: bytes as a person reads them.
#pragma once

#include <cstddef>
#include <span>
#include <string>

/// Two lower-case digits per byte, one space between bytes: "2a 00 00 00".
inline std::string hex(std::span<const std::byte> bytes) {
    constexpr char digits[] = "0123456789abcdef";
    std::string result;
    for (const std::byte byte : bytes) {
        if (!result.empty()) result += ' ';
        result += digits[std::to_integer<unsigned>(byte >> 4)];
        result += digits[std::to_integer<unsigned>(byte & std::byte{0xf})];
    }
    return result;
}
