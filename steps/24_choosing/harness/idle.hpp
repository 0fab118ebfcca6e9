// idle.hpp: what it costs to wait for a message that does not come.
#pragma once

#include <thread>

#include "24_choosing/harness/worker.hpp"

/// The CPU time, in ns, that the answering side uses while nothing comes for as many
/// milliseconds as the task's length says. Then the word comes.
template <placed_transport T>
void idle(const task& t, finding& found) {
    run_sides<T>(
        t,
        [&](T& to) {
            std::this_thread::sleep_for(std::chrono::milliseconds(t.length));
            to.send(word(0));
        },
        [&](T& from) {
            const resources before = used_so_far();
            verify(from.receive(), 0);
            found.used[1] = used_so_far() - before;
            keep(found, {{found.used[1].cpu_time}, {}});
        });
}
