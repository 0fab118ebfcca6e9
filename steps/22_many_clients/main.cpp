// 22_many_clients: the server of step 08 for hundreds of clients, none of whom it
// trusts.
//
// Run:     build/steps/05_primed_file /tmp/suchfoo 42 98
//          build/steps/22_many_clients serve 127.0.0.1:4321 /tmp/suchfoo
//          build/steps/08_socket pull 127.0.0.1:4321     in another terminal
// Expect:  Foo(42, 98), however many other clients are slow, silent or hostile.
// Next:    23_beyond_one_machine: the Foo in an existing engine.
#include <csignal>

#include "05_primed_file/primed_file.hpp"
#include "08_socket/listener.hpp"
#include "22_many_clients/server.hpp"
#include "22_many_clients/stop_signals.hpp"

namespace {

void serve_file(const arguments& args) {
    if (args.size() != 3 || args[0] != "serve") throw usage_error{};
    std::signal(SIGPIPE, SIG_IGN);  // whoever reads the log may go
    Foo f = foo_from_primed_file(args[2]);
    const unique_fd stop = stop_signals();
    const listener l(args[1]);
    std::cout << "listening on " << name_of(l.fd()) << std::endl;
    serve(l.fd(), stop.get(), f, {std::chrono::seconds{5}, std::chrono::seconds{30}});
}

}  // namespace

int main(int argc, char** argv) {
    return run_program("22_many_clients", "serve ADDRESS PATH", argc, argv, serve_file);
}
