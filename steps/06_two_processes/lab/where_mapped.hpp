// where_mapped.hpp: what the kernel says about an address of this process.
#pragma once

#include <bit>
#include <cstdint>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>

/// The line of /proc/self/maps for the mapping that holds `address`, as proc(5)
/// describes it: first and last address, permissions, offset in the file, device,
/// inode, path. Throws std::runtime_error if nothing is mapped there.
inline std::string where_mapped(const void* address) {
    const auto wanted = std::bit_cast<std::uintptr_t>(address);
    std::ifstream maps("/proc/self/maps");
    for (std::string line; std::getline(maps, line);) {
        // TODO: a line begins with the first address and the one past the last, in
        // hexadecimal: 7f5e1c2d3000-7f5e1c2d4000. Return the line that holds `wanted`.
        static_cast<void>(wanted);
    }
    throw std::runtime_error("nothing is mapped at this address");
}
