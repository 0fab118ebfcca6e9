// mapping.hpp: what the kernel says of a mapping, and of what is behind it.
#pragma once

#include <sys/stat.h>
#include <sys/vfs.h>

#include <cstdint>
#include <filesystem>
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
    ino_t inode = 0;           // 0: no file is behind it
    std::string path;          // that it had when it was mapped
};

inline std::string proc(pid_t process, const std::string& name) {
    return "/proc/" + std::to_string(process) + "/" + name;
}

/// The number behind `key` in /proc/PID/status: 0 if it is not there.
inline int number_in_status(pid_t process, const std::string& key) {
    std::ifstream status(proc(process, "status"));
    for (std::string word; status >> word;) {
        int number = 0;
        if (word == key && status >> number) return number;
    }
    return 0;
}

/// The mapping of `process` that holds `address`, or nothing.
inline std::optional<mapping> mapping_at(pid_t process, std::uintptr_t address) {
    std::ifstream maps(proc(process, "maps"));
    for (mapping m; std::getline(maps, m.line);) {
        std::istringstream fields(m.line);
        char dash = 0;
        std::string device;
        fields >> std::hex >> m.start >> dash >> m.end >> m.permissions >> m.offset >>
            device >> std::dec >> m.inode >> std::ws;
        m.path.clear();
        std::getline(fields, m.path);
        const std::string deleted = " (deleted)";
        if (m.path.ends_with(deleted)) m.path.resize(m.path.size() - deleted.size());
        if (m.start <= address && address < m.end) return m;
    }
    return std::nullopt;
}
// #endregion mapping

// #region backing
/// What is behind a mapping at this moment.
struct backing {
    struct stat file = {};
    struct statfs system = {};
    bool replaced = false;  // another file has its name by now
};

/// The file behind `m`, by whichever way it can be reached; nothing if by none. Who may
/// look into map_files (root, in the main) finds files that have no name any more, and
/// others those that the process still has open.
inline std::optional<backing> behind(pid_t process, const mapping& m) {
    std::ostringstream range;
    range << "map_files/" << std::hex << m.start << '-' << m.end;
    const std::string named = proc(process, "root") + m.path;
    backing found;
    const auto reached = [&](const std::string& path) {
        return ::stat(path.c_str(), &found.file) == 0 && found.file.st_ino == m.inode &&
               ::statfs(path.c_str(), &found.system) == 0;
    };
    bool is_there = reached(proc(process, range.str())) || reached(named);
    std::error_code none;
    const std::filesystem::directory_iterator fds(proc(process, "fd"), none);
    for (auto fd = begin(fds); !is_there && fd != end(fds); fd.increment(none))
        is_there = reached(fd->path());
    struct stat now = {};
    found.replaced = ::stat(named.c_str(), &now) == 0 && now.st_ino != m.inode;
    return is_there && m.inode != 0 ? std::optional(found) : std::nullopt;
}
// #endregion backing
