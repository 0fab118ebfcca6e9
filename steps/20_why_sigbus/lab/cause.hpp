// cause.hpp: the cause of a bus error, out of what was seen at its moment.
#pragma once

#include <linux/magic.h>
#include <signal.h>
#include <unistd.h>

#include "20_why_sigbus/backing.hpp"

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

struct cause {
    std::string name;
    std::string what_to_do;
};

/// The cause, if what was seen tells it: the rows of step 04's table.
inline cause cause_of(const fault& f) {
    const cause unknown{"not known from here",
                        "look into dmesg: a disk or a network "
                        "share that cannot be read?"};
    // TODO: the code alone tells "process N sent the signal", "a misaligned access"
    // (BUS_ADRALN) and "the memory itself is faulty" (BUS_MCEERR_AR, BUS_MCEERR_AO).
    // TODO: with BUS_ADRERR, a mapping and a regular file behind it: if the file ends
    // before the page that was touched, "the program, or a library, was cut while it
    // ran" where the mapping may be executed, or else "the file ends before the page
    // that was touched: it is too short, or was cut".
    // TODO: otherwise, for a hugetlbfs "no huge page is free"; for a full tmpfs "there
    // is no room in this tmpfs", and for another full file system, if the mapping may
    // be written, "there is no room on this disk for a part that has no blocks yet".
    // Full is: of 100 of its f_blocks (0: no limit) at most one is left, f_bavail.
    // TODO: otherwise, where it may be executed, "the program, or a library, was
    // overwritten while it ran".
    static_cast<void>(f);
    return unknown;
}
