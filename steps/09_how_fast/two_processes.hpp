// two_processes.hpp: a measurement between two processes that part here.
#pragma once

#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "09_how_fast/measure.hpp"
#include "common/program.hpp"
#include "common/signal_safe_text.hpp"

// #region run_on
/// Keeps this process on the CPU `number` of those that it may use, 0 or 1: two sides
/// that spin on one CPU would seldom meet (sched_setaffinity(2)). Throws
/// std::runtime_error if there is no such CPU.
inline void run_on(int number, const cpu_set_t& usable) {
    for (std::size_t cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
        if (!CPU_ISSET(cpu, &usable) || number-- > 0) continue;
        cpu_set_t one;
        CPU_ZERO(&one);
        CPU_SET(cpu, &one);
        check(::sched_setaffinity(0, sizeof one, &one), "sched_setaffinity");
        return;
    }
    throw std::runtime_error("two sides that never sleep need two CPUs");
}
// #endregion run_on

// #region measure
/// A side that waits for the other one would wait for ever once that has died.
inline void end_if_child_failed(int, siginfo_t* child, void*) {
    if (child->si_code == CLD_EXITED && child->si_status == 0) return;
    if (child->si_code != CLD_EXITED) {
        signal_safe_text text;
        text.add("09_how_fast: the other process died of signal ");
        text.add_number(child->si_status).add("\n").write_to(STDERR_FILENO);
    }
    ::_exit(1);
}

/// Parts in two, asks from here and answers from there. Returns what ask() does, and
/// throws as it does; if the other process fails, this one ends with status 1.
template <transport T>
std::vector<double> measure(T between, std::size_t samples,
                            std::chrono::seconds limit = std::chrono::seconds{1}) {
    struct sigaction action = {}, before = {};
    action.sa_sigaction = end_if_child_failed;
    action.sa_flags = SA_SIGINFO | SA_RESTART;
    check(::sigaction(SIGCHLD, &action, &before), "sigaction", "SIGCHLD");

    cpu_set_t usable;
    check(::sched_getaffinity(0, sizeof usable, &usable), "sched_getaffinity");
    const pid_t child = check(::fork(), "fork");
    if (child == 0) {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // it does not outlive us
        try {
            run_on(1, usable);
            between.open(side::answering);
            answer(between);
            ::_exit(0);
        } catch (const std::exception& error) {
            report("09_how_fast", error);
            ::_exit(1);
        }
    }
    run_on(0, usable);
    between.open(side::asking);
    const std::vector<double> took = ask(between, samples, limit);
    check(::waitpid(child, nullptr, 0), "waitpid");
    check(::sigaction(SIGCHLD, &before, nullptr), "sigaction", "SIGCHLD");
    check(::sched_setaffinity(0, sizeof usable, &usable), "sched_setaffinity");
    return took;
}
// #endregion measure
