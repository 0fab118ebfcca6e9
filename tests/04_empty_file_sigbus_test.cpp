// Tests of 04_empty_file_sigbus: the crash, by its signal, and the report before it.
#include "04_empty_file_sigbus/explain_sigbus.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <bit>
#include <csignal>
#include <cstddef>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include "tests/support.hpp"

namespace {

const std::string program = program_path("04_empty_file_sigbus");
const std::string probe = program_path("probe_04");

bool holds(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

std::string announcement(const std::string& path, int size) {
    return "04_empty_file_sigbus: \"" + path + "\" has " + std::to_string(size) +
           " of the 8 bytes of a foo: " +
           (size == 0 ? "about to read the first, which is meant to kill me\n"
                      : "reading past its end, which does not crash\n");
}

/// Maps `length` bytes of the file at `path`, as nobody should: unguarded.
std::byte* map_file(const char* path, std::size_t length) {
    const unique_fd file(check(::open(path, O_RDWR | O_CLOEXEC), "open", path));
    return static_cast<std::byte*>(check(
        ::mmap(nullptr, length, PROT_READ | PROT_WRITE, MAP_SHARED, file.get(), 0),
        "mmap", path));
}

/// Runs one of the cases below that die, in a process of its own.
ended run_dying_case(const std::string& name, const std::string& path) {
    check(::setenv("SUCHFOO_DYING_PATH", path.c_str(), 1), "setenv");
    return run({"/proc/self/exe", "--no-skip", "--test-case=" + name});
}

const std::size_t page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));

}  // namespace

TEST_CASE("dying: touches the page after the end" * doctest::skip()) {
    const char* path = std::getenv("SUCHFOO_DYING_PATH");
    REQUIRE(path != nullptr);
    volatile std::byte* mapped = map_file(path, 2 * page);
    explain_sigbus(const_cast<std::byte*>(mapped), path);
    mapped[page - 1] = std::byte{1};
    mapped[page + 5] = std::byte{1};
}

TEST_CASE("dying: is truncated after it was mapped" * doctest::skip()) {
    const char* path = std::getenv("SUCHFOO_DYING_PATH");
    REQUIRE(path != nullptr);
    volatile std::byte* mapped = map_file(path, 8);
    explain_sigbus(const_cast<std::byte*>(mapped), path);
    check(::truncate(path, 0), "truncate", path);
    mapped[4] = std::byte{1};
}

TEST_CASE("dying: sends the signal to itself" * doctest::skip()) {
    const char* path = std::getenv("SUCHFOO_DYING_PATH");
    REQUIRE(path != nullptr);
    explain_sigbus(map_file(path, 8), path);
    check(::kill(::getpid(), SIGBUS), "kill");
}

TEST_CASE("dying: has no memory left" * doctest::skip()) {
    const char* path = std::getenv("SUCHFOO_DYING_PATH");
    REQUIRE(path != nullptr);
    volatile std::byte* mapped = map_file(path, 8);
    explain_sigbus(const_cast<std::byte*>(mapped), path);
    const no_memory_left now;
    mapped[0] = std::byte{1};
}

TEST_CASE("dying: faults while the streams are locked" * doctest::skip()) {
    const char* path = std::getenv("SUCHFOO_DYING_PATH");
    REQUIRE(path != nullptr);
    volatile std::byte* mapped = map_file(path, 8);
    explain_sigbus(const_cast<std::byte*>(mapped), path);
    // What a signal interrupts may hold these locks; here another thread does.
    std::atomic<bool> locked{false};
    std::thread([&] {
        ::flockfile(stdout);
        ::flockfile(stderr);
        locked = true;
        ::pause();
    }).detach();
    while (!locked) std::this_thread::yield();
    mapped[0] = std::byte{1};
}

