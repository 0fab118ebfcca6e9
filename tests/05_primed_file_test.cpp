// Tests of 05_primed_file: a file that is created whole, and the guard before a
// mapping.
#include "05_primed_file/prime_file.hpp"
#include "05_primed_file/primed_file.hpp"

#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <filesystem>
#include <iostream>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "tests/stepper.hpp"

namespace {

const std::string program = program_path("05_primed_file");

/// While one exists, no file of this process can grow past `bytes`.
class file_size_limit {
public:
    explicit file_size_limit(rlim_t bytes) {
        check(::getrlimit(RLIMIT_FSIZE, &usual_), "getrlimit");
        std::signal(SIGXFSZ, SIG_IGN);
        const rlimit small{bytes, usual_.rlim_max};
        check(::setrlimit(RLIMIT_FSIZE, &small), "setrlimit");
    }
    file_size_limit(const file_size_limit&) = delete;
    file_size_limit& operator=(const file_size_limit&) = delete;
    ~file_size_limit() { ::setrlimit(RLIMIT_FSIZE, &usual_); }

private:
    rlimit usual_{};
};

std::string refusal(const std::string& path) {
    try {
        foo_from_primed_file(path);
    } catch (const std::exception& error) {
        return error.what();
    }
    return "nothing was thrown";
}

/// From now on openat(2) with O_TMPFILE fails with EOPNOTSUPP in this process, as on a
/// file system that does not know it (seccomp(2)).
void refuse_unnamed_files() {
    constexpr std::uint32_t flags = offsetof(seccomp_data, args) + 2 * sizeof(__u64);
    sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat, 0, 3),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, flags),
        BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, O_TMPFILE & ~O_DIRECTORY, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EOPNOTSUPP),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    const sock_fprog all{std::size(filter), filter};
    check(::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "prctl");
    check(::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &all), "prctl");
}

}  // namespace

TEST_CASE("dying: maps a primed file that is then truncated" * doctest::skip()) {
    const temporary_directory directory;
    prime_file(directory / "foo", Foo(42, 98));
    const Foo f = foo_from_primed_file(directory / "foo");
    std::filesystem::resize_file(directory / "foo", 0);
    std::filesystem::remove_all(directory.path());
    std::cout << f;
}

