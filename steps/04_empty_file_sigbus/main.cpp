// 04_empty_file_sigbus: a file that is there, but empty.
//
// Run:     : > /tmp/suchfoo
//          build/steps/04_empty_file_sigbus /tmp/suchfoo
//          build/steps/04_empty_file_sigbus /tmp/suchfoo --explain
// Expect:  "Bus error", status 135. open and mmap succeed; reading the first byte
//          kills. With --explain, a handler says why before it does.
// Next:    05_primed_file puts the bytes there first.
#include <iostream>

#include "03_missing_file/foo_from_mmap.hpp"
#include "04_empty_file_sigbus/explain_sigbus.hpp"
#include "common/program.hpp"

namespace {

const char* const name = "04_empty_file_sigbus";

void warn_if_short(const std::string& path) {
    struct stat file = {};
    check(::stat(path.c_str(), &file), "stat", path);
    if (file.st_size >= off_t{Foo::size()}) return;
    std::cerr << name << ": " << in_quotes(path) << " has " << file.st_size
              << " of the " << Foo::size() << " bytes of a foo: "
              << (file.st_size == 0
                      ? "about to read the first, which is meant to kill me"
                      : "reading past its end, which does not crash")
              << std::endl;
}

void print_foo(arguments args) {
    const bool explain = std::erase(args, "--explain") > 0;
    if (args.size() != 1) throw usage_error{};
    const std::string& path = args[0];

    const Foo f = foo_from_mmap(path);
    if (explain) explain_sigbus(f.address(), path);
    warn_if_short(path);
    std::cout << f << std::endl;  // on an empty file, this process ends here
}

}  // namespace

int main(int argc, char** argv) {
    return run_program(name, "PATH [--explain]", argc, argv, print_foo);
}
