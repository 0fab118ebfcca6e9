// versions.hpp: files of this version, of the one before it, and of none.
#pragma once

#include <unistd.h>

#include <bit>
#include <cstddef>
#include <stdexcept>
#include <string>

#include "05_primed_file/primed_file.hpp"
#include "10_persistence/saved_foo.hpp"

// #region look
/// What was found in a file: version 0 is the eight raw bytes of step 05, which have no
/// generation.
struct found {
    foo value;
    std::uint32_t version;
    std::uint64_t generation;
};

/// What the file holds, of which nothing was believed before. Throws std::runtime_error
/// that says what it is, if it is no foo of version 0 or 1; std::system_error.
inline found look(const trusted_file& file, const std::string& path) {
    const auto refuse = [&](const std::string& why) {
        throw std::runtime_error(in_quotes(path) + why);
    };
    saved_foo f{};
    const ssize_t size = check(::pread(file.fd.get(), &f, sizeof f, 0), "read", path);
    const bool ours = f.magic == saved_magic;
    if (!ours && file.size == off_t{sizeof(foo)} && size == ssize_t{sizeof(foo)}) {
        return {std::bit_cast<foo>(f.magic), 0, 0};
    }
    if (!ours) refuse(" is no saved foo");
    if (size < ssize_t{offsetof(saved_foo, slots)}) refuse(" was cut off");
    if (f.version != 1) {
        refuse(" is of version " + std::to_string(f.version) +
               ": this program knows 0 and 1");
    }
    if (f.size != sizeof f || file.size != off_t{sizeof f}) {
        refuse(" has " + std::to_string(file.size) + " bytes and says " +
               std::to_string(f.size) + ", not the " + std::to_string(sizeof f) +
               " of version 1");
    }
    const std::optional<std::size_t> i = newest(f);
    if (!i) refuse(" has two damaged slots");
    return {f.slots[*i].value, f.version, f.slots[*i].generation};
}

/// What the file at `path` holds. Throws as open_trusted() and the look above do.
inline found look(const std::string& path) {
    return look(open_trusted(path), path);
}
// #endregion look
