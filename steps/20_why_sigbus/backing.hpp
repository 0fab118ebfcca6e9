// backing.hpp: what is behind a mapping.
#pragma once

#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>

#include <filesystem>
#include <iomanip>
#include <string>

#include "20_why_sigbus/mapping.hpp"

// #region backing
/// What is behind a mapping at this moment.
struct backing {
    struct stat file = {};
    struct statfs system = {};
    bool replaced = false;  // another file has its name by now
};

/// Whether `file` is what `m` maps. Its device is a file system's, and in an overlay
/// another one than the file's: then the number has to do, of a file on a disk.
inline bool is_mapped_by(const mapping& m, const struct stat& file,
                         const struct statfs& system) {
    std::ostringstream device;
    device << std::hex << std::setfill('0') << std::setw(2)
           << gnu_dev_major(file.st_dev) << ':' << std::setw(2)
           << gnu_dev_minor(file.st_dev);
    return file.st_ino == m.inode &&
           (device.str() == m.device || system.f_type == OVERLAYFS_SUPER_MAGIC);
}

/// The file behind `m`, by whichever way it can be reached; nothing if by none. Who may
/// look into map_files (root, in the main) finds files that have no name any more, and
/// others those that the process still has open.
inline std::optional<backing> behind(pid_t process, const mapping& m) {
    std::ostringstream range;
    range << "map_files/" << std::hex << m.start << '-' << m.end;
    const std::string named = proc(process, "root") + m.path;
    backing found;
    const auto reached = [&](const std::string& path) {
        return ::stat(path.c_str(), &found.file) == 0 &&
               ::statfs(path.c_str(), &found.system) == 0 &&
               is_mapped_by(m, found.file, found.system);
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
