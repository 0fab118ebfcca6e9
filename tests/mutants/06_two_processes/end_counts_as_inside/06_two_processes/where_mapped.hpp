// where_mapped.hpp: what the kernel says about an address of this process.
#pragma once

#include <bit>
#include <cstdint>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>

// #region where_mapped
/// The line of /proc/self/maps for the mapping that holds `address`, as proc(5)
/// describes it: first and last address, permissions, offset in the file, device,
/// inode, path. Throws std::runtime_error if nothing is mapped there.
inline std::string where_mapped(const void* address) {
    const auto wanted = std::bit_cast<std::uintptr_t>(address);
    std::ifstream maps("/proc/self/maps");
    for (std::string line; std::getline(maps, line);) {
        std::istringstream fields(line);
        std::uintptr_t first = 0;
        std::uintptr_t end = 0;  // one past the last byte of the mapping
        char dash = 0;
        fields >> std::hex >> first >> dash >> end;
        if (fields && first <= wanted && wanted <= end) return line;
    }
    throw std::runtime_error("nothing is mapped at this address");
}
// #endregion where_mapped
