// Tests of 08_socket: the wire format byte by byte, whole reads and writes, a server of
// one client at a time, and clients that are not deceived.
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstring>
#include <filesystem>
#include <optional>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include "08_socket/client.hpp"
#include "08_socket/listener.hpp"
#include "08_socket/server.hpp"
#include "common/hex.hpp"
#include "tests/clients.hpp"

namespace {

const std::string program = program_path("08_socket");

frame to_frame(const std::string& text) {
    frame bytes{};
    REQUIRE(text.size() == bytes.size());
    std::memcpy(bytes.data(), text.data(), text.size());
    return bytes;
}

time_point in(std::chrono::milliseconds time) {
    return std::chrono::steady_clock::now() + time;
}

struct socket_pair {
    unique_fd one, other;
    socket_pair() {
        int fds[2];
        check(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), "socketpair");
        one = unique_fd(fds[0]);
        other = unique_fd(fds[1]);
    }
};

/// What a client says of a server that answers `answer` and then closes, or stays.
ended client_of(const std::string& answer, bool then_close) {
    const listener server("127.0.0.1:0");
    child client({program, "pull", name_of(server.fd())});
    pollfd waiting{server.fd(), POLLIN, 0};
    REQUIRE(::poll(&waiting, 1, 10'000) == 1);
    unique_fd peer(check(::accept(server.fd(), nullptr, nullptr), "accept"));
    std::string question(16, '\0');
    check(::recv(peer.get(), question.data(), question.size(), MSG_WAITALL), "recv");
    CHECK(question == get_bytes);
    check(::send(peer.get(), answer.data(), answer.size(), MSG_NOSIGNAL), "send");
    if (then_close) peer = unique_fd{};
    return client.wait();
}

void refused(const ended& result, const std::string& why) {
    check_refusal(result, "08_socket", why);
}

/// Whether `call` throws ETIMEDOUT.
bool times_out(const auto& call) {
    try {
        call();
    } catch (const std::system_error& error) {
        return error.code() == std::errc::timed_out;
    }
    return false;
}

}  // namespace

TEST_SUITE("lab") {
    TEST_CASE("header: encode gives the golden bytes") {
        CHECK(hex(encode({kind::get})) ==
              "46 4f 4f 31 47 00 00 00 00 00 00 00 00 00 00 00");
        CHECK(hex(encode({kind::set, 31337, 98})) ==
              "46 4f 4f 31 53 00 00 00 00 00 7a 69 00 00 00 62");
        CHECK(hex(encode({kind::foo, -1, -2147483647 - 1})) ==
              "46 4f 4f 31 46 00 00 00 ff ff ff ff 80 00 00 00");
        CHECK(hex(encode({kind::error})) ==
              "46 4f 4f 31 45 00 00 00 00 00 00 00 00 00 00 00");
    }

    TEST_CASE("header: decode reads what is well formed") {
        const auto set = decode(to_frame(set_bytes));
        REQUIRE(set.has_value());
        CHECK(set->what == kind::set);
        CHECK(set->bar == 31337);
        CHECK(set->baz == -1);
        for (const std::string& bytes : {get_bytes, foo_answer, error_answer}) {
            CHECK(decode(to_frame(bytes)).has_value());
        }
    }

    TEST_CASE("header: decode refuses every other byte") {
        for (std::size_t at = 0; at < 8; ++at) {
            std::string wrong = set_bytes;
            wrong[at] ^= 0x20;  // a letter in the other case; a zero that is none
            CAPTURE(at);
            CHECK_FALSE(decode(to_frame(wrong)).has_value());
        }
        for (std::size_t at = 8; at < 16; ++at) {
            for (std::string wrong : {get_bytes, error_answer}) {
                wrong[at] = 1;
                CHECK_FALSE(decode(to_frame(wrong)).has_value());
            }
        }
    }

    TEST_CASE("header: read_full puts together what comes in pieces") {
        socket_pair sockets;
        std::thread sender([&] {
            for (const char byte : foo_answer) {
                ::send(sockets.other.get(), &byte, 1, MSG_NOSIGNAL);
                std::this_thread::sleep_for(std::chrono::milliseconds{2});
            }
        });
        frame bytes{};
        CHECK(read_full(sockets.one.get(), bytes, in(patience)) == 16);
        CHECK(bytes == to_frame(foo_answer));
        sender.join();
    }

    TEST_CASE("header: read_full returns what came before the end of the stream") {
        socket_pair sockets;
        check(::send(sockets.other.get(), "FOO", 3, 0), "send");
        sockets.other = unique_fd{};
        frame bytes{};
        CHECK(read_full(sockets.one.get(), bytes, in(patience)) == 3);
    }

    TEST_CASE("header: read_full and write_full give up in the end") {
        socket_pair sockets;
        frame bytes{};
        check(::send(sockets.other.get(), "FOO", 3, 0), "send");
        const std::vector<std::byte> much(10'000'000);
        using std::chrono::milliseconds;
        CHECK(times_out(
            [&] { read_full(sockets.one.get(), bytes, in(milliseconds{50})); }));
        CHECK(times_out(
            [&] { write_full(sockets.one.get(), much, in(milliseconds{50})); }));
    }

    TEST_CASE("header: signals do not cut a read short") {
        struct sigaction action = {};
        action.sa_handler = [](int) {};  // without SA_RESTART: calls fail with EINTR
        check(::sigaction(SIGALRM, &action, nullptr), "sigaction");
        const itimerval often{{0, 2000}, {0, 2000}};
        check(::setitimer(ITIMER_REAL, &often, nullptr), "setitimer");
        socket_pair sockets;
        std::thread sender([&] {
            for (const char* part : {"FOO1F\0\0\0", "abcdefgh"}) {
                std::this_thread::sleep_for(std::chrono::milliseconds{30});
                ::send(sockets.other.get(), part, 8, MSG_NOSIGNAL);
            }
        });
        frame bytes{};
        CHECK_NOTHROW(read_full(sockets.one.get(), bytes, in(patience)));
        const itimerval never{};
        ::setitimer(ITIMER_REAL, &never, nullptr);
        sender.join();
        CHECK(bytes[15] == std::byte{'h'});
    }

    TEST_CASE("header: write_full sends more than the socket holds") {
        socket_pair sockets;
        std::vector<std::byte> much(3'000'000);
        for (std::size_t i = 0; i < much.size(); ++i)
            much[i] = static_cast<std::byte>(i * 7);
        std::vector<std::byte> received(much.size());
        std::thread reader([&] {
            ::recv(sockets.other.get(), received.data(), received.size(), MSG_WAITALL);
        });
        CHECK_NOTHROW(write_full(sockets.one.get(), much, in(patience)));
        sockets.one = unique_fd{};
        reader.join();
        CHECK((received == much));
    }

    TEST_CASE("header: a peer that has gone is EPIPE and not a signal") {
        std::signal(SIGPIPE, SIG_DFL);
        socket_pair sockets;
        sockets.other = unique_fd{};
        try {
            write_full(sockets.one.get(), encode({kind::get}), in(patience));
            FAIL("nothing was thrown");
        } catch (const std::system_error& error) {
            CHECK(error.code() == std::errc::broken_pipe);
        }
    }

    TEST_CASE("header: reply_to answers get and set by the Foo") {
        Foo f(42, 98);
        reply r = reply_to(to_frame(get_bytes), f);
        CHECK(r.bytes == to_frame(start_answer));
        CHECK_FALSE(r.last);
        r = reply_to(to_frame(set_bytes), f);
        CHECK(r.bytes == to_frame(foo_answer));
        CHECK(f.bar() == 31337);
        CHECK(f.baz() == -1);
    }

    TEST_CASE("header: reply_to answers whatever else by an error and the end") {
        Foo f(42, 98);
        for (const std::string& wrong :
             {foo_answer, error_answer, std::string("GET / HTTP/1.1\r\n")}) {
            const reply r = reply_to(to_frame(wrong), f);
            CHECK(r.bytes == to_frame(error_answer));
            CHECK(r.last);
        }
        CHECK(f.bar() == 42);
    }

    TEST_CASE("program: pull and push print the Foo answered") {
        running_server server({program});
        ended result = run({program, "pull", server.address});
        CHECK(result.how == "exit status 0");
        CHECK(result.out == "Foo(42, 98)\n");
        CHECK(result.err == "");
        const any_foo f;
        result = run({program, "push", server.address, std::to_string(f.bar),
                      std::to_string(f.baz)});
        CHECK(result.how == "exit status 0");
        CHECK(result.out == foo_text(f) + "\n");
        CHECK(read_file(server.path) == foo_bytes(f));
    }

    TEST_CASE(
        "program: a push is at once visible to a session and the other way round") {
        running_server server({program});
        child session({program_path("06_two_processes"), server.path});
        any_foo f;
        run({program, "push", server.address, std::to_string(f.bar),
             std::to_string(f.baz)});
        session.write("f\n");
        CHECK(session.read_line() == foo_text(f));
        f.bar = drawn();
        session.write("f.bar = " + std::to_string(f.bar) + "\nf.bar\n");
        CHECK(session.read_line() == std::to_string(f.bar));
        CHECK(run({program, "pull", server.address}).out == foo_text(f) + "\n");
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
        CHECK(run({program, "pull", server.address}).out == "Foo(42, 98)\n");
    }

    TEST_CASE("program: a client is told what is wrong with its server") {
        refused(client_of("", true), "hung up after 0 of 16 bytes");
        refused(client_of(foo_answer.substr(0, 9), true),
                "hung up after 9 of 16 bytes");
        refused(client_of(error_answer, true), "answered with an error");
        refused(client_of(get_bytes, true), "did not answer with a Foo");
        refused(client_of("HTTP/1.1 400 Bad Request\r\n", true),
                "did not answer with a Foo");
        refused(run({program, "pull", "127.0.0.1:1"}), "ECONNREFUSED");
        refused(run({program, "push", "unix:/nowhere/at/all", "1", "2"}), "ENOENT");
    }
}

TEST_CASE("program: a unix path that exists is refused and left alone") {
    temporary_directory directory;
    const std::string path = directory / "socket";
    {
        running_server server({program}, "unix:" + path);
        refused(run({program, "serve", "unix:" + path, server.path}), "EADDRINUSE");
        CHECK(run({program, "pull", server.address}).out == "Foo(42, 98)\n");
        server.process.send(SIGKILL);
        server.process.wait();
        const ended stale = run({program, "serve", "unix:" + path, server.path});
        refused(stale, "remove it with: rm -- " + shell_word(path));
        CHECK(std::filesystem::exists(path));
        write_file(directory / "file", "precious");
        const ended file =
            run({program, "serve", "unix:" + (directory / "file"), server.path});
        refused(file, "EADDRINUSE");
        CHECK(read_file(directory / "file") == "precious");
    }
}

TEST_CASE("program: what the guard refuses is not served") {
    temporary_directory directory;
    write_file(directory / "foo", "short");
    refused(run({program, "serve", "127.0.0.1:0", directory / "foo"}),
            "has 5 bytes, not the 8 of a foo");
}

TEST_CASE("program: an address that is none is refused in one line") {
    for (const char* wrong :
         {"localhost", "127.0.0.1:", ":80", "127.0.0.1:65536", "a:-1", "127.0.0.1:http",
          "::1:80", "[127.0.0.1]:80", "[::1]", "[]:1", "unix:", ""}) {
        CAPTURE(wrong);
        refused(run({program, "pull", wrong}), "");
        refused(run({program, "serve", wrong, "/dev/null"}), "");
    }
    refused(run({program, "pull", "unix:" + std::string(108, 'x')}), "107");
}

TEST_CASE("program: a port that is taken is refused") {
    running_server server({program});
    refused(run({program, "serve", server.address, server.path}), "EADDRINUSE");
}

TEST_CASE("program: names and IPv6 addresses work") {
    try {
        resolve("localhost:0");
    } catch (const std::runtime_error& error) {
        skip(std::string("no name is known here: ") + error.what());
        return;
    }
    running_server named({program}, "localhost:0");
    CHECK(run({program, "pull", named.address}).out == "Foo(42, 98)\n");
    const unique_fd v6(::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const socket_address loopback = resolve("[::1]:0").at(0);
    if (v6.get() == -1 || ::bind(v6.get(), loopback.get(), loopback.size) == -1) {
        MESSAGE("no IPv6 here: only the name was tried");
        return;
    }
    running_server six({program}, "[::1]:0");
    CHECK(six.address.substr(0, 6) == "[::1]:");
    CHECK(run({program, "pull", six.address}).out == "Foo(42, 98)\n");
}

TEST_CASE("program: wrong usage is status 2") {
    for (const auto& words : {std::vector<std::string>{program},
                              {program, "serve", "127.0.0.1:0"},
                              {program, "pull"},
                              {program, "push", "127.0.0.1:1", "1"},
                              {program, "push", "127.0.0.1:1", "1", "x"},
                              {program, "fetch", "127.0.0.1:1"}}) {
        const ended result = run(words);
        CHECK(result.how == "exit status 2");
        CHECK(result.out == "");
        CHECK(result.err.find("usage: 08_socket serve ADDRESS PATH\n"
                              "       08_socket pull ADDRESS\n"
                              "       08_socket push ADDRESS BAR BAZ\n") !=
              std::string::npos);
    }
}

TEST_CASE("program: two hosts share nothing but the network") {
    // Two network namespaces with a cable between them. $0: 08_socket, $1: the file.
    const std::string script = R"sh(
set -e
unshare --net sleep 60 & far=$!
trap 'kill $far $server 2> /dev/null' EXIT
while [ "$(readlink /proc/$far/ns/net)" = "$(readlink /proc/self/ns/net)" ]; do sleep 0.05; done
ip link add near type veth peer name far netns $far
ip address add 10.77.0.1/24 dev near
ip link set near up
nsenter --target $far --net ip address add 10.77.0.2/24 dev far
nsenter --target $far --net ip link set far up
echo connected
"$0" serve 10.77.0.1:4321 "$1" > /dev/null & server=$!
i=0
until nsenter --target $far --net "$0" pull 10.77.0.1:4321 2> /dev/null; do
    i=$((i + 1)); [ $i -lt 100 ]; sleep 0.05
done
nsenter --target $far --net "$0" push 10.77.0.1:4321 31337 -1
)sh";
    temporary_directory directory;
    write_file(directory / "foo", foo_bytes(42, 98));
    const char* options = ::geteuid() == 0 ? "-n" : "-Urn";
    const ended result =
        run({"unshare", options, "sh", "-c", script, program, directory / "foo"});
    if (result.out.find("connected\n") == std::string::npos) {
        skip("no network namespaces of our own: " + result.err);
        return;
    }
    CHECK(result.out == "connected\nFoo(42, 98)\nFoo(31337, -1)\n");
    CHECK(read_file(directory / "foo") == foo_bytes(31337, -1));
}

TEST_CASE("program: a second client waits until the first has gone") {
    running_server server({program});
    std::optional<raw_client> first(server.address);
    first->send(get_bytes);
    CHECK(first->receive(16) == start_answer);
    raw_client second(server.address);
    second.send(get_bytes);
    first->send(get_bytes);
    CHECK(first->receive(16) == start_answer);
    char byte = 0;
    CHECK(::recv(second.fd(), &byte, 1, MSG_DONTWAIT) == -1);
    first.reset();
    CHECK(second.receive(16) == start_answer);
}

TEST_CASE("program: the socket of a unix path has mode 0600") {
    temporary_directory directory;
    running_server server({program}, "unix:" + (directory / "socket"));
    CHECK(server.address == "unix:" + (directory / "socket"));
    CHECK(mode_of(directory / "socket") == "0600");
}

TEST_CASE("program: a client that resets the connection does not end the server") {
    running_server server({program});
    raw_client half(server.address);
    half.send("FOO1");
    half.reset();
    CHECK(
        server.process.read_error_line().starts_with("08_socket: dropped a client: "));
    CHECK(run({program, "pull", server.address}).out == "Foo(42, 98)\n");
}

TEST_CASE("header: a client that stalls half way through a message is given up") {
    Foo f(42, 98);
    socket_pair sockets;
    check(::send(sockets.other.get(), "FOO1G", 5, 0), "send");
    CHECK(times_out(
        [&] { answer_all(sockets.one.get(), f, std::chrono::milliseconds{50}); }));
}

TEST_CASE("header: a client that does not read its answers is given up") {
    Foo f(42, 98);
    socket_pair sockets;
    // More questions than the sockets hold answers.
    std::thread deaf([&] {
        while (::send(sockets.other.get(), get_bytes.data(), 16, MSG_NOSIGNAL) == 16) {
        }
    });
    CHECK(times_out(
        [&] { answer_all(sockets.one.get(), f, std::chrono::milliseconds{50}); }));
    sockets.one = unique_fd{};
    deaf.join();
}

TEST_CASE("header: a server that says nothing is given up") {
    const listener silent("127.0.0.1:0");
    CHECK(times_out([&] {
        ask(name_of(silent.fd()), {kind::get}, in(std::chrono::milliseconds{50}));
    }));
}

TEST_CASE("limit: client and server each wait for five seconds" * doctest::skip()) {
    refused(client_of("", false), "did not answer: Connection timed out (ETIMEDOUT)");
    running_server server({program});
    raw_client stalled(server.address);
    stalled.send("FOO1G");
    CHECK(server.process.read_error_line() ==
          "08_socket: dropped a client: Connection timed out (ETIMEDOUT)");
    CHECK(stalled.at_end());
}

TEST_CASE("header: a time far away is not for ever and not the past") {
    const time_point now{};
    CHECK(poll_timeout(now, now) == 0);
    CHECK(poll_timeout(now - std::chrono::seconds{1}, now) == 0);
    CHECK(poll_timeout(now + std::chrono::microseconds{1}, now) == 1);
    CHECK(poll_timeout(now + std::chrono::hours{30 * 24}, now) == INT_MAX);
    CHECK(poll_timeout(time_point::max(), now) == -1);
}

TEST_CASE("header: a socket that is connected to itself is refused") {
    const unique_fd fd(
        check(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket"));
    socket_address own = resolve("127.0.0.1:0").at(0);
    check(::bind(fd.get(), own.get(), own.size), "bind");
    check(::getsockname(fd.get(), own.get(), &own.size), "getsockname");
    CHECK(connect_one(fd.get(), own, in(patience)) == ECONNREFUSED);
}
