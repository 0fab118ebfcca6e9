// write_all.hpp: all the bytes, or an error.
#pragma once

#include <unistd.h>

#include <cstddef>
#include <span>
#include <stdexcept>
#include <string>

#include "common/error.hpp"

/// Writes `bytes` to the start of the new file `file`. Throws std::system_error, and
/// std::runtime_error if not all of them fit. `name` is for messages.
inline void write_all(int file, std::span<const std::byte> bytes,
                      const std::string& name) {
    // TODO: write(2), once; that not all of them were written is an error.
    static_cast<void>(file);
    static_cast<void>(bytes);
    throw std::logic_error("TODO: write " + name);
}
