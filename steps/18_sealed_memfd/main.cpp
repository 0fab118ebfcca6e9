// 18_sealed_memfd: memory with no name, handed over, that nobody can cut.
//
// Run:     build/steps/18_sealed_memfd serve /tmp/suchfoo.sock      in one terminal
//          build/steps/18_sealed_memfd attach /tmp/suchfoo.sock     in another
// Expect:  the session of step 06 on both sides, and no file with a Foo anywhere. With
//          serve --read-only only the first one may change it.
// Next:    19_full_shm: no room behind the mapping.
#include <thread>

#include "06_two_processes/where_mapped.hpp"
#include "08_socket/client.hpp"
#include "08_socket/listener.hpp"
#include "18_sealed_memfd/fd_passing.hpp"
#include "18_sealed_memfd/peer.hpp"
#include "18_sealed_memfd/sealed_foo.hpp"
#include "common/program.hpp"
#include "common/session.hpp"

namespace {

const char* const name = "18_sealed_memfd";
constexpr std::chrono::seconds limit{2};

/// Hands `memory` to whoever has connected to `listening`; waits for that a moment.
void give_to_next(int listening, int memory) {
    std::vector<pollfd> waiting{{listening, POLLIN, 0}};
    poll_until(waiting,
               std::chrono::steady_clock::now() + std::chrono::milliseconds{50});
    if (waiting[0].revents == 0) return;
    const unique_fd client(
        check(::accept4(listening, nullptr, nullptr, SOCK_CLOEXEC), "accept"));
    const ucred who = peer_of(client.get());
    if (!is_one_of_us(who)) throw std::runtime_error("refused " + text(who));
    send_fd(client.get(), memory);
}

void serve(const std::string& path, bool read_only) {
    const unique_fd memory = new_memory();
    Foo f(map_shared<foo>(memory.get(), "memfd"));
    // This mapping may write; none that is made later.
    seal(memory.get(), read_only ? size_seals | F_SEAL_FUTURE_WRITE : size_seals);
    const listener l("unix:" + path);
    std::cout << "listening on " << name_of(l.fd()) << std::endl;
    const std::jthread giving([&](const std::stop_token& over) {
        while (!over.stop_requested()) {
            try {
                give_to_next(l.fd(), memory.get());
            } catch (const std::exception& error) {
                report(name, error);
                std::this_thread::sleep_for(std::chrono::milliseconds{10});
            }
        }
    });
    run_session(name, f, where_mapped);
}

void attach(const std::string& path) {
    const auto end = std::chrono::steady_clock::now() + limit;
    const unique_fd server = connect_to("unix:" + path, end);
    received_foo came = foo_from_sealed(receive_fd(server.get(), end).get());
    std::cout << "from " << text(peer_of(server.get()))
              << (came.read_only ? ", to be read only" : "") << std::endl;
    run_session(name, came.f, where_mapped,
                {"", [&](std::string_view command) {
                     if (came.read_only && command.find('=') != command.npos)
                         throw std::invalid_argument("this Foo is to be read only");
                     return false;
                 }});
}

void serve_or_attach(const arguments& args) {
    const bool read_only = args.size() == 3 && args[2] == "--read-only";
    if (args.size() >= 2 && args[0] == "serve" && (read_only || args.size() == 2)) {
        serve(args[1], read_only);
    } else if (args.size() == 2 && args[0] == "attach") {
        attach(args[1]);
    } else {
        throw usage_error{};
    }
}

}  // namespace

int main(int argc, char** argv) {
    return run_program(name, "serve SOCKET [--read-only]\nattach SOCKET", argc, argv,
                       serve_or_attach);
}
