// measure.hpp: how long eight bytes take there and back, between two processes.
#pragma once

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include <chrono>
#include <vector>

#include "09_how_fast/transport.hpp"
#include "common/program.hpp"
#include "common/signal_safe_text.hpp"

// #region round_trips
constexpr std::size_t batch = 20;  // reading the clock takes time too: once per batch

/// What `samples` batches took, in ns a round trip, after a tenth of them to warm up.
/// Every answer is verified. Throws std::runtime_error at the first wrong word.
template <transport T>
std::vector<double> ask(T& other, std::size_t samples) {
    using clock = std::chrono::steady_clock;
    std::vector<double> took;
    std::uint64_t n = 0;
    for (std::size_t i = 0; i < samples + samples / 10; ++i) {
        const auto start = clock::now();
        for (std::size_t j = 0; j < batch; ++j) {
            other.send(word(n++));
            verify(other.receive(), n++);  // the answer has a word of its own
        }
        const std::chrono::duration<double, std::nano> time = clock::now() - start;
        if (i >= samples / 10) took.push_back(time.count() / batch);
    }
    return took;
}

/// The other side of ask(): verifies every word and sends the next one.
template <transport T>
void answer(T& other, std::size_t samples) {
    for (std::uint64_t n = 0; n < 2 * batch * (samples + samples / 10);) {
        verify(other.receive(), n++);
        other.send(word(n++));
    }
}
// #endregion round_trips

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
std::vector<double> measure(T between, std::size_t samples) {
    struct sigaction action = {};
    action.sa_sigaction = end_if_child_failed;
    action.sa_flags = SA_SIGINFO | SA_RESTART;
    check(::sigaction(SIGCHLD, &action, nullptr), "sigaction", "SIGCHLD");

    const pid_t child = check(::fork(), "fork");
    if (child == 0) {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // it does not outlive us
        try {
            between.open(side::answering);
            answer(between, samples);
            ::_exit(0);
        } catch (const std::exception& error) {
            report("09_how_fast", error);
            ::_exit(1);
        }
    }
    between.open(side::asking);
    const std::vector<double> took = ask(between, samples);
    check(::waitpid(child, nullptr, 0), "waitpid");
    return took;
}
// #endregion measure
