// 02_malloc_wrapper: an object that owns eight bytes.
//
// Run:     build/steps/02_malloc_wrapper 42 98
// Expect:  the Foo, its bytes, and a second Foo made from them that is its own.
// Next:    03_missing_file takes the eight bytes from a file instead of malloc.
#include <iostream>

#include "02_malloc_wrapper/foo.hpp"
#include "common/hex.hpp"
#include "common/program.hpp"

namespace {

void print_foo_and_copy(const arguments& args) {
    if (args.size() != 0 && args.size() != 2) throw usage_error{};
    const int bar = args.empty() ? 0 : int_argument(args[0]);
    const int baz = args.empty() ? 0 : int_argument(args[1]);

    const Foo f(bar, baz);
    std::cout << "f = " << f << ", " << f.size() << " bytes: " << hex(f.as_bytes())
              << '\n';

    Foo copy = Foo::from_bytes(f.as_bytes());
    copy.set_bar(31337);
    std::cout << "a Foo from its bytes, with bar set: " << copy << '\n';
    std::cout << "f is still " << f << '\n';
}

}  // namespace

int main(int argc, char** argv) {
    return run_program("02_malloc_wrapper", "[BAR BAZ]", argc, argv,
                       print_foo_and_copy);
}
