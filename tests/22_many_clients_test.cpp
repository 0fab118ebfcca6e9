// Tests of 22_many_clients: a server that waits for nobody, whatever its clients do.
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <filesystem>
#include <iterator>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "08_socket/listener.hpp"
#include "22_many_clients/server.hpp"
#include "tests/clients.hpp"

using namespace std::chrono_literals;

namespace {

const std::string program = program_path("22_many_clients");
const std::string client_program = program_path("08_socket");

/// The server in a thread of this process, with a limit that a test can wait for.
class served_here {
public:
    served_here(const std::string& address, limits l)
        : listener_{address}, thread_{&served_here::run, this, l} {}
    served_here(const served_here&) = delete;
    ~served_here() {
        stop_[1] = unique_fd{};  // the other end is ready: at its end
        thread_.join();
    }
    std::string address() const { return name_of(listener_.fd()); }

private:
    void run(limits l) { serve(listener_.fd(), stop_[0].get(), f_, l); }
    static std::array<unique_fd, 2> make_pipe() {
        int ends[2];
        check(::pipe2(ends, O_CLOEXEC), "pipe2");
        return {unique_fd{ends[0]}, unique_fd{ends[1]}};
    }
    std::array<unique_fd, 2> stop_ = make_pipe();
    Foo f_{42, 98};
    listener listener_;
    std::thread thread_;
};

/// Three clients: one stops half way through a message, one never reads its answers,
/// and one says nothing yet.
struct bad_clients {
    raw_client half, deaf, idle;
    explicit bad_clients(const std::string& address)
        : half{address}, deaf{address}, idle{address} {
        half.send("FOO1G");
        // Once its answers fill the socket, it is no longer read from.
        while (::send(deaf.fd(), get_bytes.data(), 16, MSG_NOSIGNAL | MSG_DONTWAIT) ==
               16) {
            std::this_thread::sleep_for(std::chrono::microseconds{20});
        }
    }
};

std::array<unique_fd, 2> socket_pair() {
    int fds[2];
    check(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), "socketpair");
    return {unique_fd{fds[0]}, unique_fd{fds[1]}};
}

/// A server whose log goes where `redirection` says, and which has something to say:
/// there is no room for more clients. It serves those it has, and ends on SIGTERM.
void without_room(const std::string& redirection) {
    running_server server({"prlimit", "--nofile=12", "sh", "-c",
                           "exec \"$@\" " + redirection, "sh", program});
    std::vector<raw_client> clients;
    for (int i = 0; i < 20; ++i) clients.emplace_back(server.address);
    clients[0].send(get_bytes);
    CHECK(clients[0].receive(16) == start_answer);
    server.process.send(SIGTERM);
    CHECK(server.process.wait().how == "exit status 0");
}

}  // namespace

