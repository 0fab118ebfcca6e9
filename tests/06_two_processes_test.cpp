// Tests of 06_two_processes: a Foo that processes share, and the session on it.
#include "06_two_processes/where_mapped.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <bit>
#include <csignal>
#include <cstddef>
#include <filesystem>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "05_primed_file/primed_file.hpp"
#include "common/hex.hpp"
#include "tests/support.hpp"

namespace {

const std::string program = program_path("06_two_processes");
const std::string probe = program_path("probe_06");
const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));

struct shared_file {
    temporary_directory directory;
    std::string path = directory / "foo";
    shared_file() { write_file(path, foo_bytes(42, 98)); }
};

/// What a session answers to `command`, in one line.
std::string ask(child& session, const std::string& command) {
    session.write(command + "\n");
    return session.read_line();
}

}  // namespace

TEST_SUITE("lab") {
    TEST_CASE("header: where_mapped finds the line of a mapped file") {
        const shared_file file;
        const Foo f = foo_from_primed_file(file.path);
        const std::string line = where_mapped(f.address());
        CHECK(line.find(" rw-s 00000000 ") != std::string::npos);
        CHECK(line.substr(line.size() - file.path.size()) == file.path);
        std::ostringstream start;
        start << std::hex << std::bit_cast<std::uintptr_t>(f.address()) << '-';
        CHECK(line.find(start.str()) == 0);
    }

    TEST_CASE("header: a mapping ends before its end address") {
        // Three pages in a row: the file's in the middle, and others on both sides.
        const shared_file file;
        auto* pages = static_cast<std::byte*>(check(
            ::mmap(nullptr, 3 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
            "mmap"));
        const unique_fd fd(
            check(::open(file.path.c_str(), O_RDWR | O_CLOEXEC), "open"));
        check(
            ::mmap(pages + page, page, PROT_READ, MAP_SHARED | MAP_FIXED, fd.get(), 0),
            "mmap");
        const auto is_file = [&](const std::byte* address) {
            return where_mapped(address).find(file.path) != std::string::npos;
        };
        CHECK_FALSE(is_file(pages + page - 1));
        CHECK(is_file(pages + page));
        CHECK(is_file(pages + 2 * page - 1));
        CHECK_FALSE(is_file(pages + 2 * page));
        ::munmap(pages, 3 * page);
    }

    TEST_CASE("header: an address where nothing is mapped is an exception") {
        CHECK_THROWS_AS(where_mapped(nullptr), std::runtime_error);
    }

    TEST_CASE("header: where_mapped speaks of this process") {
        const int local = 0;
        CHECK(where_mapped(&local).find("[stack]") != std::string::npos);
    }

    TEST_CASE("program: maps shows two addresses and one inode") {
        const shared_file file;
        child one({program, file.path});
        child two({program, file.path});
        struct stat status = {};
        check(::stat(file.path.c_str(), &status), "stat");
        const std::string inode = " " + std::to_string(status.st_ino) + " ";
        const std::string first = ask(one, "maps");
        const std::string second = ask(two, "maps");
        CHECK(first.substr(0, first.find(' ')) != second.substr(0, second.find(' ')));
        CHECK(first.find(inode) != std::string::npos);
        CHECK(second.find(inode) != std::string::npos);
        CHECK(first.find(" rw-s ") != std::string::npos);
        CHECK(first.substr(first.size() - file.path.size()) == file.path);
    }

    // Weighs 3.
    TEST_CASE("program: any address inside is in the mapping and the end is not") {
        const temporary_directory directory;
        write_file(directory / "foo", std::string(5 * page, 'x'));
        const std::size_t first = 1 + (static_cast<unsigned>(drawn()) & 3);
        const std::size_t byte = static_cast<unsigned>(drawn()) % page;
        const std::string offset =
            (std::ostringstream() << std::hex << first * page).str();
        // Which of the file's pages is mapped, between two that are not the file's.
        child process({probe, directory / "foo", std::to_string(first)});
        for (const std::size_t inside : {std::size_t{0}, byte, page - 1}) {
            const std::string line = ask(process, std::to_string(inside));
            CHECK(line.ends_with(directory / "foo"));
            CHECK(line.find(" rw-s 0000" + offset + " ") != std::string::npos);
        }
        CHECK_FALSE(ask(process, std::to_string(page)).ends_with(directory / "foo"));
        CHECK_FALSE(ask(process, "-1").ends_with(directory / "foo"));
        CHECK(ask(process, "none") == "nothing is mapped at this address");
    }
}

TEST_CASE("program: a store is there for the next process even after kill -9") {
    const shared_file file;
    {
        child one({program, file.path});
        one.write("f.bar = 31337\n");
        CHECK(ask(one, "f.bar") == "31337");
        one.send(SIGKILL);
        CHECK(one.wait().how == "killed by SIGKILL");
    }
    child two({program, file.path});
    CHECK(ask(two, "f") == "Foo(31337, 98)");
}

TEST_CASE("program: this process and a session share one Foo") {
    const shared_file file;
    Foo f = foo_from_primed_file(file.path);
    child session({program, file.path});
    CHECK(ask(session, "f") == "Foo(42, 98)");
    f.set_bar(7);
    CHECK(ask(session, "f.bar") == "7");
    session.write("f.baz = 8\n");
    CHECK(ask(session, "f") == "Foo(7, 8)");
    CHECK(f.baz() == 8);
}

TEST_CASE("program: what one process stores the other reads") {
    const shared_file file;
    child one({program, file.path});
    child two({program, file.path});
    CHECK(ask(one, "f") == "Foo(42, 98)");
    CHECK(ask(two, "f") == "Foo(42, 98)");
    two.write("f.bar = 31337\n");
    CHECK(ask(two, "f") == "Foo(31337, 98)");
    CHECK(ask(one, "f") == "Foo(31337, 98)");
    one.write("f.baz=-1\n");
    CHECK(ask(one, "f.baz") == "-1");
    CHECK(ask(two, "print(f)") == "Foo(31337, -1)");
    CHECK(one.wait().how == "exit status 0");
    CHECK(two.wait().how == "exit status 0");
    CHECK(read_file(file.path) == foo_bytes(31337, -1));
}

TEST_CASE("program: every command has its answer of one line") {
    const shared_file file;
    const ended result = run({program, file.path},
                             "f\nprint(f)\nf.bar\nf.baz\nlen(f)\nbytes(f)\n"
                             "f.bar=1\nf.bar  =  2 \n  f.baz = -3\t\r\nf\nquit\nf\n");
    CHECK(result.how == "exit status 0");
    CHECK(result.err == "");
    std::string expected = "Foo(42, 98)\nFoo(42, 98)\n42\n98\n8\n";
    expected += hex(bytes_of(foo{42, 98})) + "\nFoo(2, -3)\n";
    CHECK(result.out == expected);
    CHECK(count_lines(run({program, file.path}, "help\n").out) == 1);
}

TEST_CASE("program: blank lines are ignored and the end of input ends it") {
    const shared_file file;
    const ended result = run({program, file.path}, "\n  \n\t\nf");
    CHECK(result.how == "exit status 0");
    CHECK(result.out == "Foo(42, 98)\n");
    CHECK(result.err == "");
}

TEST_CASE("program: what is no command gets one line and the session goes on") {
    const shared_file file;
    const std::vector<std::string> wrong{
        "F",         "f.bar = x",   "f.bar =",  "f.bar = 1.5", "f.bar = 2147483648",
        "f.qux = 1", "f.bar = 1 2", "quit now", "= 1",         "f = 1",
        "f\x01",     "f.bar == 1"};
    for (const std::string& line : wrong) {
        CAPTURE(line);
        const ended result = run({program, file.path}, line + "\nf\n");
        CHECK(result.how == "exit status 0");
        CHECK(result.out == "Foo(42, 98)\n");
        CHECK(count_lines(result.err) == 1);
        CHECK(result.err.find("06_two_processes: not a") == 0);
    }
}

TEST_CASE("program: the smallest and the largest int can be set") {
    const shared_file file;
    const ended result =
        run({program, file.path}, "f.bar = 2147483647\nf.baz = -2147483648\nf\n");
    CHECK(result.out == "Foo(2147483647, -2147483648)\n");
}

TEST_CASE("program: what the guard refuses is refused here") {
    const temporary_directory directory;
    write_file(directory / "empty", "");
    const ended result = run({program, directory / "empty"}, "f\n");
    CHECK(result.how == "exit status 1");
    CHECK(result.out == "");
    CHECK(result.err == "06_two_processes: " + in_quotes(directory / "empty") +
                            " has 0 bytes, not the 8 of a foo\n");
}

TEST_CASE("program: an input that cannot be read is an error and not the end") {
    const shared_file file;
    const ended result =
        run({"sh", "-c", "exec \"$0\" \"$1\" < /", program, file.path});
    CHECK(result.how == "exit status 1");
    CHECK(result.err == "06_two_processes: cannot read standard input\n");
}

TEST_CASE("program: anything but one path is wrong usage") {
    CHECK(run({program}).how == "exit status 2");
    CHECK(run({program, "/tmp/a", "/tmp/b"}).how == "exit status 2");
    CHECK(run({program}).err == "usage: 06_two_processes PATH\n");
}

TEST_CASE("program: a file truncated under a session kills it") {
    const shared_file file;
    child session({program, file.path});
    CHECK(ask(session, "f") == "Foo(42, 98)");
    std::filesystem::resize_file(file.path, 0);
    session.write("f\n");
    CHECK(session.wait().how == "killed by SIGBUS");
}
