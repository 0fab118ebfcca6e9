// fingerprint.hpp: a number that says how a struct is laid out.
#pragma once

#include <cstdint>
#include <initializer_list>

#include "01_raw_struct/layout.hpp"

// #region fingerprint
/// A number that differs if any field's name, offset or size differs (step 01), or the
/// version. The version is for what none of these shows: that a field's unit or
/// meaning has changed. (The hash is FNV-1a, 64 bits. It is no protection from somebody
/// who wants to deceive.)
constexpr std::uint64_t fingerprint(std::uint64_t version,
                                    std::initializer_list<field> fields) {
    std::uint64_t hash = 0xcbf29ce484222325;
    const auto byte = [&](std::uint64_t value) {
        hash = (hash ^ (value & 0xff)) * 0x100000001b3;
    };
    const auto number = [&](std::uint64_t value) {
        for (int shift = 0; shift < 64; shift += 8) byte(value >> shift);
    };
    number(version);
    for (const field& f : fields) {
        for (const char c : f.name) byte(static_cast<unsigned char>(c));
        number(f.offset);
        number(f.size);
    }
    return hash;
}
// #endregion fingerprint
