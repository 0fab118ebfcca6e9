// mapping.hpp: what the kernel says of a process and its mappings.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <fstream>
#include <optional>
#include <sstream>
#include <string>

// #region mapping
/// A line of /proc/PID/maps, proc(5).
struct mapping {
    std::string line;
    std::uintptr_t start = 0;
    std::uintptr_t end = 0;  // one past the last byte
    std::string permissions;
    std::uint64_t offset = 0;  // in the file, where the mapping starts
    std::string device;        // "08:01"
    ino_t inode = 0;           // 0: no file is behind it
    std::string path;          // that it had when it was mapped
};

inline std::string proc(pid_t process, const std::string& name) {
    return "/proc/" + std::to_string(process) + "/" + name;
}

/// The number behind `key` in /proc/PID/status: 0 if it is not there.
inline int number_in_status(pid_t process, const std::string& key) {
    std::ifstream status(proc(process, "status"));
    for (std::string line; std::getline(status, line);)
        if (line.starts_with(key)) return std::atoi(line.c_str() + key.size());
    return 0;
}

/// The mapping of `process` that holds `address`, or nothing.
inline std::optional<mapping> mapping_at(pid_t process, std::uintptr_t address) {
    std::ifstream maps(proc(process, "maps"));
    for (mapping m; std::getline(maps, m.line);) {
        std::istringstream fields(m.line);
        char dash = 0;
        fields >> std::hex >> m.start >> dash >> m.end >> m.permissions >> m.offset >>
            m.device >> std::dec >> m.inode >> std::ws;
        m.path.clear();
        std::getline(fields, m.path);
        const std::string deleted = " (deleted)";
        if (m.path.ends_with(deleted)) m.path.resize(m.path.size() - deleted.size());
        if (m.start <= address && address < m.end) return m;
    }
    return std::nullopt;
}
// #endregion mapping
