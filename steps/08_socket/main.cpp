// 08_socket: shared memory inside each machine, sockets between machines.
//
// Run:     build/steps/05_primed_file /tmp/suchfoo 42 98
//          build/steps/08_socket serve 127.0.0.1:4321 /tmp/suchfoo
//          build/steps/08_socket push 127.0.0.1:4321 31337 98     in another terminal
// Expect:  Foo(31337, 98); and a session of step 06 on /tmp/suchfoo sees it at once.
// Next:    09_how_fast measures what shared memory saves.
#include "05_primed_file/primed_file.hpp"
#include "08_socket/client.hpp"
#include "08_socket/listener.hpp"
#include "08_socket/server.hpp"

namespace {

constexpr std::chrono::seconds limit{5};  // for a question and its answer

void serve_file(const std::string& address, const std::string& path) {
    Foo f = foo_from_primed_file(path);
    const listener l(address);
    std::cout << "listening on " << name_of(l.fd()) << std::endl;
    serve(l.fd(), f, limit);
}

void print_answer(const std::string& address, const message& question) {
    const message m = ask(address, question, std::chrono::steady_clock::now() + limit);
    std::cout << Foo(m.bar, m.baz) << std::endl;
}

void serve_pull_or_push(const arguments& args) {
    if (args.size() == 3 && args[0] == "serve") {
        serve_file(args[1], args[2]);
    } else if (args.size() == 2 && args[0] == "pull") {
        print_answer(args[1], {kind::get});
    } else if (args.size() == 4 && args[0] == "push") {
        print_answer(args[1],
                     {kind::set, int_argument(args[2]), int_argument(args[3])});
    } else {
        throw usage_error{};
    }
}

}  // namespace

int main(int argc, char** argv) {
    const char* const usage = "serve ADDRESS PATH\npull ADDRESS\npush ADDRESS BAR BAZ";
    return run_program("08_socket", usage, argc, argv, serve_pull_or_push);
}
