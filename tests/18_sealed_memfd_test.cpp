// Tests of 18_sealed_memfd: a sender who wants to do harm, memory that is something
// else, and what is open and mapped afterwards.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <string>
#include <system_error>
#include <vector>

#include "08_socket/client.hpp"
#include "08_socket/listener.hpp"
#include "18_sealed_memfd/fd_passing.hpp"
#include "18_sealed_memfd/peer.hpp"
#include "18_sealed_memfd/sealed_foo.hpp"
#include "tests/stepper.hpp"

namespace {

const std::string program = program_path("18_sealed_memfd");

time_point soon() {
    return std::chrono::steady_clock::now() + patience;
}

/// Two sockets that are connected to each other.
struct connected {
    unique_fd here, there;
    connected() {
        int both[2];
        check(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, both), "socketpair");
        here = unique_fd(both[0]);
        there = unique_fd(both[1]);
    }
};

/// What is said of `count` descriptors. Room for one is padded to whole words: where
/// these have 8 bytes, two find room, and the kernel says nothing of having cut off.
std::string refusal_of(std::size_t count) {
    const std::size_t room = (CMSG_SPACE(sizeof(int)) - CMSG_LEN(0)) / sizeof(int);
    return "one descriptor was to come, and not " +
           (count <= room ? std::to_string(count) : std::to_string(room) + " and more");
}

/// Sends `fds` with one byte, as nobody would who means well.
void send_all(int socket, const std::vector<int>& fds) {
    char byte = 'f';
    iovec data{&byte, 1};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(253 * sizeof(int))> control{};
    msghdr message{};
    message.msg_iov = &data;
    message.msg_iovlen = 1;
    if (!fds.empty()) {
        const std::size_t size = fds.size() * sizeof(int);
        message.msg_control = control.data();
        message.msg_controllen = CMSG_SPACE(size);
        cmsghdr* const header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(size);
        std::memcpy(CMSG_DATA(header), fds.data(), size);
    }
    check(::sendmsg(socket, &message, MSG_NOSIGNAL), "sendmsg");
}

unique_fd memory_of(off_t size, int seals) {
    unique_fd memory(check(::memfd_create("suchfoo", MFD_CLOEXEC | MFD_ALLOW_SEALING),
                           "memfd_create"));
    check(::ftruncate(memory.get(), size), "ftruncate");
    if (seals != 0) seal(memory.get(), seals);
    return memory;
}

unique_fd opened(const std::string& path, int flags) {
    return unique_fd(
        check(::open(path.c_str(), flags | O_CLOEXEC, 0600), "open", path));
}

/// What foo_from_sealed says of it, "taken" if nothing.
std::string told_of(int fd) {
    try {
        const received_foo came = foo_from_sealed(fd);
        return came.read_only ? "taken, to be read only" : "taken";
    } catch (const std::exception& error) {
        return error.what();
    }
}

bool is_mapped_here() {
    return is_mapped("/memfd:suchfoo");
}

/// What receive_fd says.
std::string told_by(int socket) {
    try {
        const unique_fd fd = receive_fd(socket, soon());
        return ::fcntl(fd.get(), F_GETFD) == FD_CLOEXEC ? "one"
                                                        : "one, and survives exec";
    } catch (const std::exception& error) {
        return error.what();
    }
}

const std::string unsealed = "what has come is not sealed: it could be cut";
const std::string no_memory = "what has come is no memory that can be sealed";

/// A server that listens at `path` and does `serve(socket)` with the first who
/// connects.
template <class Serve>
ended attach_to(const std::string& path, Serve serve) {
    const listener l("unix:" + path);
    child client({program, "attach", path});
    wait_for(l.fd(), POLLIN, soon());
    const unique_fd socket(
        check(::accept4(l.fd(), nullptr, nullptr, SOCK_CLOEXEC), "accept"));
    serve(socket.get());
    ended result = client.wait();
    return result;
}

}  // namespace

