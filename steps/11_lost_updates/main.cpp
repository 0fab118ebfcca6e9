// 11_lost_updates: two writers, and what gets lost between a read and a write.
//
// Run:     build/steps/05_primed_file /tmp/suchfoo 0 0
//          build/steps/11_lost_updates /tmp/suchfoo       in two terminals
// Expect:  n = f.bar in both, then f.bar = n + 1 in both: bar is 1, and not 2.
//          --schedules 2 shows every sum that two adders of 2 can end with.
// Next:    12_atomics: one indivisible change.
#include <iostream>

#include "05_primed_file/primed_file.hpp"
#include "06_two_processes/where_mapped.hpp"
#include "11_lost_updates/plain.hpp"
#include "11_lost_updates/schedule.hpp"
#include "common/program.hpp"
#include "common/session.hpp"

namespace {

const char* const name = "11_lost_updates";

/// Prints what can come of two adders of `adds` each; of many, the worst.
void show_schedules(int adds) {
    if (adds < 1 || adds > 1'000'000) throw usage_error{"ADDS is 1 to 1000000"};
    if (adds > 5) {
        Foo f(0, 0);
        std::cout << "at worst the sum is " << play(f, worst(adds)) << std::endl;
        return;
    }
    for (const auto& [sum, schedules] : outcomes(adds)) {
        std::cout << "sum " << sum << " in " << schedules << " schedules" << std::endl;
    }
}

/// A session with a variable, n, and with what no program should do.
void talk(Foo f) {
    adder a;
    const auto with_n = [&](std::string_view command) {
        if (command == "n = f.bar") {
            a.read(f);
        } else if (command == "f.bar = n + 1") {
            a.write(f);
        } else if (command == "n") {
            std::cout << a.seen << std::endl;
        } else if (const auto times = number_after("add ", command)) {
            add_plainly(f, *times);
        } else if (const auto value = number_after("tell ", command)) {
            tell_plainly(f, *value);
        } else if (command == "wait") {
            std::cout << wait_plainly(f) << std::endl;
        } else {
            return false;
        }
        return true;
    };
    run_session(name, f, where_mapped,
                {"n = f.bar, n, f.bar = n + 1, add N, tell N, wait, ", with_n});
}

void lose_updates(const arguments& args) {
    if (args.size() == 2 && args[0] == "--schedules") {
        show_schedules(int_argument(args[1]));
    } else if (args.size() == 1 && args[0] != "--schedules") {
        talk(foo_from_primed_file(args[0]));
    } else {
        throw usage_error{};
    }
}

}  // namespace

int main(int argc, char** argv) {
    return run_program(name, "PATH\n--schedules ADDS", argc, argv, lose_updates);
}
