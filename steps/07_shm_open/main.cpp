// 07_shm_open: a name instead of a file.
//
// Run:     build/steps/07_shm_open /suchfoo.demo     in two terminals
//          build/steps/07_shm_open --unlink /suchfoo.demo
// Expect:  the session of step 06, without a file to prime. The object outlives the
//          processes, until somebody unlinks its name.
// Next:    08_socket takes the Foo to other machines.
#include "06_two_processes/where_mapped.hpp"
#include "07_shm_open/foo_from_shm.hpp"
#include "common/program.hpp"
#include "common/session.hpp"

namespace {

const char* const program_name = "07_shm_open";

void talk_or_unlink(const arguments& args) {
    if (args.size() == 2 && args[0] == "--unlink") {
        const std::string name = shm_name(args[1]);
        check(::shm_unlink(name.c_str()), "shm_unlink", name);
    } else if (args.size() == 1 && args[0] != "--unlink") {
        Foo f = foo_from_shm(shm_name(args[0]));
        run_session(program_name, f, where_mapped);
    } else {
        throw usage_error{};
    }
}

}  // namespace

int main(int argc, char** argv) {
    return run_program(program_name, "NAME\n--unlink NAME", argc, argv, talk_or_unlink);
}
