// seize.hpp: how a process that runs comes to be traced.
#pragma once

#include <filesystem>
#include <set>
#include <stdexcept>

#include "20_why_sigbus/tracer.hpp"

// #region seize
/// Whether the thread has ended: there is nothing of it, or what is left (Z, X).
inline bool has_ended(pid_t thread) {
    std::ifstream status(proc(thread, "status"));
    for (std::string line; std::getline(status, line);)
        if (line.starts_with("State:")) return line.find_first_of("ZX") != line.npos;
    return true;
}

/// Traces a thread, and whatever it starts. Throws std::runtime_error if that is
/// refused.
inline void seize(pid_t thread) {
    // SEIZE, and not ATTACH: it stops nobody, and a stop can be told from a trap.
    if (::ptrace(PTRACE_SEIZE, thread, nullptr, follow) == 0 || errno == ESRCH) return;
    const int error = errno;
    const int other = number_in_status(thread, "TracerPid:");
    if (other == ::getpid()) return;  // it has just been started by one that we trace
    if (has_ended(thread)) return;
    if (other != 0)
        throw std::runtime_error("process " + std::to_string(other) +
                                 " traces it already");
    throw std::system_error(
        error, std::generic_category(),
        "ptrace is refused (to root as well?); what is left is step 04's "
        "--explain, and the kernel's log (dmesg)");
}

/// Traces all threads of `process`. Throws std::runtime_error if there is no such one.
inline void seize_all(pid_t process) {
    const std::string tasks = proc(process, "task");
    if (!std::filesystem::exists(tasks))
        throw std::runtime_error("there is no process " + std::to_string(process));
    std::set<std::string> seized;
    for (std::size_t before = 0; before == 0 || seized.size() != before;) {
        before = seized.size();  // one may be started while we go through the list
        for (const auto& task : std::filesystem::directory_iterator(tasks)) {
            const std::string thread = task.path().filename();
            if (seized.insert(thread).second) seize(std::stoi(thread));
        }
    }
}
// #endregion seize
