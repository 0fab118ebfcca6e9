// 06_two_processes: one Foo, many processes.
//
// Run:     build/steps/05_primed_file /tmp/suchfoo 42 98
//          build/steps/06_two_processes /tmp/suchfoo      in two terminals
// Expect:  f.bar = 31337 in one; f in the other shows Foo(31337, 98).
// Next:    07_shm_open does it without a file.
#include "05_primed_file/primed_file.hpp"
#include "06_two_processes/where_mapped.hpp"
#include "common/program.hpp"
#include "common/session.hpp"

namespace {

const char* const name = "06_two_processes";

void talk(const arguments& args) {
    if (args.size() != 1) throw usage_error{};
    Foo f = foo_from_primed_file(args[0]);
    run_session(name, f, where_mapped);
}

}  // namespace

int main(int argc, char** argv) {
    return run_program(name, "PATH", argc, argv, talk);
}
