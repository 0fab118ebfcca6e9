// write_all.hpp: all the bytes, or an error.
#pragma once

#include <unistd.h>

#include <cstddef>
#include <span>
#include <stdexcept>
#include <string>

#include "common/error.hpp"

// #region write_all
/// Writes `bytes` to the start of the new file `file`. Throws std::system_error, and
/// std::runtime_error if not all of them fit. `name` is for messages.
inline void write_all(int file, std::span<const std::byte> bytes,
                      const std::string& name) {
    const ssize_t written =
        check(::write(file, bytes.data(), bytes.size()), "write", name);
    if (static_cast<std::size_t>(written) != bytes.size()) {
        throw std::runtime_error("write " + in_quotes(name) + ": only " +
                                 std::to_string(written) + " bytes were written");
    }
}
// #endregion write_all