TEST_SUITE("lab") {
    // Weighs 2.
    TEST_CASE("program: with --explain it says what it touched and still dies") {
        const temporary_directory directory;
        write_file(directory / "foo", "");
        const ended result = run({program, directory / "foo", "--explain"});
        CHECK(result.how == "killed by SIGBUS");
        CHECK(result.out == "");
        const std::string report = announcement(directory / "foo", 0) +
                                   "  signal:       " + std::to_string(SIGBUS) +
                                   " (SIGBUS)\n"
                                   "  code:         2 (BUS_ADRERR)\n"
                                   "  byte touched: 0 of the mapping, at 0x";
        CHECK(result.err.substr(0, report.size()) == report);
        const std::string size = "\n  file's size:  0 bytes\n";
        REQUIRE(result.err.size() > size.size());
        CHECK(result.err.substr(result.err.size() - size.size()) == size);
        CHECK(read_file(directory / "foo") == "");
    }

    // Weighs 3.
    TEST_CASE("program: the byte touched is counted from the start of the mapping") {
        const temporary_directory directory;
        const std::size_t size = static_cast<unsigned>(drawn()) % (3 * page);
        const std::size_t behind = (size + page - 1) / page * page;  // the file's pages
        const std::size_t byte = behind + static_cast<unsigned>(drawn()) % page;
        write_file(directory / "foo", std::string(size, 'x'));
        const ended result = run(
            {probe, directory / "foo", std::to_string(4 * page), std::to_string(byte)});
        CHECK(result.how == "killed by SIGBUS");
        CHECK(holds(result.err, "byte touched: " + std::to_string(byte) +
                                    " of the mapping, at 0x"));
        CHECK(holds(result.err, "file's size:  " + std::to_string(size) + " bytes\n"));
    }

    // Weighs 2.
    TEST_CASE("program: the size is that of the moment of the crash") {
        const temporary_directory directory;
        const std::size_t size = static_cast<unsigned>(drawn()) % page;
        write_file(directory / "foo", std::string(3 * page, 'x'));
        child process({probe, directory / "foo", std::to_string(4 * page),
                       std::to_string(2 * page), "wait"});
        CHECK(process.read_line() == "mapped");
        REQUIRE(::truncate((directory / "foo").c_str(), static_cast<off_t>(size)) == 0);
        const ended result = process.wait();
        CHECK(result.how == "killed by SIGBUS");
        CHECK(holds(result.err, "file's size:  " + std::to_string(size) + " bytes\n"));
    }

    TEST_CASE("header: a SIGBUS that was only sent is explained and kills too") {
        const temporary_directory directory;
        write_file(directory / "foo", foo_bytes(42, 98));
        const ended result =
            run_dying_case("dying: sends the signal to itself", directory / "foo");
        CHECK(result.how == "killed by SIGBUS");
        CHECK(holds(result.err, "file's size:  8 bytes"));
        CHECK_FALSE(holds(result.err, "byte touched"));  // si_addr means nothing here
    }

    TEST_CASE("header: locked streams do not hold up the report") {
        const temporary_directory directory;
        write_file(directory / "foo", "");
        const ended result = run_dying_case(
            "dying: faults while the streams are locked", directory / "foo");
        CHECK(result.how == "killed by SIGBUS");
        CHECK(holds(result.err, "byte touched: 0 of the mapping"));
    }

    TEST_CASE("header: the byte touched is counted from the start of the mapping") {
        const temporary_directory directory;
        write_file(directory / "foo", "i");
        const ended result =
            run_dying_case("dying: touches the page after the end", directory / "foo");
        CHECK(result.how == "killed by SIGBUS");
        CHECK(holds(result.err,
                    "byte touched: " + std::to_string(page + 5) + " of the mapping"));
        CHECK(holds(result.err, "file's size:  1 bytes"));
    }

    TEST_CASE("header: the size is the file's size at the moment of the crash") {
        const temporary_directory directory;
        write_file(directory / "foo", foo_bytes(42, 98));
        const ended result = run_dying_case("dying: is truncated after it was mapped",
                                            directory / "foo");
        CHECK(result.how == "killed by SIGBUS");
        CHECK(holds(result.err, "byte touched: 4 of the mapping"));
        CHECK(holds(result.err, "file's size:  0 bytes"));
    }

    TEST_CASE("header: the handler needs no memory") {
#ifdef SUCHFOO_SANITIZED
        skip("AddressSanitizer needs more address space than this test leaves");
#else
        const temporary_directory directory;
        write_file(directory / "foo", "");
        const ended result =
            run_dying_case("dying: has no memory left", directory / "foo");
        CHECK(result.how == "killed by SIGBUS");
        CHECK(holds(result.err, "byte touched: 0 of the mapping"));
#endif
    }
}

