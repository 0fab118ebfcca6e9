// start.hpp: a command that is traced from its first instruction on, to its end.
#pragma once

#include <fcntl.h>
#include <sys/resource.h>

#include <csignal>
#include <vector>

#include "20_why_sigbus/seize.hpp"
#include "common/program.hpp"
#include "common/unique_fd.hpp"

// #region start
/// Starts the command `words`, traced from its first instruction on. It has our streams
/// and our terminal; `size_signal` is what SIGXFSZ did when we were started. Throws as
/// seize() does.
inline pid_t start_traced(const std::vector<char*>& words, sighandler_t size_signal) {
    int ends[2];
    check(::pipe2(ends, O_CLOEXEC), "pipe2");
    const unique_fd wait_here(ends[0]);
    unique_fd go(ends[1]);
    const pid_t process = check(::fork(), "fork");
    if (process == 0) {
        go = unique_fd{};
        char traced = 0;
        if (::read(wait_here.get(), &traced, 1) != 1) ::_exit(1);
        ::signal(SIGXFSZ, size_signal);
        ::execvp(words[0], words.data());
        const std::system_error error(errno, std::generic_category(),
                                      "exec " + in_quotes(words[0]));
        report("20_why_sigbus", error);
        ::_exit(error.code().value() == ENOENT ? 127 : 126);  // as a shell's
    }
    seize(process);
    check(::write(go.get(), "", 1), "write");
    return process;
}
// #endregion start

// #region end_as
/// Passes on to the command what is sent to us alone. What the terminal sends, Ctrl-C,
/// the command gets as well; Ctrl-Z stops it, and then it is our turn.
inline void leave_signals_to(pid_t process) {
    static pid_t command;
    command = process;
    struct sigaction action = {};
    action.sa_flags = SA_SIGINFO | SA_RESTART;
    action.sa_sigaction = [](int number, siginfo_t* info, void*) {
        const int before = errno;  // signal-safety(7)
        if (info->si_code <= 0) ::kill(command, number);
        errno = before;
    };
    for (const int number : {SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2})
        check(::sigaction(number, &action, nullptr), "sigaction");
    for (const int number : {SIGTSTP, SIGTTIN, SIGTTOU}) ::signal(number, SIG_IGN);
}

/// Ends as the process did whose wait status this is.
[[noreturn]] inline void end_as(int status) {
    if (WIFSIGNALED(status)) {
        const rlimit none{0, 0};  // its core file is the one of interest
        ::setrlimit(RLIMIT_CORE, &none);
        sigset_t one;
        ::sigemptyset(&one);
        ::sigaddset(&one, WTERMSIG(status));
        ::signal(WTERMSIG(status), SIG_DFL);
        ::sigprocmask(SIG_UNBLOCK, &one, nullptr);
        ::raise(WTERMSIG(status));
    }
    std::exit(WEXITSTATUS(status));
}
// #endregion end_as