TEST_SUITE("lab") {
    TEST_CASE("header: prime_file creates the eight bytes and nothing beside them") {
        const temporary_directory directory;
        prime_file(directory / "foo", Foo(42, 98));
        CHECK(read_file(directory / "foo") == foo_bytes(42, 98));
        CHECK(directory.names() == "foo ");
    }

    TEST_CASE("header: a primed file is its owner's alone") {
        const temporary_directory directory;
        const mode_t usual = ::umask(0);
        prime_file(directory / "foo", Foo(42, 98));
        ::umask(usual);
        CHECK(mode_of(directory / "foo") == "0600");
    }

    TEST_CASE("header: the mode is 0600 whatever the umask") {
        const temporary_directory directory;
        const mode_t usual = ::umask(0777);
        prime_file(directory / "foo", Foo(42, 98));
        ::umask(usual);
        CHECK(mode_of(directory / "foo") == "0600");
    }

    TEST_CASE("header: killed at any moment it leaves the file whole or not at all") {
        if (!may_step()) return;
        bool more = true, absent = false, whole = false;
        for (int calls = 0; more; ++calls) {
            const temporary_directory directory;
            stepper primer([&] { prime_file(directory / "foo", Foo(42, 98)); });
            for (int i = 0; i < calls && more; ++i) more = primer.step_to_call();
            primer.kill();
            CAPTURE(calls);
            const std::string names = directory.names();
            CHECK((names == "" || names == "foo "));
            (names == "" ? absent : whole) = true;
            if (names == "foo ")
                CHECK(read_file(directory / "foo") == foo_bytes(42, 98));
        }
        CHECK(absent);
        CHECK(whole);
    }

    TEST_CASE("header: the disk has the bytes before the name and then the name") {
        if (!may_step()) return;
        const temporary_directory directory;
        stepper primer([&] { prime_file(directory / "foo", Foo(42, 98)); });
        std::string order;
        while (primer.step_to_call()) {
            const long call = primer.call();
            if (call == SYS_write) order += "write ";
            if (call == SYS_fsync || call == SYS_fdatasync) order += "sync ";
            if (call == SYS_link || call == SYS_linkat) order += "name ";
        }
        CHECK(order == "write sync name sync ");
    }

    TEST_CASE("header: prime_file refuses what exists and leaves it as it was") {
        const temporary_directory directory;
        write_file(directory / "foo", "precious");
        std::filesystem::create_symlink(directory / "nowhere", directory / "link");
        std::filesystem::create_directory(directory / "folder");
        for (const char* name : {"foo", "link", "folder"}) {
            CAPTURE(name);
            try {
                prime_file(directory / name, Foo(42, 98));
                FAIL("nothing was thrown");
            } catch (const std::system_error& error) {
                CHECK(error.code() == std::errc::file_exists);
            }
        }
        CHECK(read_file(directory / "foo") == "precious");
        CHECK_FALSE(std::filesystem::exists(directory / "nowhere"));
        CHECK(directory.names().size() == std::string("foo link folder ").size());
    }

    TEST_CASE("header: with room for half a foo there is no file at all") {
        const temporary_directory directory;
        for (const rlim_t room : {4, 0}) {
            bool thrown = false;
            {
                const file_size_limit now(room);
                try {
                    prime_file(directory / "foo", Foo(42, 98));
                } catch (const std::runtime_error&) {
                    thrown = true;
                }
            }
            CHECK(thrown);
            CHECK(directory.names() == "");
        }
    }

    TEST_CASE("header: the guard maps a primed file shared") {
        const temporary_directory directory;
        prime_file(directory / "foo", Foo(42, 98));
        Foo f = foo_from_primed_file(directory / "foo");
        CHECK(f.bar() == 42);
        f.set_baz(-1);
        CHECK(read_file(directory / "foo") == foo_bytes(42, -1));
    }

    TEST_CASE("header: the guard refuses every size but eight and changes nothing") {
        const temporary_directory directory;
        for (const std::size_t size : {0, 1, 2, 3, 4, 5, 6, 7, 9, 16, 4096, 5000}) {
            const std::string content(size, 'x');
            write_file(directory / "foo", content);
            CHECK(refusal(directory / "foo") == in_quotes(directory / "foo") + " has " +
                                                    std::to_string(size) +
                                                    " bytes, not the 8 of a foo");
            CHECK(read_file(directory / "foo") == content);
        }
    }

    TEST_CASE("header: the guard refuses what is not a regular file") {
        const temporary_directory directory;
        check(::mkfifo((directory / "fifo").c_str(), 0600), "mkfifo");
        for (const std::string& path :
             {directory / "fifo", std::string("/dev/zero"), std::string("/dev/null")}) {
            CHECK(refusal(path) == in_quotes(path) + " is not a regular file");
        }
    }

    TEST_CASE("header: the guard refuses a file that others may write") {
        const temporary_directory directory;
        prime_file(directory / "foo", Foo(42, 98));
        for (const auto& [mode, text] : {std::pair{0660, "0660"}, {0606, "0606"}}) {
            check(::chmod((directory / "foo").c_str(), mode), "chmod");
            CHECK(refusal(directory / "foo").find(text) != std::string::npos);
        }
        check(::chmod((directory / "foo").c_str(), 0644), "chmod");
        CHECK(foo_from_primed_file(directory / "foo").bar() == 42);
    }

    TEST_CASE("header: the guard refuses a file that is another user's") {
        const temporary_directory directory;
        prime_file(directory / "foo", Foo(42, 98));
        if (::chown((directory / "foo").c_str(), 65534, 65534) == -1) {
            skip("only root can give a file away");
            return;
        }
        CHECK(refusal(directory / "foo").find("65534") != std::string::npos);
    }

    TEST_CASE("header: the guard does not wait for whoever has a lease on the file") {
        const temporary_directory directory;
        prime_file(directory / "foo", Foo(42, 98));
        const unique_fd holder(
            check(::open((directory / "foo").c_str(), O_RDONLY | O_CLOEXEC), "open"));
        std::signal(SIGIO, SIG_IGN);  // that somebody wants it
        if (::fcntl(holder.get(), F_SETLEASE, F_RDLCK) == -1) {
            skip("this file system has no leases");
            return;
        }
        try {
            foo_from_primed_file(directory / "foo");
            FAIL("nothing was thrown");
        } catch (const std::system_error& error) {
            CHECK(error.code() == std::errc::resource_unavailable_try_again);
        }
    }

    TEST_CASE(
        "header: the guard opens what it has looked at whatever happens meanwhile") {
        if (!may_step()) return;
        bool more = true;
        for (int calls = 0; more; ++calls) {
            const temporary_directory directory;
            prime_file(directory / "foo", Foo(42, 98));
            write_file(directory / "other", "short");
            stepper guard([&] {
                int seen = 42;  // refused is right as well
                try {
                    seen = foo_from_primed_file(directory / "foo").bar();
                } catch (const std::exception&) {
                }
                ::_exit(seen == 42 ? 0 : 1);
            });
            for (int i = 0; i < calls && more; ++i) more = guard.step_to_call();
            std::filesystem::rename(directory / "other", directory / "foo");
            CAPTURE(calls);
            CHECK(describe_status(guard.finish()) == "exit status 0");
        }
    }

    TEST_CASE("header: no descriptor of its own survives an exec") {
        if (!may_step()) return;
        const temporary_directory directory;
        CHECK(survivors_of_exec([&] { prime_file(directory / "foo", Foo(42, 98)); }) ==
              "");
        CHECK(survivors_of_exec([&] { foo_from_primed_file(directory / "foo"); }) ==
              "");
    }

    TEST_CASE("header: a refused file is closed again") {
        const temporary_directory directory;
        write_file(directory / "foo", "short");
        const std::size_t before = open_descriptors();
        refusal(directory / "foo");
        refusal("/dev/null");
        CHECK(open_descriptors() == before);
    }

    TEST_CASE("program: primes a file and prints its Foo then and later") {
        const temporary_directory directory;
        const any_foo f;
        ended result = run(
            {program, directory / "foo", std::to_string(f.bar), std::to_string(f.baz)});
        CHECK(result.how == "exit status 0");
        CHECK(result.out == foo_text(f) + "\n");
        CHECK(result.err == "");
        CHECK(read_file(directory / "foo") == foo_bytes(f));
        CHECK(mode_of(directory / "foo") == "0600");
        CHECK(directory.names() == "foo ");

        result = run({program, directory / "foo"});
        CHECK(result.how == "exit status 0");
        CHECK(result.out == foo_text(f) + "\n");
    }

    // Weighs 2.
    TEST_CASE("program: refuses to prime a path that exists") {
        const temporary_directory directory;
        write_file(directory / "foo", "precious");
        const ended result = run({program, directory / "foo", "42", "98"});
        CHECK(result.how == "exit status 1");
        CHECK(result.out == "");
        CHECK(result.err == "05_primed_file: link " + in_quotes(directory / "foo") +
                                ": File exists (EEXIST)\n");
        CHECK(read_file(directory / "foo") == "precious");
    }

    // Weighs 3.
    TEST_CASE(
        "program: whatever is no primed file gets one line and status 1 at once") {
        const temporary_directory directory;
        const std::string path = directory / "foo";
        const auto refuses = [&](const std::string& given, const std::string& why) {
            const ended result = run({program, given});
            CHECK(result.how == "exit status 1");
            CHECK(result.out == "");
            CHECK(result.err == "05_primed_file: " + why + "\n");
        };
        refuses(path,
                "open " + in_quotes(path) + ": No such file or directory (ENOENT)");
        write_file(path, "");
        refuses(path, in_quotes(path) + " has 0 bytes, not the 8 of a foo");
        write_file(path, "1234567");
        refuses(path, in_quotes(path) + " has 7 bytes, not the 8 of a foo");
        const std::string longer(9 + static_cast<unsigned>(drawn()) % 9000, '9');
        write_file(path, longer);
        refuses(path, in_quotes(path) + " has " + std::to_string(longer.size()) +
                          " bytes, not the 8 of a foo");
        check(::mkfifo((directory / "fifo").c_str(), 0600), "mkfifo");
        refuses(directory / "fifo",
                in_quotes(directory / "fifo") + " is not a regular file");
        refuses("/dev/null", "\"/dev/null\" is not a regular file");
        refuses(directory.path(),
                in_quotes(directory.path()) + " is not a regular file");
        std::filesystem::create_symlink(directory / "nowhere", directory / "link");
        refuses(directory / "link", "open " + in_quotes(directory / "link") +
                                        ": No such file or directory (ENOENT)");
        CHECK(read_file(path) == longer);
        write_file(path, foo_bytes(42, 98));
        check(::chmod(path.c_str(), 0622), "chmod");
        CHECK(run({program, path}).how == "exit status 1");
    }

    TEST_CASE("program: a link to a primed file is followed") {
        const temporary_directory directory;
        const any_foo f;
        write_file(directory / "foo", foo_bytes(f));
        std::filesystem::create_symlink("foo", directory / "link");
        const ended result = run({program, directory / "link"});
        CHECK(result.how == "exit status 0");
        CHECK(result.out == foo_text(f) + "\n");
    }

    // Weighs 2.
    TEST_CASE("program: with room for half a foo there is an error and no file") {
        const temporary_directory directory;
        const std::string bar = std::to_string(drawn());
        CHECK(
            run({"prlimit", "--fsize=8", program, directory / "foo", bar, "98"}).out ==
            "Foo(" + bar + ", 98)\n");
        std::filesystem::remove(directory / "foo");
        const ended result =
            run({"prlimit", "--fsize=4", program, directory / "foo", bar, "98"});
        CHECK(result.how == "exit status 1");
        CHECK(result.out == "");
        CHECK(count_lines(result.err) == 1);
        CHECK(directory.names() == "");
    }

    // Weighs 3.
    TEST_CASE("program: of twenty that prime one path at once exactly one succeeds") {
        const temporary_directory directory;
        std::vector<child> racers;
        for (int i = 0; i < 20; ++i) {
            racers.emplace_back(
                child({program, directory / "foo", std::to_string(i), "98"}));
        }
        int winner = -1;
        int winners = 0;
        for (int i = 0; i < 20; ++i) {
            const ended result = racers[static_cast<std::size_t>(i)].wait();
            if (result.how == "exit status 0") {
                winner = i;
                ++winners;
            } else {
                CHECK(result.err.find("File exists (EEXIST)") != std::string::npos);
            }
        }
        CHECK(winners == 1);
        CHECK(read_file(directory / "foo") == foo_bytes(winner, 98));
        CHECK(directory.names() == "foo ");
    }
}

