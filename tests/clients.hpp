// clients.hpp: what the tests of servers share: a server that runs, and clients of bare
// bytes.
#pragma once

#include <sys/socket.h>
#include <sys/time.h>

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "common/address.hpp"
#include "common/unique_fd.hpp"
#include "tests/support.hpp"

// Bytes written out by hand: what the tests send and expect does not go through the
// functions under test.
inline const std::string get_bytes("FOO1G\0\0\0\0\0\0\0\0\0\0\0", 16);
inline const std::string set_bytes("FOO1S\0\0\0\0\0\x7a\x69\xff\xff\xff\xff",
                                   16);  // 31337, -1
inline const std::string foo_answer("FOO1F\0\0\0\0\0\x7a\x69\xff\xff\xff\xff",
                                    16);  // 31337, -1
inline const std::string start_answer("FOO1F\0\0\0\0\0\0\x2a\0\0\0\x62", 16);  // 42, 98
inline const std::string error_answer("FOO1E\0\0\0\0\0\0\0\0\0\0\0", 16);

/// A message of `kind` that carries `f`, most significant bytes first.
inline std::string message_of(char kind, const any_foo& f) {
    std::string bytes("FOO1.\0\0\0", 8);
    bytes[4] = kind;
    for (const int field : {f.bar, f.baz}) {
        for (int shift = 24; shift >= 0; shift -= 8)
            bytes += static_cast<char>(static_cast<unsigned>(field) >> shift);
    }
    return bytes;
}

/// A file with Foo(42, 98), and a server on it.
struct running_server {
    temporary_directory directory;
    std::string path = directory / "foo";
    child process;
    std::string address;

    /// `words`: the server's program and what it is started by. Port 0 is any free one.
    explicit running_server(std::vector<std::string> words,
                            const std::string& listen_on = "127.0.0.1:0")
        : process(start(std::move(words), listen_on)), address(process.read_line()) {
        const std::string start = "listening on ";
        REQUIRE(address.substr(0, start.size()) == start);
        address.erase(0, start.size());
    }
    child start(std::vector<std::string> words, const std::string& listen_on) {
        write_file(path, foo_bytes(42, 98));
        words.insert(words.end(), {"serve", listen_on, path});
        return child(words);
    }
};

/// A client of bare bytes.
class raw_client {
public:
    explicit raw_client(const std::string& address) {
        const socket_address to = resolve(address).at(0);
        fd_ = unique_fd(check(
            ::socket(to.get()->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket"));
        check(::connect(fd_.get(), to.get(), to.size), "connect", address);
        const timeval limit{patience.count(), 0};
        check(::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit),
              "setsockopt");
    }
    void send(const std::string& bytes) {
        check(::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL), "send");
    }
    /// The next `count` bytes, or as many as came before the end of the stream.
    std::string receive(std::size_t count) {
        std::string bytes(count, '\0');
        const ssize_t n =
            check(::recv(fd_.get(), bytes.data(), count, MSG_WAITALL), "recv");
        bytes.resize(static_cast<std::size_t>(n));
        return bytes;
    }
    bool at_end() { return receive(1).empty(); }
    void end_sending() { check(::shutdown(fd_.get(), SHUT_WR), "shutdown"); }
    /// Closes with a reset instead of an orderly end.
    void reset() {
        const linger now{1, 0};
        check(::setsockopt(fd_.get(), SOL_SOCKET, SO_LINGER, &now, sizeof now),
              "setsockopt");
        fd_ = unique_fd{};
    }
    int fd() const { return fd_.get(); }

private:
    unique_fd fd_;
};

/// A refusal: one line on standard error, which holds `why`, and status 1.
inline void check_refusal(const ended& result, const std::string& program,
                          const std::string& why) {
    CHECK(result.how == "exit status 1");
    CHECK(result.out == "");
    CHECK(count_lines(result.err) == 1);
    CHECK(result.err.starts_with(program + ": "));
    CHECK(result.err.find(why) != std::string::npos);
}
