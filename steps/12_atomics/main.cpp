// 12_atomics: one indivisible change of the same eight bytes.
//
// Run:     build/steps/05_primed_file /tmp/suchfoo 0 0
//          build/steps/12_atomics /tmp/suchfoo add 1000000     twice at once
// Expect:  bar is 2000000, exactly. swap stores both fields at one moment; wait waits
//          for tell, however it was built.
// Next:    13_robust_mutex: more than eight bytes, and owners that die.
//
// Libraries: atomic
// (For clang++, which knows a foo's alignment of 4 only. It is lock-free all the same.)
#include <iostream>

#include "05_primed_file/primed_file.hpp"
#include "12_atomics/atomic_foo.hpp"
#include "12_atomics/tell_and_wait.hpp"
#include "common/program.hpp"

namespace {

constexpr std::chrono::seconds limit{10};

std::ostream& operator<<(std::ostream& out, foo f) {
    return out << Foo(f.bar, f.baz);
}

void change_as_one(const arguments& args) {
    const std::string what = args.size() < 2 ? "load" : args[1];
    const bool fits = args.size() == 1 || (args.size() == 3 && what == "add") ||
                      (args.size() == 4 && what == "swap") ||
                      (args.size() == 3 && what == "tell") ||
                      (args.size() == 2 && what == "wait");
    if (!fits) throw usage_error{};
    const int first = args.size() > 2 ? int_argument(args[2]) : 0;
    if (what == "add" && first < 0) throw usage_error{"TIMES is 0 or more"};
    const int second = args.size() > 3 ? int_argument(args[3]) : 0;

    const mapped<foo> f = map_primed<foo>(args[0], "a foo");
    if (what == "load") std::cout << load(*f) << std::endl;
    if (what == "swap") std::cout << "was " << swap(*f, {first, second}) << std::endl;
    if (what == "tell") tell(*f, first);
    if (what == "add") {
        for (int i = 0; i < first; ++i) add(*f, 1);
    }
    if (what == "wait") {
        const std::optional<int> bar = wait(*f, limit);
        if (!bar) throw std::runtime_error("nobody told anything in 10 s");
        std::cout << *bar << std::endl;
    }
}

}  // namespace

int main(int argc, char** argv) {
    const char* const usage =
        "PATH\nPATH add TIMES\nPATH swap BAR BAZ\nPATH tell BAR\nPATH wait";
    return run_program("12_atomics", usage, argc, argv, change_as_one);
}
