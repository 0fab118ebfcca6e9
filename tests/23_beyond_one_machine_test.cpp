// Tests of 23_beyond_one_machine: a server of our own, which stops, dies and comes
// back.
//
// Libraries: hiredis
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <exception>
#include <functional>
#include <limits>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "08_socket/listener.hpp"
#include "23_beyond_one_machine/distant_foo.hpp"
#include "tests/support.hpp"

namespace {

const std::string program = program_path("23_beyond_one_machine");
const std::string key = "suchfoo";

/// A port of loopback that nobody has just now.
int free_port() {
    const unique_fd probe(
        check(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket"));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* const generic = reinterpret_cast<sockaddr*>(&address);
    check(::bind(probe.get(), generic, size), "bind");
    check(::getsockname(probe.get(), generic, &size), "getsockname");
    return ntohs(address.sin_port);
}

/// A Redis server with a folder of its own, and its end.
class server {
public:
    explicit server(std::vector<std::string> options = {"--save", ""})
        : options_{std::move(options)}, port_{free_port()} {
        start();
    }
    /// Starts it, and again after kill(); a port that somebody was quicker to take is
    /// exchanged for another one.
    void start() {
        for (int tries = 0; !up() && tries < 5; ++tries) {
            if (tries > 0) port_ = free_port();
            std::vector<std::string> words{tool_path("redis-server"),
                                           "--port",
                                           std::to_string(port_),
                                           "--bind",
                                           "127.0.0.1",
                                           "--dir",
                                           folder_.path(),
                                           "--logfile",
                                           folder_ / "log"};
            words.insert(words.end(), options_.begin(), options_.end());
            process_.emplace(words);
            const auto log = [&] { return read_file(folder_ / "log"); };
            eventually([&] {
                return up() || log().find("Failed listening") != std::string::npos;
            });
        }
        REQUIRE(up());
    }
    void kill() {
        process_->send(SIGKILL);
        process_.reset();
    }
    void send(int signal) { process_->send(signal); }
    int port() const { return port_; }
    redis connection(std::chrono::milliseconds limit = patience / 2) const {
        return redis("127.0.0.1", port_, limit);
    }
    std::string path(const std::string& name) const { return folder_ / name; }

private:
    bool up() const {
        try {
            return process_ && connection().ask({"PING"})->type == REDIS_REPLY_STATUS;
        } catch (const std::exception&) {
            return false;
        }
    }
    temporary_directory folder_;
    std::vector<std::string> options_;
    int port_;
    std::optional<child> process_;
};

bool has_server() {
    if (run({tool_path("redis-server"), "--version"}).how == "exit status 0")
        return true;
    skip("redis-server is not installed: sh common/setup.sh extras");
    return false;
}

std::string text(redis& to) {
    return foo_text(load(to, key));
}

child session(const server& s) {
    return child({program, "127.0.0.1", std::to_string(s.port()), key});
}

/// Somebody who listens where a Redis server might, and does `serve(socket)` with the
/// first who connects.
class impostor {
public:
    explicit impostor(std::function<void(int)> serve)
        : thread_{[this, serve = std::move(serve)] {
              pollfd waiting{listener_.fd(), POLLIN, 0};
              if (::poll(&waiting, 1, 5000) != 1) return;
              const unique_fd client(
                  ::accept4(listener_.fd(), nullptr, nullptr, SOCK_CLOEXEC));
              serve(client.get());
          }} {}
    /// One who gives these answers, each when something has come.
    static impostor with(std::vector<std::string> answers) {
        return impostor([answers = std::move(answers)](int client) {
            char question[1000];
            for (const std::string& text : answers) {
                if (::recv(client, question, sizeof question, 0) <= 0) return;
                ::send(client, text.data(), text.size(), MSG_NOSIGNAL);
            }
            ::recv(client, question, sizeof question, 0);  // until it hangs up
        });
    }
    int port() const {
        const std::string name = name_of(listener_.fd());
        return std::stoi(name.substr(name.rfind(':') + 1));
    }
    redis connection(std::chrono::milliseconds limit = patience / 2) const {
        return redis("127.0.0.1", port(), limit);
    }

private:
    listener listener_{"127.0.0.1:0"};
    std::jthread thread_;
};

/// What it says when it throws.
template <class Work>
std::string error_of(Work work) {
    try {
        work();
        return "";
    } catch (const std::exception& error) {
        return error.what();
    }
}

}  // namespace

TEST_SUITE("lab") {
    TEST_CASE("header: what one connection stores another one loads") {
        if (!has_server()) return;
        const server s;
        redis one = s.connection(), two = s.connection();
        CHECK(text(two) == "Foo(0, 0)");
        store(one, key, {31337, -98});
        CHECK(text(two) == "Foo(31337, -98)");
        store(one, key,
              {std::numeric_limits<int>::min(), std::numeric_limits<int>::max()});
        CHECK(text(two) == "Foo(-2147483648, 2147483647)");
        two.ask({"DEL", key});
        two.ask({"HSET", key, "baz", "2", "bar", "1"});  // in the other order
        CHECK(text(one) == "Foo(1, 2)");
    }

    TEST_CASE("header: what is no foo is refused and left as it is") {
        if (!has_server()) return;
        const server s;
        redis to = s.connection();
        const std::vector<std::vector<std::string>> others{
            {"HSET", key, "bar", "1"},
            {"HSET", key, "bar", "1", "baz", "2147483648"},
            {"HSET", key, "bar", "", "baz", "2"},
            {"HSET", key, "bar", "1 ", "baz", "2"},
            {"HSET", key, "bar", "1", "boz", "2"},
            {"HSET", key, "bar", "1", "baz", "2", "boz", "3"}};
        for (const auto& words : others) {
            to.ask({"DEL", key});
            to.ask(words);
            const std::vector<std::string> before = texts(to.ask({"HGETALL", key}));
            CHECK(error_of([&] { load(to, key); }) == "\"suchfoo\" holds no foo");
            CHECK(error_of([&] { update(to, key, [](foo& f) { f.bar = 1; }); }) ==
                  "\"suchfoo\" holds no foo");
            CHECK(texts(to.ask({"HGETALL", key})) == before);
        }
        to.ask({"DEL", key});
        to.ask({"SET", key, "42"});
        CHECK(error_of([&] { load(to, key); }).find("WRONGTYPE") != std::string::npos);
    }

    TEST_CASE("header: a change by somebody else in between is not lost") {
        if (!has_server()) return;
        const server s;
        redis ours = s.connection(), theirs = s.connection();
        store(ours, key, {42, 98});
        int calls = 0;
        update(ours, key, [&](foo& f) {
            if (++calls == 1) store(theirs, key, {50, 98});
            f.bar += 1;
        });
        CHECK(calls == 2);
        CHECK(text(ours) == "Foo(51, 98)");
    }

    TEST_CASE("header: who never gets through gives up in the end") {
        if (!has_server()) return;
        const server s;
        redis ours = s.connection(), theirs = s.connection();
        int calls = 0;
        const auto changed_by_another = [&](foo&) {
            const foo next{++calls, 0};
            store(theirs, key, next);
        };
        const auto never = [&] { update(ours, key, changed_by_another, 5); };
        CHECK(error_of(never) == "\"suchfoo\" is changed by others all the time");
        CHECK(calls == 5);
        CHECK(text(ours) == "Foo(5, 0)");
    }

    TEST_CASE("header: a change that throws stores nothing and leaves nothing begun") {
        if (!has_server()) return;
        const server s;
        redis ours = s.connection(), theirs = s.connection();
        store(ours, key, {42, 98});
        CHECK(error_of([&] {
                  update(ours, key, [](foo&) { throw std::runtime_error("no"); });
              }) == "no");
        store(theirs, key, {43, 98});
        int calls = 0;  // a watch that was left behind would make it two
        update(ours, key, [&](foo& f) { f.bar += ++calls; });
        CHECK(calls == 1);
        CHECK(text(theirs) == "Foo(44, 98)");
    }

    TEST_CASE("program: two sessions see what either of them changes") {
        if (!has_server()) return;
        const server s;
        child one = session(s), two = session(s);
        any_foo f;
        f.bar &= 0xffffff;  // with room for what is added
        one.write("f.bar = " + std::to_string(f.bar) + "\nf.bar\n");
        CHECK(one.read_line() == std::to_string(f.bar));
        two.write("f.baz = " + std::to_string(f.baz) + "\nf\n");
        CHECK(two.read_line() == foo_text(f));
        one.write("f\nbytes(f)\nlen(f)\nadd 5\nf.bar\n");
        CHECK(one.read_line() == foo_text(f));
        CHECK(one.read_line() == hex(foo_bytes(f)));
        CHECK(one.read_line() == "8");
        CHECK(one.read_line() == std::to_string(f.bar + 5));
        one.write("maps\n");
        CHECK(one.read_error_line() ==
              "23_beyond_one_machine: it is in no memory of this process");
        CHECK(one.wait().how == "exit status 0");
    }
}

TEST_CASE("program: four add at once and none is lost" * doctest::test_suite("lab")) {
    if (!has_server()) return;
    const server s;
    std::vector<child> all;
    const int times = 200 + (drawn() & 63);
    for (int i = 0; i < 4; ++i) {
        all.push_back(session(s));
        all.back().write("add " + std::to_string(times) + "\n");
    }
    for (child& one : all) {
        const ended result = one.wait();
        CHECK(result.how == "exit status 0");
        CHECK(result.err == "");
    }
    redis to = s.connection();
    CHECK(text(to) == "Foo(" + std::to_string(4 * times) + ", 0)");
}

TEST_CASE("header: a server that is stopped is not waited for and comes back") {
    if (!has_server()) return;
    ::alarm(20);  // whoever waits for ever is killed
    server s;
    redis to = s.connection(std::chrono::milliseconds{100}), other = s.connection();
    store(other, key, {42, 98});
    to.ask({"SET", "another", "answer"});
    s.send(SIGSTOP);
    const std::vector<std::string> words{"GET", "another"};
    const std::string error = error_of([&] { to.ask(words); });
    CHECK(error.find("no answer in time") != std::string::npos);
    s.send(SIGCONT);
    CHECK(eventually([&] { return error_of([&] { load(to, key); }).empty(); }));
    CHECK(text(to) == "Foo(42, 98)");  // and not what was asked before
    ::alarm(0);
}

TEST_CASE(
    "program: a server that is absent or dies is a line and the session goes on") {
    if (!has_server()) return;
    server s;
    child talk = session(s);
    talk.write("f.bar = 42\nf\n");
    CHECK(talk.read_line() == "Foo(42, 0)");
    s.kill();
    talk.write("f\n");
    const std::string where =
        "23_beyond_one_machine: 127.0.0.1:" + std::to_string(s.port());
    CHECK(talk.read_error_line().starts_with(where + ": "));
    talk.write("f.bar = 43\n");
    CHECK(talk.read_error_line() == where + ": Connection refused");
    s.start();
    talk.write("f\n");  // it was in memory only
    CHECK(talk.read_line() == "Foo(0, 0)");
    CHECK(talk.wait().how == "exit status 0");
}

TEST_CASE("header: answers of another kind are not taken for good ones") {
    for (const std::string wrong : {"+OK\r\n", ":5\r\n", "$-1\r\n"}) {
        const impostor server = impostor::with({wrong});
        redis to = server.connection();
        CHECK(error_of([&] { load(to, key); }) == "no list came for \"suchfoo\"");
    }
    const std::vector<std::string> before{"+OK\r\n", "*0\r\n", "+OK\r\n",
                                          "+QUEUED\r\n"};
    for (const std::string wrong : {"*1\r\n-ERR refused\r\n", "+OK\r\n", "*0\r\n"}) {
        std::vector<std::string> all = before;
        all.push_back(wrong);
        const impostor server = impostor::with(all);
        redis to = server.connection();
        CHECK(error_of([&] { update(to, key, [](foo& f) { f.bar = 1; }); }) ==
              "\"suchfoo\" could not be stored");
    }
}

TEST_CASE("header: an answer that comes byte by byte has one limit for all of it") {
    const impostor server([](int client) {
        char question[1000];
        ::recv(client, question, sizeof question, 0);
        for (const char byte : "+" + std::string(100, 'x') + "\r\n") {
            if (::send(client, &byte, 1, MSG_NOSIGNAL) != 1) return;
            ::usleep(20'000);
        }
    });
    redis to = server.connection(std::chrono::milliseconds{200});
    CHECK(error_of([&] { to.ask({"PING"}); }).find("no answer in time") !=
          std::string::npos);
}

TEST_CASE("program: a connection that is reset is a line") {
    const impostor server([](int client) {
        char question[1000];
        ::recv(client, question, sizeof question, 0);
        ::send(client, "*0\r\n", 4, MSG_NOSIGNAL);
        ::shutdown(client, SHUT_WR);
        ::usleep(50'000);  // so that the end comes first, and the reset after it
        const linger now{1, 0};
        ::setsockopt(client, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    });
    child talk({program, "127.0.0.1", std::to_string(server.port()), key});
    talk.write("f\n");
    CHECK(talk.read_line() == "Foo(0, 0)");
    ::usleep(200'000);
    talk.write("f\n");
    CHECK(talk.read_error_line().starts_with("23_beyond_one_machine: 127.0.0.1:"));
    CHECK(talk.wait().how == "exit status 0");
}

TEST_CASE("program: what is as large as an int can be is not added to") {
    if (!has_server()) return;
    const server s;
    child talk = session(s);
    for (const std::string command : {"add", "add-unsafely"}) {
        talk.write("f.bar = 2147483647\n" + command + " 1\nf\n");
        CHECK(talk.read_error_line() ==
              "23_beyond_one_machine: bar is as large as an int can be");
        CHECK(talk.read_line() == "Foo(2147483647, 0)");
        talk.write(command + " -1\n");
        CHECK(talk.read_error_line() == "23_beyond_one_machine: N is 0 or more");
    }
}

TEST_CASE("program: an answer that is an error is a line") {
    if (!has_server()) return;
    const server s;
    redis to = s.connection();
    to.ask({"SET", key, "42"});
    child talk = session(s);
    for (const std::string command : {"f", "f.bar = 1", "add 1"}) {
        talk.write(command + "\n");
        CHECK(talk.read_error_line().find("WRONGTYPE") != std::string::npos);
    }
    to.ask({"DEL", key});
    talk.write("f\n");
    CHECK(talk.read_line() == "Foo(0, 0)");
    to.ask({"CONFIG", "SET", "requirepass", "secret"});
    child stranger = session(s);
    stranger.write("f\n");
    CHECK(stranger.read_error_line().find("NOAUTH") != std::string::npos);
}

TEST_CASE("fact: what is killed has lost what it did not append to a file") {
    if (!has_server()) return;
    server forgets;
    server keeps({"--appendonly", "yes", "--appendfsync", "always"});
    for (server* s : {&forgets, &keeps}) {
        redis to = s->connection();
        store(to, key, {42, 98});
        s->kill();
        s->start();
    }
    redis one = forgets.connection(), two = keeps.connection();
    CHECK(text(one) == "Foo(0, 0)");
    CHECK(text(two) == "Foo(42, 98)");
}

TEST_CASE("fact: a number in Redis may be larger than an int") {
    if (!has_server()) return;
    const server s;
    redis to = s.connection();
    store(to, key, {std::numeric_limits<int>::max(), 0});
    to.ask({"HINCRBY", key, "bar", "1"});  // it does not mind
    CHECK(error_of([&] { load(to, key); }) == "\"suchfoo\" holds no foo");
}

TEST_CASE("stress: a write that was acknowledged is gone when a replica takes over" *
          doctest::skip()) {
    if (!has_server()) return;
    server first;
    redis to = first.connection();
    store(to, key, {42, 98});
    server second(
        {"--save", "", "--replicaof", "127.0.0.1 " + std::to_string(first.port())});
    const auto info = [](redis& from) {
        const answer said = from.ask({"INFO", "replication"});
        return std::string(said->str, said->len);
    };
    REQUIRE(
        eventually([&] { return info(to).find("state=online") != std::string::npos; }));
    temporary_directory folder;
    write_file(folder / "sentinel.conf",
               "port " + std::to_string(free_port()) + "\nbind 127.0.0.1\ndir " +
                   folder.path() + "\nsentinel monitor foo 127.0.0.1 " +
                   std::to_string(first.port()) +
                   " 1\nsentinel down-after-milliseconds foo 300\n"
                   "sentinel failover-timeout foo 3000\n");
    child sentinel({tool_path("redis-server"), folder / "sentinel.conf", "--sentinel",
                    "--logfile", folder / "log"});
    REQUIRE(eventually([&] {  // that it knows of the second one
        return read_file(folder / "log").find("+slave slave") != std::string::npos;
    }));
    second.send(SIGSTOP);
    to.ask({"CLIENT", "KILL", "TYPE", "replica"});
    CHECK(store(to, key, {43, 98})->type != REDIS_REPLY_ERROR);  // acknowledged
    CHECK(to.ask({"WAIT", "1", "50"})->integer == 0);            // by nobody else
    first.kill();
    second.send(SIGCONT);
    redis other = second.connection();
    const auto leads = [&] {
        try {
            return info(other).find("role:master") != std::string::npos;
        } catch (const std::exception&) {
            return false;  // who is promoted drops its clients
        }
    };
    REQUIRE(eventually(leads));
    CHECK(text(other) == "Foo(42, 98)");
}

TEST_CASE("program: a wrong command line says what is wrong") {
    const std::string usage = "usage: 23_beyond_one_machine HOST PORT KEY\n";
    CHECK(run({program}).err == usage);
    CHECK(run({program, "localhost", "6399"}).how == "exit status 2");
    CHECK(run({program, "localhost", "0", key}).err ==
          "23_beyond_one_machine: PORT is from 1 to 65535\n" + usage);
    CHECK(run({program, "localhost", "x", key}).err ==
          "23_beyond_one_machine: \"x\" is not an int\n" + usage);
}
