// cause.hpp: the cause of a bus error, out of what was seen at its moment.
#pragma once

#include <linux/magic.h>
#include <signal.h>
#include <unistd.h>

#include "20_why_sigbus/backing.hpp"

// #region fault
/// What was seen when a process got its SIGBUS.
struct fault {
    int code = 0;                // si_code, sigaction(2)
    std::uintptr_t address = 0;  // si_addr
    pid_t sender = 0;            // of a signal that was sent
    std::optional<mapping> where;
    std::optional<backing> what;

    bool was_sent() const { return code <= 0; }
    /// The byte of the file that was touched.
    std::uint64_t offset() const { return address - where->start + where->offset; }
};
// #endregion fault

// #region cause
struct cause {
    std::string name;
    std::string what_to_do;
};

/// The cause, if what was seen tells it: the rows of step 04's table.
inline cause cause_of(const fault& f) {
    if (f.was_sent())
        return {"process " + std::to_string(f.sender) + " sent the signal",
                "ask its owner: no memory is at fault"};
    if (f.code == BUS_ADRALN)
        return {"a misaligned access", "memcpy instead of a cast"};
    if (f.code == BUS_MCEERR_AR || f.code == BUS_MCEERR_AO)
        return {"the memory itself is faulty", "look into dmesg; replace the memory"};
    const cause unknown{"not known from here",
                        "look into dmesg: a disk or a network "
                        "share that cannot be read?"};
    if (f.code != BUS_ADRERR || !f.where || !f.what) return unknown;
    if (!S_ISREG(f.what->file.st_mode)) return unknown;  // a device has no size

    const auto page = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
    const std::uint64_t start_of_page = f.offset() / page * page;
    const bool has_code = f.where->permissions.find('x') != std::string::npos;
    // What a file system keeps for itself is free, and not available; and the last
    // blocks of a disk come and go.
    const auto& system = f.what->system;
    const bool is_full =
        system.f_blocks != 0 && system.f_bavail * 100 <= system.f_blocks;
    if (start_of_page >= static_cast<std::uint64_t>(f.what->file.st_size)) {
        if (has_code)
            return {"the program, or a library, was cut while it ran",
                    "replace files by renaming: install, or mv"};
        return {
            "the file ends before the page that was touched: it is too short, or "
            "was cut",
            "size it before it is mapped (step 05); and nobody cuts what is mapped"};
    }
    if (static_cast<unsigned>(f.what->system.f_type) == HUGETLBFS_MAGIC)
        return {"no huge page is free", "reserve more: /proc/sys/vm/nr_hugepages"};
    if (is_full && f.what->system.f_type == TMPFS_MAGIC)
        return {"there is no room in this tmpfs",
                "make it larger (in a container --shm-size), or reserve with "
                "posix_fallocate and see the error (step 19)"};
    const bool may_store = f.where->permissions.find("w") != std::string::npos;
    if (is_full && may_store)
        return {"there is no room on this disk for a part that has no blocks yet",
                "reserve with posix_fallocate (step 07)"};
    if (has_code)
        return {"the program, or a library, was overwritten while it ran",
                "replace files by renaming: install, or mv"};
    return unknown;
}
// #endregion cause
