// thread_on.hpp: a thread that is where it should be before anybody waits for it.
#pragma once

#include <future>
#include <thread>

#include "24_choosing/harness/task.hpp"

/// Runs `work` on a thread on `cpu`, which is there when this returns. A thread begins
/// on the CPU of its maker; if that one spins, it gets its turn only after a while.
/// Throws std::system_error if there is no such CPU.
template <class Work>
std::jthread thread_on(int cpu, Work work) {
    std::promise<void> promise;
    std::future<void> arrived = promise.get_future();
    std::jthread started(
        [cpu, work](std::promise<void> here) {
            try {
                pin(cpu);
            } catch (const std::system_error&) {
                return here.set_exception(std::current_exception());
            }
            here.set_value();
            work();
        },
        std::move(promise));
    arrived.get();
    return started;
}
