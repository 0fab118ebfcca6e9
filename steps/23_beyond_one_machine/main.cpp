// 23_beyond_one_machine: the Foo in an existing engine.
//
// Run:     redis-server --port 6399 --save ''     in one terminal
//          build/steps/23_beyond_one_machine 127.0.0.1 6399 suchfoo     in two others
// Expect:  f.bar = 31337 in one; f in the other one shows Foo(31337, 0), on whichever
//          machine it runs.
// Next:    24_choosing: all of it measured.
//
// Needs: hiredis/hiredis.h, sh common/setup.sh extras
// Libraries: hiredis
#include "23_beyond_one_machine/distant_foo.hpp"
#include "common/session.hpp"

namespace {

const char* const name = "23_beyond_one_machine";
constexpr std::chrono::milliseconds limit{2000};  // for each answer

std::string nowhere(const void*) {
    throw std::runtime_error("it is in no memory of this process");
}

int positive(int times) {
    if (times < 0) throw std::invalid_argument("N is 0 or more");
    return times;
}

void talk(const arguments& args) {
    if (args.size() != 3) throw usage_error{};
    const int port = int_argument(args[1]);
    if (port < 1 || port > 65535) throw usage_error{"PORT is from 1 to 65535"};
    distant_foo f(redis(args[0], port, limit), args[2]);
    const auto add = [&](std::string_view command) {
        if (const auto times = number_after("add ", command)) {
            f.add(positive(*times));
            return true;
        }
        if (const auto times = number_after("add-unsafely ", command)) {
            f.add_unsafely(positive(*times));
            return true;
        }
        return false;
    };
    run_session(name, f, nowhere, {"add N, add-unsafely N, ", add});
}

}  // namespace

int main(int argc, char** argv) {
    return run_program(name, "HOST PORT KEY", argc, argv, talk);
}