TEST_SUITE("lab") {
    TEST_CASE("header: one descriptor is taken and closed on exec") {
        const connected sockets;
        const unique_fd memory = new_memory();
        send_fd(sockets.there.get(), memory.get());
        const std::size_t before = open_descriptors();
        CHECK(told_by(sockets.here.get()) == "one");
        CHECK(open_descriptors() == before);
        send_fd(sockets.there.get(), memory.get());
        const unique_fd came = receive_fd(sockets.here.get(), soon());
        struct stat sent = {}, got = {};
        REQUIRE(::fstat(memory.get(), &sent) == 0);
        REQUIRE(::fstat(came.get(), &got) == 0);
        CHECK(sent.st_ino == got.st_ino);
    }

    TEST_CASE("header: none or more than one is refused and nothing stays open") {
        const unique_fd null = opened("/dev/null", O_RDONLY);
        const auto told = [&](std::size_t count) {
            const connected sockets;
            send_all(sockets.there.get(), std::vector<int>(count, null.get()));
            const std::size_t before = open_descriptors();
            const std::string result = told_by(sockets.here.get());
            CHECK(open_descriptors() == before);
            return result;
        };
        CHECK(told(0) == refusal_of(0));
        CHECK(told(1) == "one");
        for (const std::size_t count : {2, 3, 253})
            CHECK(told(count) == refusal_of(count));
    }

    TEST_CASE("header: a sender who has gone or says nothing is no descriptor") {
        connected sockets;
        CHECK_THROWS_AS(
            receive_fd(sockets.here.get(), std::chrono::steady_clock::now()),
            std::system_error);
        sockets.there = unique_fd{};
        CHECK(told_by(sockets.here.get()) == "the other side has gone");
    }

    TEST_CASE("header: what is sealed and has the right size is taken") {
        CHECK(told_of(memory_of(8, size_seals).get()) == "taken");
        CHECK(told_of(memory_of(8, size_seals | F_SEAL_FUTURE_WRITE).get()) ==
              "taken, to be read only");
        CHECK(told_of(memory_of(8, size_seals | F_SEAL_WRITE).get()) ==
              "taken, to be read only");
        CHECK_FALSE(is_mapped_here());
    }

    TEST_CASE("header: what could be cut is refused and not mapped") {
        for (const int seals : {0, F_SEAL_SHRINK, F_SEAL_SHRINK | F_SEAL_GROW,
                                F_SEAL_GROW | F_SEAL_SEAL, int{F_SEAL_SEAL}}) {
            CAPTURE(seals);
            const unique_fd memory = memory_of(8, seals);
            CHECK(told_of(memory.get()) == unsealed);
            CHECK_FALSE(is_mapped_here());
        }
        CHECK(told_of(memory_of(0, size_seals).get()) ==
              "what has come has 0 bytes, not the 8 of a foo");
        CHECK(told_of(memory_of(7, size_seals).get()) ==
              "what has come has 7 bytes, not the 8 of a foo");
        CHECK(told_of(memory_of(4096, size_seals).get()) ==
              "what has come has 4096 bytes, not the 8 of a foo");
    }

    TEST_CASE("header: what is something else is refused") {
        const temporary_directory directory;
        REQUIRE(::mkfifo((directory / "fifo").c_str(), 0600) == 0);
        write_file(directory / "file", foo_bytes(42, 98));
        CHECK(told_of(opened(directory / "fifo", O_RDWR).get()) == no_memory);
        CHECK(told_of(opened(directory.path(), O_RDONLY).get()) == no_memory);
        CHECK(told_of(opened("/dev/zero", O_RDWR).get()) == no_memory);
        // A file on a disk has no seals; one on a tmpfs may have, and has none.
        const std::string file = told_of(opened(directory / "file", O_RDWR).get());
        CHECK((file == no_memory || file == unsealed));
        CHECK(told_of(opened(directory / "file", O_PATH).get()) ==
              "fcntl \"F_GET_SEALS\": Bad file descriptor");
        const unique_fd plain(::memfd_create("plain", MFD_CLOEXEC));
        reserve(plain.get(), 8, "plain");
        CHECK(told_of(plain.get()) == unsealed);
    }

    TEST_CASE("program: both sides see what either of them changes") {
        const temporary_directory directory;
        child server({program, "serve", directory / "socket"});
        CHECK(server.read_line() == "listening on unix:" + (directory / "socket"));
        child client({program, "attach", directory / "socket"});
        struct stat socket = {};
        check(::stat((directory / "socket").c_str(), &socket), "stat");
        const std::string from = client.read_line();
        // A grader starts it in a process namespace of its own.
        if (std::getenv("SUCHFOO_PROGRAMS") == nullptr)
            CHECK(from.find(" " + std::to_string(server.pid()) + " ") != from.npos);
        CHECK(from.starts_with("from process "));
        CHECK(from.ends_with(" of user " + std::to_string(socket.st_uid)));
        const any_foo f;
        server.write("f.bar = " + std::to_string(f.bar) + "\nf.bar\n");
        CHECK(server.read_line() == std::to_string(f.bar));
        client.write("f.baz = " + std::to_string(f.baz) + "\nf\n");
        CHECK(client.read_line() == foo_text(f));
        server.write("f\n");
        CHECK(server.read_line() == foo_text(f));
        CHECK(client.wait().how == "exit status 0");
        CHECK(server.wait().how == "exit status 0");
        CHECK(directory.names() == "");
    }

    TEST_CASE("program: what is to be read only is not changed") {
        const temporary_directory directory;
        child server({program, "serve", directory / "socket", "--read-only"});
        server.read_line();
        child client({program, "attach", directory / "socket"});
        CHECK(client.read_line().ends_with(", to be read only"));
        const std::string bar = std::to_string(drawn());
        server.write("f.bar = " + bar + "\nf.bar\n");
        CHECK(server.read_line() == bar);
        client.write("f.bar = 1\nf\n");
        CHECK(client.read_line() == "Foo(" + bar + ", 0)");
        const ended result = client.wait();
        CHECK(result.how == "exit status 0");
        CHECK(result.err == "18_sealed_memfd: this Foo is to be read only\n");
    }
}

