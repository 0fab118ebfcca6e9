// tracer.hpp: watching processes, and never standing in their way.
#pragma once

#include <sys/ptrace.h>
#include <sys/wait.h>

#include <cerrno>
#include <iostream>
#include <map>

#include "20_why_sigbus/report.hpp"
#include "common/error.hpp"

// #region follow
/// What a traced process passes on to its threads and children, ptrace(2).
inline constexpr long follow =
    PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC;

/// Lets a stopped thread go on, with the signal that it was about to get. It may have
/// died meanwhile: ESRCH.
inline void go_on(pid_t thread, __ptrace_request how, long signal) {
    if (::ptrace(how, thread, nullptr, signal) == -1 && errno != ESRCH)
        fail(errno, "ptrace");
}
// #endregion follow

// #region tracer
class tracer {
public:
    /// Watches until `process` has ended, and returns its wait status.
    int watch(pid_t process) {
        for (;;) {
            int status = 0;
            const pid_t thread = ::waitpid(-1, &status, __WALL);
            if (thread == -1 && errno == EINTR) continue;
            check(thread, "waitpid");
            if (WIFSTOPPED(status)) {
                stopped(thread, status, thread == process);
                continue;
            }
            if (const auto found = seen_.extract(thread);
                found && WIFSIGNALED(status) && WTERMSIG(status) == SIGBUS)
                std::cerr << found.mapped() << std::flush;
            if (thread == process) return status;
        }
    }

private:
    void stopped(pid_t thread, int status, bool is_first) {
        const int signal = WSTOPSIG(status);
        const int event = status >> 16;
        const bool may_stop = signal == SIGSTOP || signal == SIGTSTP ||
                              signal == SIGTTIN || signal == SIGTTOU;
        if (event == PTRACE_EVENT_STOP && may_stop) {
            // Stopped as it would be without us: and so it stays, until SIGCONT.
            go_on(thread, PTRACE_LISTEN, 0);
            if (is_first && by_terminal_) ::raise(SIGSTOP);  // the shell waits for us
            return;
        }
        siginfo_t info = {};
        if (event == 0) ::ptrace(PTRACE_GETSIGINFO, thread, nullptr, &info);
        // A handler of Ctrl-Z stops its own process, in the end, by kill(2).
        if (event == 0 && may_stop)
            by_terminal_ = info.si_code > 0 || info.si_pid == process_of(thread);
        if (event == 0 && signal == SIGBUS) look_at(thread, info);
        if (event == PTRACE_EVENT_EXEC) warn_of_set_id(thread);
        go_on(thread, PTRACE_CONT, event == 0 ? signal : 0);
    }

    /// Remembers what can be seen now, in case the process dies of this.
    void look_at(pid_t thread, const siginfo_t& info) {
        const pid_t process = process_of(thread);
        fault f{info.si_code, 0, 0, {}, {}};
        if (f.was_sent()) {
            // A handler that has looked at a fault sends the signal again: no news.
            if (info.si_pid == process && seen_.contains(process)) return;
            f.sender = info.si_pid;
        } else {
            f.address = std::bit_cast<std::uintptr_t>(info.si_addr);
            f.where = mapping_at(process, f.address);
            if (f.where) f.what = behind(process, *f.where);
        }
        std::string name;
        std::getline(std::ifstream(proc(process, "comm")), name);
        seen_[process] = report_on(process, name, f);
    }

    static pid_t process_of(pid_t thread) { return number_in_status(thread, "Tgid:"); }

    static void warn_of_set_id(pid_t process) {
        struct stat program = {};
        if (::geteuid() == 0 || ::stat(proc(process, "exe").c_str(), &program) == -1 ||
            (program.st_mode & (S_ISUID | S_ISGID)) == 0)
            return;
        std::cerr << "20_why_sigbus: process " << process
                  << " runs without its set-user-ID, since it is traced" << std::endl;
    }

    bool by_terminal_ = false;           // Ctrl-Z, and not kill -STOP
    std::map<pid_t, std::string> seen_;  // by process: the report, should it die
};
// #endregion tracer
