// probe_11: any schedule, played on any foo.
#include <iostream>

#include "11_lost_updates/schedule.hpp"
#include "common/program.hpp"

namespace {

void play_it(const arguments& args) {
    if (args.size() != 3) throw usage_error{};
    Foo f(int_argument(args[0]), int_argument(args[1]));
    const int bar = play(f, args[2]);
    std::cout << bar << ' ' << f << std::endl;
}

}  // namespace

int main(int argc, char** argv) {
    return run_program("probe_11", "BAR BAZ SCHEDULE", argc, argv, play_it);
}
