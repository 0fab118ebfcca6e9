// 05_primed_file: the fix: a file that holds a foo before anyone maps it.
//
// Run:     build/steps/05_primed_file /tmp/suchfoo 42 98
//          build/steps/05_primed_file /tmp/suchfoo
// Expect:  Foo(42, 98), both times. A third time with 42 98 is refused: the file
//          exists. Whatever is not a file of eight bytes is refused too.
// Next:    06_two_processes maps the same file twice.
#include <iostream>

#include "05_primed_file/prime_file.hpp"
#include "05_primed_file/primed_file.hpp"
#include "common/program.hpp"

namespace {

void prime_and_print(const arguments& args) {
    if (args.size() != 1 && args.size() != 3) throw usage_error{};
    const std::string& path = args[0];
    if (args.size() == 3) {
        prime_file(path, Foo(int_argument(args[1]), int_argument(args[2])));
    }
    std::cout << foo_from_primed_file(path) << std::endl;
}

}  // namespace

int main(int argc, char** argv) {
    const char* const usage = "PATH BAR BAZ\nPATH";
    return run_program("05_primed_file", usage, argc, argv, prime_and_print);
}
