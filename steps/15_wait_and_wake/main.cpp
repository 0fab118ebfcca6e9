// 15_wait_and_wake: sleeping until something changes.
//
// Run:     build/steps/05_primed_file /tmp/suchfoo 0 0
//          build/steps/15_wait_and_wake /tmp/suchfoo wait &
//          build/steps/15_wait_and_wake /tmp/suchfoo post 1
// Expect:  the first one sleeps for 2 seconds at most, without using any time, and says
//          what has changed as soon as it has. 100000 posts for nobody make no call of
//          the kernel.
// Next:    16_ring_buffer: a stream of messages.
#include <iostream>

#include "05_primed_file/primed_file.hpp"
#include "15_wait_and_wake/spin_then_sleep.hpp"
#include "common/program.hpp"

namespace {

constexpr std::chrono::milliseconds limit{2000};

void wait(foo& word, int spins) {
    const int old = std::atomic_ref(word.bar).load();
    if (!spin_then_sleep(word, old, within(limit), spins))
        throw std::runtime_error("nothing has changed in 2000 ms");
    std::cout << "changed from " << old << " to " << std::atomic_ref(word.bar).load()
              << std::endl;
}

void post_all(foo& word, int posts) {
    int calls = 0;
    for (int i = 0; i < posts; ++i) calls += post(word);
    std::cout << "posts: " << posts << ", calls of the kernel: " << calls << std::endl;
}

void wait_or_wake(const arguments& args) {
    const bool waits = args.size() == 2 && args[1] == "wait";
    const bool spins = args.size() == 3 && args[1] == "spin";
    const bool posts = args.size() == 3 && args[1] == "post";
    if (!waits && !spins && !posts) throw usage_error{};
    const int number = waits ? 0 : int_argument(args[2]);
    if (number < 0) throw usage_error{"TIMES is 0 or more"};

    const mapped<foo> word = map_primed<foo>(args[0], "a foo");
    posts ? post_all(*word, number) : wait(*word, number);
}

}  // namespace

int main(int argc, char** argv) {
    const char* const usage = "PATH wait\nPATH spin TIMES\nPATH post TIMES";
    return run_program("15_wait_and_wake", usage, argc, argv, wait_or_wake);
}