TEST_CASE("header: memory that is cut at any moment is never taken and then cut") {
    if (!may_step()) return;
    const shared<int> told;  // 1: taken, and read; 2: refused
    bool more = true;
    for (int point = 0; more; ++point) {
        CAPTURE(point);
        const unique_fd memory = memory_of(8, 0);
        *told = 0;
        stepper taker([&] {
            try {
                const received_foo came = foo_from_sealed(memory.get());
                *told = came.f.bar() == 0 ? 1 : 3;
            } catch (const std::exception&) {
                *told = 2;
            }
        });
        for (int i = 0; i < point && more; ++i) more = taker.step_to_call();
        check(::ftruncate(memory.get(), 0), "ftruncate");
        seal(memory.get(), size_seals);
        CHECK(describe_status(taker.finish()) == "exit status 0");  // no SIGBUS
        CHECK(*told == 2);
    }
}

TEST_CASE("header: new memory has its room and no name") {
    const unique_fd memory = new_memory();
    struct stat status = {};
    REQUIRE(::fstat(memory.get(), &status) == 0);
    CHECK(status.st_size == 8);
    CHECK(status.st_blocks > 0);
    CHECK(status.st_nlink == 0);
    CHECK(::fcntl(memory.get(), F_GETFD) == FD_CLOEXEC);
    CHECK(::fcntl(memory.get(), F_GET_SEALS) == 0);
    seal(memory.get(), size_seals);
    CHECK(::ftruncate(memory.get(), 4) == -1);
    CHECK(::ftruncate(memory.get(), 4096) == -1);
    CHECK(::fcntl(memory.get(), F_ADD_SEALS, F_SEAL_WRITE) == -1);
}

TEST_CASE("header: nothing survives an exec") {
    if (!may_step()) return;
    CHECK(survivors_of_exec([] {
              const connected sockets;
              send_fd(sockets.there.get(), new_memory().get());
              receive_fd(sockets.here.get(), soon());
          }) == "");
}

// Weighs 2.
TEST_CASE("program: a sender who means harm is one line and leaves nothing" *
          doctest::test_suite("lab")) {
    const temporary_directory directory;
    const std::string path = directory / "socket";
    const unique_fd zero = opened("/dev/zero", O_RDWR);
    const unique_fd open_to_cuts = memory_of(8, 0);
    const unique_fd empty = memory_of(0, size_seals);
    const auto refused = [&](const std::string& says, const std::vector<int>& fds) {
        const ended result =
            attach_to(path, [&](int socket) { send_all(socket, fds); });
        CHECK(result.how == "exit status 1");
        CHECK(result.out == "");
        CHECK(result.err == "18_sealed_memfd: " + says + "\n");
    };
    refused(refusal_of(0), {});
    refused(refusal_of(2), {zero.get(), zero.get()});
    refused(refusal_of(253), std::vector<int>(253, zero.get()));
    refused(no_memory, {zero.get()});
    refused(unsealed, {open_to_cuts.get()});
    refused("what has come has 0 bytes, not the 8 of a foo", {empty.get()});
}

TEST_CASE("limit: a server that gives nothing is left after two seconds" *
          doctest::skip()) {
    const temporary_directory directory;
    const ended result = attach_to(directory / "socket", [](int) {});
    CHECK(result.how == "exit status 1");
    CHECK(result.err == "18_sealed_memfd: poll: Connection timed out (ETIMEDOUT)\n");
}

TEST_CASE("header: whoever has no room for a descriptor says so") {
#ifdef SUCHFOO_SANITIZED
    return skip("UBSan looks at exceptions by way of a file");
#endif
    const connected sockets;
    const unique_fd memory = new_memory();
    send_fd(sockets.there.get(), memory.get());
    rlimit usual{};
    check(::getrlimit(RLIMIT_NOFILE, &usual), "getrlimit");
    const auto next_free = static_cast<rlim_t>(unique_fd(::dup(memory.get())).get());
    const rlimit none_left{next_free, usual.rlim_max};
    check(::setrlimit(RLIMIT_NOFILE, &none_left), "setrlimit");
    const std::string told = told_by(sockets.here.get());
    check(::setrlimit(RLIMIT_NOFILE, &usual), "setrlimit");
    CHECK(told == "one descriptor was to come, and not 0 and more");
}

