// 03_missing_file: a Foo in a file, and what happens without the file.
//
// Run:     build/steps/03_missing_file /tmp/suchfoo
// Expect:  one line that names the call, the path and the error; exit status 1.
// Next:    04_empty_file_sigbus makes the file first, and forgets to fill it.
#include <iostream>

#include "03_missing_file/foo_from_mmap.hpp"
#include "common/program.hpp"

namespace {

void print_foo(const arguments& args) {
    if (args.size() != 1) throw usage_error{};
    const Foo f = foo_from_mmap(args[0]);
    std::cout << f << std::endl;
}

}  // namespace

int main(int argc, char** argv) {
    return run_program("03_missing_file", "PATH", argc, argv, print_foo);
}
