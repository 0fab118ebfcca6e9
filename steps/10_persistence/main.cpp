// 10_persistence: a foo that outlives its program, a power cut and a new version.
//
// Run:     build/steps/10_persistence /tmp/suchfoo 42 98
//          build/steps/10_persistence /tmp/suchfoo
// Expect:  Foo(42, 98), version 1, generation 1; with each new value the generation
//          grows. A file of step 05 is version 0, until something is saved to it.
// Next:    11_lost_updates: two writers at once.
#include <iostream>

#include "10_persistence/save_to.hpp"
#include "common/program.hpp"

namespace {

void save_and_print(const arguments& args) {
    if (args.size() != 1 && args.size() != 3) throw usage_error{};
    const std::string& path = args[0];
    if (args.size() == 3) save_to(path, {int_argument(args[1]), int_argument(args[2])});
    const found f = look(path);
    std::cout << Foo(f.value.bar, f.value.baz) << ", version " << f.version;
    if (f.version > 0) std::cout << ", generation " << f.generation;
    std::cout << std::endl;
}

}  // namespace

int main(int argc, char** argv) {
    const char* const usage = "PATH BAR BAZ\nPATH";
    return run_program("10_persistence", usage, argc, argv, save_and_print);
}