TEST_CASE("program: --explain may come first and changes nothing on a primed file") {
    const temporary_directory directory;
    write_file(directory / "foo", foo_bytes(42, 98));
    const ended result = run({program, "--explain", directory / "foo"});
    CHECK(result.how == "exit status 0");
    CHECK(result.out == "Foo(42, 98)\n");
    CHECK(result.err == "");
}

TEST_CASE("program: an empty file is announced and kills") {
    const temporary_directory directory;
    write_file(directory / "foo", "");
    const ended result = run({program, directory / "foo"});
    CHECK(result.how == "killed by SIGBUS");
    CHECK(result.out == "");
    CHECK(result.err == announcement(directory / "foo", 0));
    CHECK(read_file(directory / "foo") == "");
}

TEST_CASE("program: neither ignoring nor blocking the signal saves it") {
    const temporary_directory directory;
    write_file(directory / "foo", "");
    for (const char* how : {"--ignore-signal=BUS", "--block-signal=BUS"}) {
        const ended result = run({"env", how, program, directory / "foo"});
        CAPTURE(how);
        CHECK(result.how == "killed by SIGBUS");
        CHECK(result.err == announcement(directory / "foo", 0));
    }
}

TEST_CASE("program: one byte is enough not to crash and the rest reads as zero") {
    const temporary_directory directory;
    write_file(directory / "foo", "i");
    ended result = run({program, directory / "foo"});
    CHECK(result.how == "exit status 0");
    if constexpr (std::endian::native == std::endian::little) {
        CHECK(result.out == "Foo(105, 0)\n");
    }
    CHECK(result.err == announcement(directory / "foo", 1));
    CHECK(read_file(directory / "foo") == "i");

    const std::string seven = foo_bytes(42, 98).substr(0, 7);
    write_file(directory / "foo", seven);
    result = run({program, directory / "foo"});
    CHECK(result.how == "exit status 0");
    CHECK(result.err == announcement(directory / "foo", 7));
    CHECK(read_file(directory / "foo") == seven);
}

TEST_CASE("program: eight bytes or more print a Foo without a remark") {
    const temporary_directory directory;
    for (const std::string& rest : {std::string(), std::string(5000, 'x')}) {
        write_file(directory / "foo", foo_bytes(42, 98) + rest);
        const ended result = run({program, directory / "foo"});
        CHECK(result.how == "exit status 0");
        CHECK(result.out == "Foo(42, 98)\n");
        CHECK(result.err == "");
    }
}

TEST_CASE("program: a missing file is an error and is not created") {
    const temporary_directory directory;
    const ended result = run({program, directory / "foo", "--explain"});
    CHECK(result.how == "exit status 1");
    CHECK(result.err == "04_empty_file_sigbus: open \"" + (directory / "foo") +
                            "\": No such file or directory (ENOENT)\n");
    CHECK(directory.names() == "");
}

TEST_CASE("program: anything but one path is wrong usage") {
    for (const auto& words : {std::vector<std::string>{program},
                              {program, "--explain"},
                              {program, "/tmp/a", "/tmp/b"}}) {
        const ended result = run(words);
        CHECK(result.how == "exit status 2");
        CHECK(result.err == "usage: 04_empty_file_sigbus PATH [--explain]\n");
    }
    const ended result = run({program, "/tmp/a", "--explian"});
    CHECK(result.how == "exit status 2");
    CHECK(holds(result.err, "04_empty_file_sigbus: no option \"--explian\"\nusage: "));
}

TEST_CASE("program: ignored it is still explained and blocked it is not") {
    const temporary_directory directory;
    write_file(directory / "foo", "");
    const std::string path = directory / "foo";
    const ended ignored =
        run({"env", "--ignore-signal=BUS", program, path, "--explain"});
    CHECK(ignored.how == "killed by SIGBUS");
    CHECK(holds(ignored.err, "byte touched: 0 of the mapping"));
    const ended blocked =
        run({"env", "--block-signal=BUS", program, path, "--explain"});
    CHECK(blocked.how == "killed by SIGBUS");
    CHECK(blocked.err == announcement(path, 0));
}