TEST_CASE("header: a draft is used where a file cannot be made without a name") {
    const temporary_directory directory;
    const pid_t pid = check(::fork(), "fork");
    if (pid == 0) {
        refuse_unnamed_files();
        ::umask(0777);
        prime_file(directory / "foo", Foo(1, 2));
        try {
            prime_file(directory / "foo", Foo(3, 4));
        } catch (const std::system_error& error) {
            if (error.code() == std::errc::file_exists) ::_exit(0);
        }
        ::_exit(1);
    }
    int status = 0;
    check(::waitpid(pid, &status, 0), "waitpid");
    CHECK(describe_status(status) == "exit status 0");
    CHECK(read_file(directory / "foo") == foo_bytes(1, 2));
    CHECK(mode_of(directory / "foo") == "0600");
    CHECK(directory.names() == "foo ");
}

TEST_CASE("program: a file that is not permitted is refused") {
    // Root may open anything, so as root the program is run as nobody, from a copy
    // that nobody can reach.
    const temporary_directory directory;
    prime_file(directory / "foo", Foo(42, 98));
    std::vector<std::string> words{program, directory / "foo"};
    if (::geteuid() == 0) {
        std::filesystem::permissions(directory.path(), std::filesystem::perms(0755));
        std::filesystem::copy_file(program, directory / "program");
        words = {"setpriv",        "--reuid=65534",       "--regid=65534",
                 "--clear-groups", directory / "program", directory / "foo"};
        if (run({"setpriv", "--reuid=65534", "true"}).how != "exit status 0") {
            skip("this process can neither lack the permission nor drop it (setpriv)");
            return;
        }
        check(::chown((directory / "foo").c_str(), 65534, 65534), "chown");
    }
    check(::chmod((directory / "foo").c_str(), 0400), "chmod");
    const ended result = run(words);
    CHECK(result.how == "exit status 1");
    CHECK(result.err == "05_primed_file: open " + in_quotes(directory / "foo") +
                            ": Permission denied (EACCES)\n");
}

