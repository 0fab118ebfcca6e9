// anchor.hpp: the anchor, at once, whenever it is asked for.
#pragma once

#include <algorithm>
#include <iostream>

#include "24_choosing/harness/settings.hpp"
#include "24_choosing/harness/thread_on.hpp"
#include "24_choosing/transports/threads.hpp"

/// One run of the anchor: ns for a round trip between two threads, the median.
inline double anchor(const task& t, unsigned line) {
    over_threads to(place{"", line});
    over_threads from = to;
    to.open(side::asking);
    from.open(side::answering);
    std::jthread answering = thread_on(t.cpus[1], [&] { answer(from, t.amount); });
    std::vector<std::int64_t> samples = ask(to, t.amount).samples;
    answering.join();
    const auto middle =
        samples.begin() + static_cast<std::ptrdiff_t>(samples.size() / 2);
    std::ranges::nth_element(samples, middle);
    return static_cast<double>(*middle) / static_cast<double>(t.amount.batch);
}

/// Reads the number of a cache line, runs the anchor on it, prints the result; until
/// the input ends. So that whoever measures can have it without starting a process.
inline int run_anchor(const std::string& name, int argc, char** argv) {
    return run_program(name, worker_usage, argc, argv, [](const arguments& words) {
        const task t = parse_task(words);
        pin(t.cpus[0]);
        for (unsigned line = 0; std::cin >> line;)
            std::cout << anchor(t, line % lines_in_a_page) << std::endl;
        if (!std::cin.eof()) throw std::runtime_error("the input is no line's number");
    });
}
