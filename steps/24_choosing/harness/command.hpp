// command.hpp: what every worker's main does: look up, measure, print.
#pragma once

#include <functional>
#include <span>

#include "24_choosing/harness/settings.hpp"

using measurement = std::function<void(const task&, finding&)>;
using measurement_table = std::map<std::string, measurement>;

/// Every sample in ns per batch, or else one line for people.
inline void print(const std::string& transport, const task& t, finding& found) {
    const std::span samples(found.sample.data(), found.samples);
    if (t.print_samples) {
        const auto& [asking, answering] = found.used;
        std::cout << "cpu " << asking.cpu_time + answering.cpu_time << "\nwaited "
                  << asking.waited + answering.waited << "\nverified "
                  << (found.verified ? "yes" : "no") << "\nsamples";
        for (const std::int64_t sample : samples) std::cout << ' ' << sample;
        std::cout << '\n';
        return;
    }
    const auto middle = samples.begin() + samples.size() / 2;
    std::nth_element(samples.begin(), middle, samples.end());
    std::cout << transport << ": " << samples.size() * t.amount.batch << " times "
              << found.bytes << " bytes, " << (found.verified ? "every" : "no")
              << " byte verified; median "
              << static_cast<double>(*middle) / static_cast<double>(t.amount.batch)
              << " ns\n";
}

/// The main of a worker that knows the transports of `table`.
inline int run_worker(const std::string& name, int argc, char** argv,
                      const measurement_table& table) {
    return run_program(name, worker_usage, argc, argv, [&](const arguments& words) {
        if (words.empty()) throw usage_error{};
        const auto found = table.find(words[0]);
        if (found == table.end()) {
            std::string why = "no transport " + in_quotes(words[0]) + "; there are";
            for (const auto& [transport, measure] : table) why += " " + transport;
            throw usage_error{why};
        }
        const task t = parse_task(words);
        const shared_memory<finding> result;  // of the process that measures
        found->second(t, *result);
        print(words[0], t, *result);
    });
}
