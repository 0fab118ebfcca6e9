// worker.hpp: one transport, one measurement: two processes, samples, CPU time.
#pragma once

#include "24_choosing/harness/processes.hpp"
#include "24_choosing/harness/task.hpp"

// #region run_sides
/// Runs `asking` and `answering` on a transport T, each in its own process: opened,
/// then stopped until both are ready, then measured. Throws as processes do.
template <class T, class Asking, class Answering>
void run_sides(const task& t, Asking asking, Answering answering) {
    const awaited_signals signals;  // nothing ends us between making and removing
    T made(t.where);
    processes both(signals);
    const auto start = [&](side s, const std::string& name, auto work) {
        both.start(name, [&, s, work] {
            pin(t.cpus[static_cast<std::size_t>(s)]);
            made.open(s);
            ::raise(SIGSTOP);
            work(made);
            if constexpr (requires { made.close(); }) made.close();
        });
    };
    start(side::asking, "the asking side", asking);
    if constexpr (!requires { T::one_process; })
        start(side::answering, "the answering side", answering);
    both.wait_for_all(false, t.limit);
    if (t.stop) ::raise(SIGSTOP);
    both.go_on();
    both.wait_for_all(true, t.limit);
}
// #endregion run_sides