TEST_CASE("program: the server goes on whatever a client does") {
    const temporary_directory directory;
    child server({program, "serve", directory / "socket"});
    server.read_line();
    for (int i = 0; i < 20; ++i)
        connect_to("unix:" + (directory / "socket"), soon());  // and gone at once
    child client({program, "attach", directory / "socket"});
    CHECK(client.read_line().starts_with("from process "));
    const ended taken = run({program, "serve", directory / "socket"});
    CHECK(taken.how == "exit status 1");
    CHECK(taken.err.find("EADDRINUSE") != std::string::npos);
    server.write("f\n");
    CHECK(server.read_line() == "Foo(0, 0)");
}

TEST_CASE("program: another user is not given the memory") {
    if (::geteuid() != 0) return skip("only root can become another user");
    const temporary_directory directory;
    child server({program, "serve", directory / "socket"});
    server.read_line();
    REQUIRE(::chmod((directory / "socket").c_str(), 0666) == 0);
    const ended result =
        run(as_another_user({program, "attach", directory / "socket"}));
    CHECK(result.how == "exit status 1");
    CHECK(result.err == "18_sealed_memfd: the other side has gone\n");
    const std::string line = server.read_error_line();
    CHECK(line.starts_with("18_sealed_memfd: refused process "));
    CHECK(line.ends_with(" of user 65534"));
}

TEST_CASE("program: a wrong command line says what is wrong") {
    const std::string usage =
        "usage: 18_sealed_memfd serve SOCKET [--read-only]\n"
        "       18_sealed_memfd attach SOCKET\n";
    for (const std::vector<std::string>& words :
         {std::vector<std::string>{program},
          {program, "serve"},
          {program, "attach", "a", "--read-only"},
          {program, "take", "a"}}) {
        const ended result = run(words);
        CHECK(result.how == "exit status 2");
        CHECK(result.err == usage);
    }
    const temporary_directory directory;
    CHECK(run({program, "attach", directory / "none"}).err ==
          "18_sealed_memfd: connect \"unix:" + (directory / "none") +
              "\": No such file or directory (ENOENT)\n");
}

TEST_CASE("fact: what is sealed may still be written by who had it mapped before") {
    const unique_fd memory = new_memory();
    const mapped<foo> before = map_shared<foo>(memory.get(), "memfd");
    CHECK(::fcntl(memory.get(), F_ADD_SEALS, F_SEAL_WRITE) == -1);
    CHECK(errno == EBUSY);  // somebody may write
    seal(memory.get(), F_SEAL_FUTURE_WRITE);
    before->bar = 42;
    CHECK(::pwrite(memory.get(), "x", 1, 0) == -1);
    CHECK(errno == EPERM);
    CHECK(::mmap(nullptr, 8, PROT_READ | PROT_WRITE, MAP_SHARED, memory.get(), 0) ==
          MAP_FAILED);
    CHECK(errno == EPERM);
    void* const seen = ::mmap(nullptr, 8, PROT_READ, MAP_SHARED, memory.get(), 0);
    REQUIRE(seen != MAP_FAILED);
    CHECK(static_cast<const foo*>(seen)->bar == 42);
    CHECK(::mprotect(seen, 8, PROT_READ | PROT_WRITE) == -1);
    CHECK(errno == EACCES);
    ::munmap(seen, 8);
}

TEST_CASE("fact: a descriptor to be read only can be opened for writing again") {
    const unique_fd memory = memory_of(8, size_seals);
    const std::string path = "/proc/self/fd/" + std::to_string(memory.get());
    const unique_fd reader = opened(path, O_RDONLY);
    CHECK(::mmap(nullptr, 8, PROT_READ | PROT_WRITE, MAP_SHARED, reader.get(), 0) ==
          MAP_FAILED);
    CHECK(errno == EACCES);
    const std::string again = "/proc/self/fd/" + std::to_string(reader.get());
    CHECK(opened(again, O_RDWR).get() != -1);  // so the seal is what counts
}

TEST_CASE("fact: our own user reaches the memory through /proc") {
    const unique_fd memory = new_memory();
    const mapped<foo> ours = map_shared<foo>(memory.get(), "memfd");
    const std::string path =
        "/proc/" + std::to_string(::getpid()) + "/fd/" + std::to_string(memory.get());
    const ended result =
        run({"sh", "-c", "printf '\\052\\000\\000\\000' > \"$0\"", path});
    CHECK(result.how == "exit status 0");
    CHECK(ours->bar == 42);
    if (::geteuid() != 0) return;
    CHECK(run({"setpriv", "--reuid=65534", "--clear-groups", "cat", path})
              .err.find("Permission denied") != std::string::npos);
}
