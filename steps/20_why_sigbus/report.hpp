// report.hpp: what was seen of a bus error, for a person.
#pragma once

#include <cctype>

#include "20_why_sigbus/cause.hpp"

// #region report
/// A process may give itself any name.
inline std::string printable(std::string name) {
    for (char& c : name)
        if (std::iscntrl(static_cast<unsigned char>(c))) c = '?';
    return name;
}

inline std::string count_of(std::uint64_t n, std::uint64_t all) {
    return std::to_string(n) + " of " + std::to_string(all);
}

/// The lines on the file behind the mapping.
inline std::string about_file(const fault& f) {
    if (f.where->inode == 0) return "  file:       none, this memory has no file\n";
    std::string lines =
        "  offset:     " + std::to_string(f.offset()) + " in the file\n";
    if (!f.what) return lines + "  file now:   out of reach for this user\n";
    const auto& [file, system, replaced] = *f.what;
    lines += "  file now:   " + std::to_string(file.st_size) + " bytes";
    if (file.st_nlink == 0) lines += ", without a name";
    if (replaced) lines += ", and another file has its name";
    lines += "\n  free:       " + count_of(system.f_bavail, system.f_blocks) +
             " blocks, " + count_of(system.f_ffree, system.f_files) + " inodes\n";
    if (system.f_type == TMPFS_MAGIC && system.f_bavail == 0) {
        const auto bytes = system.f_blocks * static_cast<std::uint64_t>(system.f_bsize);
        lines += "  this tmpfs: " + std::to_string(bytes) + " bytes in all\n";
    }
    return lines;
}

/// What is printed when `process` (`name`: of its program) has died.
inline std::string report_on(pid_t process, const std::string& name, const fault& f) {
    const cause why = cause_of(f);
    std::ostringstream lines;
    lines << "20_why_sigbus: process " << process << " (" << printable(name)
          << ") died of SIGBUS\n";
    if (!f.was_sent()) {
        lines << "  address:    0x" << std::hex << f.address << std::dec << ", si_code "
              << f.code
              << "\n  mapping:    " << (f.where ? f.where->line : "none is there")
              << "\n";
        if (f.where) lines << about_file(f);
    }
    lines << "  cause:      " << why.name << "\n  what to do: " << why.what_to_do
          << "\n";
    return lines.str();
}
// #endregion report