TEST_CASE("program: BAR and BAZ that are not ints create nothing") {
    const temporary_directory directory;
    for (const char* wrong : {"x", "", "4294967296", "1.5", "0x10", " 1"}) {
        for (const auto& words :
             {std::vector<std::string>{wrong, "98"}, {"42", wrong}}) {
            const ended result = run({program, directory / "foo", words[0], words[1]});
            CHECK(result.how == "exit status 2");
            CHECK(result.out == "");
            CHECK(result.err ==
                  "05_primed_file: " + in_quotes(wrong) +
                      " is not an int\nusage: 05_primed_file PATH BAR BAZ\n"
                      "       05_primed_file PATH\n");
        }
    }
    CHECK(run({program, directory / "foo", "42"}).how == "exit status 2");
    CHECK(run({program}).how == "exit status 2");
    CHECK(directory.names() == "");
}

TEST_CASE("program: a directory that is missing is named") {
    const temporary_directory directory;
    const ended result = run({program, directory / "no/foo", "42", "98"});
    CHECK(result.how == "exit status 1");
    CHECK(result.err == "05_primed_file: open " + in_quotes(directory / "no") +
                            ": No such file or directory (ENOENT)\n");
}

TEST_CASE("program: the guard cannot know what another does after it looked") {
    const ended result =
        run({"/proc/self/exe", "--no-skip",
             "--test-case=dying: maps a primed file that is then truncated"});
    CHECK(result.how == "killed by SIGBUS");
}