TEST_SUITE("lab") {
    TEST_CASE("header: a message has one limit and each byte has none of its own") {
        Foo f(42, 98);
        const auto [ours, theirs] = socket_pair();
        connection client(unique_fd(::dup(ours.get())), {5s, 30s}, time_point{});
        CHECK(client.give_up() == time_point{30s});
        for (int second = 1; second <= 15; ++second) {
            check(::send(theirs.get(), &get_bytes[second - 1], 1, 0), "send");
            CHECK(client.go_on(f, time_point{std::chrono::seconds{second}}));
            CHECK(client.give_up() == time_point{6s});
        }
    }

    TEST_CASE(
        "header: what came in time is read though the server was stopped meanwhile") {
        Foo f(42, 98);
        const auto [ours, theirs] = socket_pair();
        limited_log log("22_many_clients");
        connection client(unique_fd(::dup(ours.get())), {5s, 30s}, time_point{});
        check(::send(theirs.get(), get_bytes.data(), 5, 0), "send");
        CHECK(keeps(client, true, f, time_point{1s}, log));
        check(::send(theirs.get(), &get_bytes[5], 11, 0), "send");
        CHECK(keeps(client, true, f, time_point{100s}, log));
        CHECK(keeps(client, true, f, time_point{101s}, log));
        std::string answer(16, '\0');
        CHECK(::recv(theirs.get(), answer.data(), 16, MSG_DONTWAIT) == 16);
        CHECK(answer == start_answer);
        CHECK_FALSE(keeps(client, false, f, time_point{200s}, log));
    }

    TEST_CASE("program: the server speaks the golden bytes") {
        running_server server({program});
        raw_client client(server.address);
        client.send(get_bytes);
        CHECK(client.receive(16) == start_answer);
        client.send(set_bytes);
        CHECK(client.receive(16) == foo_answer);
        const any_foo f;
        client.send(message_of('S', f));
        CHECK(client.receive(16) == message_of('F', f));
        CHECK(read_file(server.path) == foo_bytes(f));
    }

    TEST_CASE("program: many messages in one piece and one in many") {
        running_server server({program});
        raw_client client(server.address);
        const any_foo f;
        const std::string answer = message_of('F', f);
        client.send(get_bytes + message_of('S', f) + get_bytes);
        CHECK(client.receive(48) == start_answer + answer + answer);
        for (const char byte : get_bytes) {
            client.send(std::string(1, byte));
            std::this_thread::sleep_for(std::chrono::milliseconds{2});
        }
        CHECK(client.receive(16) == answer);
    }

    TEST_CASE("program: malformed input is answered by an error and the end") {
        running_server server({program});
        std::string reserved = get_bytes;
        reserved[5] = 1;
        std::string carrying = get_bytes;
        carrying[15] = 1;
        for (const std::string& wrong :
             {std::string("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"), reserved,
              carrying, foo_answer, error_answer, std::string(16, '\0'),
              std::string(100'000, 'x')}) {
            raw_client client(server.address);
            client.send(wrong);
            CHECK(client.receive(16) == error_answer);
            CHECK(client.at_end());
        }
        raw_client half(server.address);
        half.send("FOO1G");
        half.end_sending();
        CHECK(half.receive(16) == error_answer);
        CHECK(half.at_end());
        CHECK(run({client_program, "pull", server.address}).out == "Foo(42, 98)\n");
    }

    TEST_CASE("program: pull and push print the Foo answered") {
        running_server server({program});
        ended result = run({client_program, "pull", server.address});
        CHECK(result.how == "exit status 0");
        CHECK(result.out == "Foo(42, 98)\n");
        CHECK(result.err == "");
        const any_foo f;
        result = run({client_program, "push", server.address, std::to_string(f.bar),
                      std::to_string(f.baz)});
        CHECK(result.how == "exit status 0");
        CHECK(result.out == foo_text(f) + "\n");
        CHECK(read_file(server.path) == foo_bytes(f));
    }
}

TEST_CASE("header: clients that stall are dropped and an idle one is kept") {
    temporary_directory directory;
    served_here server("unix:" + (directory / "socket"), {50ms, patience});
    bad_clients bad(server.address());
    CHECK(bad.half.at_end());
    pollfd closed{bad.deaf.fd(), 0, 0};
    CHECK(::poll(&closed, 1, 10'000) == 1);
    CHECK((closed.revents & POLLHUP) != 0);
    bad.idle.send(get_bytes);
    CHECK(bad.idle.receive(16) == start_answer);
}

TEST_CASE("header: an idle client is dropped in the end") {
    temporary_directory directory;
    served_here server("unix:" + (directory / "socket"), {patience, 50ms});
    raw_client idle(server.address());
    CHECK(idle.at_end());
}

TEST_CASE("program: a log that nobody reads does not hold up the server") {
    temporary_directory directory;
    const std::string fifo = directory / "log";
    check(::mkfifo(fifo.c_str(), 0600), "mkfifo");
    const unique_fd full(
        check(::open(fifo.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC), "open", fifo));
    while (::write(full.get(), "x", 1) == 1) {
    }
    without_room("2>" + shell_word(fifo));
}

TEST_CASE("program: a terminal that was stopped does not hold up the server") {
    const unique_fd master(
        check(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC), "posix_openpt"));
    check(::grantpt(master.get()), "grantpt");
    check(::unlockpt(master.get()), "unlockpt");
    const std::string name = ::ptsname(master.get());
    const unique_fd terminal(
        check(::open(name.c_str(), O_RDWR | O_NOCTTY | O_CLOEXEC), "open", name));
    check(::tcflow(terminal.get(), TCOOFF), "tcflow");  // Ctrl-S
    without_room("2>" + shell_word(name));
    check(::tcflow(terminal.get(), TCOON), "tcflow");
}

TEST_CASE("program: a log that floods is bounded and says what it left out") {
    int ends[2];
    check(::pipe2(ends, O_CLOEXEC), "pipe2");
    const unique_fd in(ends[0]), out(ends[1]);
    const pid_t pid = check(::fork(), "fork");
    if (pid == 0) {
        ::dup2(out.get(), STDERR_FILENO);
        limited_log log("name");
        for (int i = 0; i < 1000; ++i) log.line("again");
        std::this_thread::sleep_for(1100ms);
        log.line("last");
        ::_exit(0);
    }
    check(::waitpid(pid, nullptr, 0), "waitpid");
    std::string text(100'000, '\0');
    text.resize(static_cast<std::size_t>(
        check(::read(in.get(), &text[0], text.size()), "read")));
    CHECK(count_lines(text) < 100);
    const std::size_t last = text.find("name: last (");
    REQUIRE(last != text.npos);
    CHECK(std::stoul(text.substr(last + 12)) + count_lines(text.substr(0, last)) ==
          1000);
}

TEST_CASE("program: a signal that was ignored stays ignored") {
    running_server server({"sh", "-c", "trap '' HUP; exec \"$@\"", "sh", program});
    server.process.send(SIGHUP);
    CHECK(run({client_program, "pull", server.address}).out == "Foo(42, 98)\n");
    server.process.send(SIGTERM);
    CHECK(server.process.wait().how == "exit status 0");
}

TEST_CASE("program: clients that stall do not keep others waiting") {
    temporary_directory directory;
    running_server server({program}, "unix:" + (directory / "socket"));
    bad_clients bad(server.address);
    CHECK(run({client_program, "pull", server.address}).out == "Foo(42, 98)\n");
    bad.idle.send(get_bytes);
    CHECK(bad.idle.receive(16) == start_answer);
}

TEST_CASE("limit: clients that stall are dropped after five seconds" *
          doctest::skip()) {
    temporary_directory directory;
    running_server server({program}, "unix:" + (directory / "socket"));
    bad_clients bad(server.address);
    CHECK(bad.half.at_end());
    for (int i = 0; i < 2; ++i) {
        CHECK(server.process.read_error_line() ==
              "22_many_clients: dropped a client that took too long");
    }
    bad.idle.send(get_bytes);
    CHECK(bad.idle.receive(16) == start_answer);
}

TEST_CASE("program: what the guard refuses is not served") {
    temporary_directory directory;
    write_file(directory / "foo", "short");
    check_refusal(run({program, "serve", "127.0.0.1:0", directory / "foo"}),
                  "22_many_clients", "has 5 bytes, not the 8 of a foo");
}

TEST_CASE("program: wrong usage is status 2") {
    for (const auto& words : {std::vector<std::string>{program},
                              {program, "serve", "127.0.0.1:0"},
                              {program, "pull", "127.0.0.1:1"}}) {
        const ended result = run(words);
        CHECK(result.how == "exit status 2");
        CHECK(result.out == "");
        CHECK(result.err == "usage: 22_many_clients serve ADDRESS PATH\n");
    }
}

TEST_CASE("program: SIGTERM and SIGINT and SIGHUP end the server and remove its path") {
    for (const int signal : {SIGTERM, SIGINT, SIGHUP}) {
        temporary_directory directory;
        running_server server({program}, "unix:" + (directory / "socket"));
        CHECK(server.address == "unix:" + (directory / "socket"));
        CHECK(mode_of(directory / "socket") == "0600");
        raw_client connected(server.address);
        server.process.send(signal);
        const ended result = server.process.wait();
        CHECK(result.how == "exit status 0");
        CHECK(result.out == "");
        CHECK(directory.names() == "");
    }
}

TEST_CASE("program: a path that has become another server's is not removed") {
    temporary_directory directory;
    const std::string path = directory / "socket";
    running_server first({program}, "unix:" + path);
    std::filesystem::remove(path);
    running_server second({program}, "unix:" + path);
    first.process.send(SIGTERM);
    CHECK(first.process.wait().how == "exit status 0");
    CHECK(run({client_program, "pull", second.address}).out == "Foo(42, 98)\n");
}

TEST_CASE("program: a server without descriptors serves those it has and then others") {
    running_server server({"prlimit", "--nofile=12", program});
    std::vector<raw_client> clients;
    for (int i = 0; i < 20; ++i) clients.emplace_back(server.address);
    CHECK(server.process.read_error_line() ==
          "22_many_clients: no room for more clients");
    clients[0].send(get_bytes);
    CHECK(clients[0].receive(16) == start_answer);
    clients.erase(clients.begin(), clients.begin() + 15);
    for (raw_client& client : clients) {
        client.send(get_bytes);
        CHECK(client.receive(16) == start_answer);
    }
}

TEST_CASE("stress: hundreds of clients at once with resets and slow ones among them" *
          doctest::skip()) {
    running_server server({program});
    const std::string pid = std::to_string(server.process.pid());
    const auto descriptors = [&] {
        const std::filesystem::directory_iterator fds("/proc/" + pid + "/fd");
        return std::distance(begin(fds), end(fds));
    };
    const auto data = [&] {  // how large its heap and its variables are
        const std::string status = read_file("/proc/" + pid + "/status");
        const std::size_t line = status.find("VmData:");
        return status.substr(line, status.find('\n', line) - line);
    };
    // Once it has answered, it has all that it needs open, and one client.
    std::optional<raw_client> first(server.address);
    first->send(get_bytes);
    CHECK(first->receive(16) == start_answer);
    const auto at_first = descriptors() - 1;
    first.reset();
    std::string after_two;
    for (int round = 0; round < 6; ++round) {
        std::vector<raw_client> clients;
        for (int i = 0; i < 400; ++i) clients.emplace_back(server.address);
        for (std::size_t i = 0; i < clients.size(); ++i) {
            if (i % 4 == 0) clients[i].send("FOO1");
            if (i % 8 == 0) clients[i].reset();  // the others stay, half a message long
            if (i % 4 != 0) clients[i].send(get_bytes + get_bytes);
        }
        for (std::size_t i = 0; i < clients.size(); ++i) {
            if (i % 4 == 1) clients[i].reset();  // with answers on the way
            if (i % 4 > 1) CHECK(clients[i].receive(32) == start_answer + start_answer);
        }
        clients.clear();
        // An answer says that the server has seen all that came before.
        CHECK(run({client_program, "pull", server.address}).out == "Foo(42, 98)\n");
        CHECK(eventually([&] { return descriptors() == at_first; }));
        if (round == 1) after_two = data();
    }
    CHECK(data() == after_two);
    server.process.send(SIGTERM);
    CHECK(server.process.wait().how == "exit status 0");
}

TEST_CASE("limit: an idle client is dropped after thirty seconds" * doctest::skip()) {
    running_server server({program});
    raw_client idle(server.address);
    const timeval longer{40, 0};
    check(::setsockopt(idle.fd(), SOL_SOCKET, SO_RCVTIMEO, &longer, sizeof longer),
          "setsockopt");
    CHECK(idle.at_end());
}
