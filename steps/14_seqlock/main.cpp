// 14_seqlock: readers that never lock, and never write.
//
// Run:     build/steps/14_seqlock /tmp/suchfoo write 10000
//          build/steps/14_seqlock /tmp/suchfoo read 1000000    at the same time
// Expect:  0 torn weeks. After die-midway readers find nothing, until somebody writes.
// Next:    15_wait_and_wake: sleeping until something changes.
#include <csignal>
#include <iostream>
#include <thread>

#include "14_seqlock/published_week.hpp"
#include "common/program.hpp"

namespace {

constexpr std::chrono::milliseconds limit{1000};

week all(int n) {
    week w;
    w.fill({n, -n});
    return w;
}

bool is_torn(const week& w) {
    for (const foo& f : w)
        if (f.bar != w[0].bar || f.baz != w[0].baz) return true;
    return false;
}

/// Writes the weeks 1 to `times`; or dies in the middle of one.
void write(published_week& w, int times, bool die_midway) {
    const owner lock(w, within(limit));
    if (lock.inherited().value_or(false))
        std::cout << "the writer before died in a write" << std::endl;
    for (int n = 1; n <= times; ++n) {
        w.days.write(all(n));
        // A reader needs a moment in which nobody writes.
        std::this_thread::sleep_for(std::chrono::microseconds{1});
    }
    if (die_midway) {
        w.days.begin();
        std::raise(SIGKILL);
    }
}

/// Reads `times` weeks, and says how many were torn, and what the last was.
void read(const published_week& w, int times) {
    int torn = 0;
    std::optional<week> last;
    for (int n = 0; n < times; ++n) {
        const auto end = std::chrono::steady_clock::now() + limit;
        do {
            last = w.days.read(1000);
        } while (!last && std::chrono::steady_clock::now() < end);
        if (!last) {
            throw std::runtime_error(
                "no whole week in 1000 ms: its writer died, or was "
                "stopped");
        }
        torn += is_torn(*last);
    }
    std::cout << torn << " torn; seven times Foo(" << last->front().bar << ", "
              << last->front().baz << ")" << std::endl;
}

void publish(const arguments& args) {
    const bool dies = args.size() == 2 && args[1] == "die-midway";
    const bool writes = args.size() == 3 && args[1] == "write";
    const bool reads = args.size() == 3 && args[1] == "read";
    if (!dies && !writes && !reads) throw usage_error{};
    const int times = dies ? 0 : int_argument(args[2]);
    if (!dies && times < 1) throw usage_error{"TIMES is 1 or more"};

    const std::string& path = args[0];
    if (reads) {
        const auto w = map_read_only<published_week>(path, "week");
        if (w->magic != week_magic)
            throw std::runtime_error(in_quotes(path) + " is no week");
        return read(*w, times);
    }
    if (!std::filesystem::exists(std::filesystem::symlink_status(path)))
        create_week(path);
    write(*open_with<published_week>(path, week_magic, "week"), times, dies);
}

}  // namespace

int main(int argc, char** argv) {
    const char* const usage = "PATH write TIMES\nPATH read TIMES\nPATH die-midway";
    return run_program("14_seqlock", usage, argc, argv, publish);
}
