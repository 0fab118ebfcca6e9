// Tests of 20_why_sigbus: programs that die of SIGBUS in every way that can be played
// here, and programs that must not notice that they are watched.
#include <poll.h>
#include <pty.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "20_why_sigbus/seize.hpp"
#include "tests/stepper.hpp"

namespace {

const std::string program = program_path("20_why_sigbus");
const std::string dies = program_path("04_empty_file_sigbus");
const std::string survives = program_path("19_full_shm");

/// `words` under our program.
ended watched(std::vector<std::string> words, std::string_view input = {}) {
    words.insert(words.begin(), program);
    return run(words, input);
}

/// A line of a report: what stands behind `key`.
std::string line_of(const std::string& text, const std::string& key) {
    const std::size_t at = text.find("  " + key + ":");
    if (at == text.npos) return "";
    const std::size_t start = text.find_first_not_of(' ', at + key.size() + 3);
    return text.substr(start, text.find('\n', start) - start);
}

std::size_t reports_in(const std::string& text) {
    std::size_t count = 0;
    for (std::size_t at = 0; (at = text.find(") died of SIGBUS\n", at)) != text.npos;
         ++at)
        ++count;
    return count;
}

const std::string too_short =
    "the file ends before the page that was touched: it is too short, or was cut";
const std::string no_room = "there is no room in this tmpfs";

std::size_t page() {
    return static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

/// A fault that touched byte `offset` of a file of `size` bytes on a full tmpfs.
fault at_byte(std::uint64_t offset, off_t size) {
    mapping m;
    m.start = 0x7f000000;
    m.end = m.start + (1 << 20);
    m.permissions = "rw-s";
    m.offset = 16 * page();
    m.inode = 5;
    m.path = "/dev/shm/suchfoo";
    backing b;
    b.file.st_size = size;
    b.file.st_nlink = 1;
    b.file.st_mode = S_IFREG | 0600;
    b.system.f_blocks = 16;
    b.system.f_type = TMPFS_MAGIC;
    return {BUS_ADRERR, m.start + static_cast<std::uintptr_t>(offset - m.offset), 0, m,
            b};
}

bool may_trace() {
    if (watched({"true"}).how == "exit status 0") return true;
    skip("ptrace is refused here");
    return false;
}

std::string python_that_dies(const std::string& path, const std::string& more) {
    return "import mmap, os, threading\n"
           "open('" +
           path +
           "', 'wb').write(b'x' * 10000)\n"
           "f = open('" +
           path +
           "', 'r+b')\n"
           "m = mmap.mmap(f.fileno(), 10000)\n"
           "os.truncate('" +
           path + "', 100)\n" + more;
}

}  // namespace

TEST_SUITE("lab") {
    TEST_CASE("header: a file that ends too early is told from one without room") {
        CHECK(at_byte(20 * page() + 7, 5).offset() == 20 * page() + 7);
        CHECK(cause_of(at_byte(20 * page() + 7, 5)).name == too_short);
        const auto size = static_cast<off_t>(20 * page());
        CHECK(cause_of(at_byte(20 * page(), size)).name == too_short);
        CHECK(cause_of(at_byte(20 * page() - 1, size)).name == no_room);
        // In the last page, behind the last byte: that kills nobody.
        CHECK(cause_of(at_byte(20 * page() + 7, size + 1)).name == no_room);
    }

    TEST_CASE("header: what is behind the mapping tells the cause") {
        fault f = at_byte(20 * page(), off_t{1} << 30);
        CHECK(cause_of(f).name == no_room);
        f.what->system.f_type = EXT4_SUPER_MAGIC;
        CHECK(cause_of(f).name ==
              "there is no room on this disk for a part that has no blocks yet");
        f.where->permissions = "r--s";  // who only reads needs no new blocks
        CHECK(cause_of(f).name == "not known from here");
        f.where->permissions = "rw-s";
        f.what->system.f_blocks = 1000;
        f.what->system.f_bavail = 10;  // as good as none
        CHECK(cause_of(f).name ==
              "there is no room on this disk for a part that has no blocks yet");
        f.what->system.f_bavail = 11;
        CHECK(cause_of(f).name == "not known from here");
        f.where->permissions = "r-xp";
        CHECK(cause_of(f).name ==
              "the program, or a library, was overwritten while it ran");
        f.what->file.st_size = 0;
        CHECK(cause_of(f).name == "the program, or a library, was cut while it ran");
        f = at_byte(20 * page(), off_t{1} << 30);
        f.what->system.f_type = HUGETLBFS_MAGIC;
        CHECK(cause_of(f).name == "no huge page is free");
        f = at_byte(20 * page(), 0);
        f.what->file.st_mode = S_IFBLK;  // a device has no size
        CHECK(cause_of(f).name == "not known from here");
        f = at_byte(20 * page(), off_t{1} << 30);
        f.what->system.f_blocks = 0;  // a tmpfs without a limit
        CHECK(cause_of(f).name == "not known from here");
        f.what.reset();
        CHECK(cause_of(f).name == "not known from here");
        f.where.reset();
        CHECK(cause_of(f).name == "not known from here");
    }

    TEST_CASE(
        "header: the code of the signal tells what has nothing to do with files") {
        fault f = at_byte(20 * page(), 0);
        f.code = BUS_ADRALN;
        CHECK(cause_of(f).name == "a misaligned access");
        for (const int code : {BUS_MCEERR_AR, BUS_MCEERR_AO}) {
            f.code = code;
            CHECK(cause_of(f).name == "the memory itself is faulty");
        }
        f.code = BUS_OBJERR;
        CHECK(cause_of(f).name == "not known from here");
        for (const int code : {SI_USER, SI_TKILL, SI_QUEUE}) {
            f.code = code;
            f.sender = 4711;
            CHECK(cause_of(f).name == "process 4711 sent the signal");
        }
    }

    // Weighs 2.
    TEST_CASE("program: where a file that is too short was touched") {
        if (!may_trace()) return;
        const temporary_directory directory;
        const std::size_t size = static_cast<unsigned>(drawn()) % page();
        const std::size_t byte = page() + static_cast<unsigned>(drawn()) % (3 * page());
        write_file(directory / "foo", std::string(size, 'x'));
        const ended result =
            watched({program_path("probe_04"), directory / "foo",
                     std::to_string(4 * page()), std::to_string(byte)});
        CHECK(result.how == "killed by SIGBUS");
        CHECK(line_of(result.err, "mapping").ends_with(directory / "foo"));
        CHECK(line_of(result.err, "offset") == std::to_string(byte) + " in the file");
        CHECK(line_of(result.err, "file now") == std::to_string(size) + " bytes");
        CHECK(line_of(result.err, "cause") == too_short);
    }

    TEST_CASE("program: the bus error of step 04") {
        if (!may_trace()) return;
        const temporary_directory directory;
        write_file(directory / "empty", "");
        const ended without = run({dies, directory / "empty"});
        const ended result = watched({dies, directory / "empty"});
        CHECK(result.how == "killed by SIGBUS");
        CHECK(result.out == without.out);
        CHECK(result.err.starts_with(without.err));
        CHECK(reports_in(result.err) == 1);
        CHECK(result.err.find(" (04_empty_file_s) died of SIGBUS\n") !=
              std::string::npos);
        CHECK(line_of(result.err, "mapping").ends_with(directory / "empty"));
        CHECK(line_of(result.err, "address").ends_with(", si_code 2"));
        CHECK(line_of(result.err, "offset") == "0 in the file");
        CHECK(line_of(result.err, "file now") == "0 bytes");
        CHECK(line_of(result.err, "cause") == too_short);
    }
}

TEST_CASE("program: a command ends as it does without us") {
    if (!may_trace()) return;
    const std::vector<std::vector<std::string>> commands{
        {"true"},
        {"sh", "-c", "exit 7"},
        {"sh", "-c", "kill -TERM $$"},
        {"sh", "-c", "kill -SEGV $$"},
        {"sh", "-c", "trap 'echo got it; exit 3' USR1; kill -USR1 $$"},
        {"sh", "-c", "cat; echo error >&2"},
        {"sh", "-c", "sleep 30 & kill $!; wait $!; echo $?"},
        {"prlimit", "--fsize=4", "sh", "-c", "echo too long > /proc/self/fd/1"},
        {"--version"},
    };
    for (const auto& words : commands) {
        CAPTURE(words.back());
        const ended result = watched(words, "some input\n");
        if (words[0] == "--version") {
            CHECK(result.how == "exit status 2");
            continue;
        }
        const ended without = run(words, "some input\n");
        CHECK(result.how == without.how);
        CHECK(result.out == without.out);
        CHECK(result.err == without.err);
    }
    CHECK(watched({"ls", "--help"}).out == run({"ls", "--help"}).out);
}

TEST_CASE(
    "program: a command that cannot be run has the status that a shell gives it") {
    if (!may_trace()) return;
    const temporary_directory directory;
    const ended absent = watched({directory / "absent"});
    CHECK(absent.how == "exit status 127");
    CHECK(absent.err == "20_why_sigbus: exec \"" + (directory / "absent") +
                            "\": No such file or directory (ENOENT)\n");
    CHECK(watched({directory.path()}).how == "exit status 126");
}

TEST_CASE("program: a child that dies is reported and its parent lives on") {
    if (!may_trace()) return;
    const temporary_directory directory;
    write_file(directory / "empty", "");
    const ended result =
        watched({"sh", "-c", "\"$0\" \"$1\" 2> /dev/null; echo $?; exit 4", dies,
                 directory / "empty"});
    CHECK(result.how == "exit status 4");
    CHECK(result.out == std::to_string(128 + SIGBUS) + "\n");
    CHECK(reports_in(result.err) == 1);
    CHECK(line_of(result.err, "cause") == too_short);
}

TEST_CASE("program: Python with threads and with a fault handler") {
    if (!may_trace()) return;
    const temporary_directory directory;
    const std::string thread =
        "t = threading.Thread(target=lambda: m[9000]); t.start(); t.join()\n";
    for (const std::string& script : {python_that_dies(directory / "cut", "m[9000]\n"),
                                      python_that_dies(directory / "cut", thread)}) {
        for (const std::string option : {"-B", "-Xfaulthandler"}) {
            const ended result = watched({"python3", option, "-c", script});
            CHECK(result.how == "killed by SIGBUS");
            CHECK(reports_in(result.err) == 1);
            CHECK(line_of(result.err, "offset") == "9000 in the file");
            CHECK(line_of(result.err, "file now") == "100 bytes");
            CHECK(line_of(result.err, "cause") == too_short);
        }
    }
}

TEST_CASE("program: a memmap of NumPy on a file that is cut") {
    if (!may_trace()) return;
    if (run({"/usr/bin/python3", "-c", "import numpy"}).how != "exit status 0")
        return skip("NumPy is not installed");
    const temporary_directory directory;
    const std::string path = directory / "array";
    const ended result = watched({"/usr/bin/python3", "-c",
                                  "import numpy, os\n"
                                  "a = numpy.memmap('" +
                                      path +
                                      "', dtype='i4', mode='w+', shape=100000)\n"
                                      "os.truncate('" +
                                      path +
                                      "', 8192)\n"
                                      "a[50000] = 1\n"});
    CHECK(result.how == "killed by SIGBUS");
    CHECK(line_of(result.err, "offset") == "200000 in the file");
    CHECK(line_of(result.err, "cause") == too_short);
}

TEST_CASE("program: a file without a name one that was replaced and an offset") {
    if (!may_trace()) return;
    const temporary_directory directory;
    const std::string path = directory / "cut";
    const std::string script =
        "import mmap, os\n"
        "open('" +
        path +
        "', 'wb').write(b'x' * 100000)\n"
        "f = open('" +
        path +
        "', 'r+b')\n"
        "m = mmap.mmap(f.fileno(), 20000, offset=16 * mmap.PAGESIZE)\n"
        "os.truncate('" +
        path + "', 16 * mmap.PAGESIZE + 1)\n";
    const std::string touch = "m[2 * mmap.PAGESIZE + 5]\n";
    const std::string offset = std::to_string(18 * page() + 5) + " in the file";
    const ended gone =
        watched({"python3", "-c", script + "os.unlink('" + path + "')\n" + touch});
    CHECK(line_of(gone.err, "offset") == offset);
    CHECK(line_of(gone.err, "file now") ==
          std::to_string(16 * page() + 1) + " bytes, without a name");
    CHECK(line_of(gone.err, "cause") == too_short);
    const ended replaced = watched({"python3", "-c",
                                    script + "open('" + path +
                                        ".new', 'w').close()\n"
                                        "os.rename('" +
                                        path + ".new', '" + path + "')\n" + touch});
    CHECK(line_of(replaced.err, "file now")
              .ends_with(", without a name, and another file has its name"));
    CHECK(line_of(replaced.err, "cause") == too_short);
}

TEST_CASE("program: a program that handles its bus error gets no report") {
    if (!may_trace()) return;
    const temporary_directory directory;
    write_file(directory / "foo", foo_bytes(42, 98));
    // LeakSanitizer, in a build that has it, cannot bear a tracer.
    child session({"env", "ASAN_OPTIONS=handle_sigbus=0:detect_leaks=0", program,
                   survives, directory / "foo", "--survive"});
    session.write("f\n");
    CHECK(session.read_line() == "Foo(42, 98)");
    REQUIRE(::truncate((directory / "foo").c_str(), 0) == 0);
    session.write("f\n");
    CHECK(session.read_error_line().ends_with("there is no memory behind f any more"));
    const ended result = session.wait();
    CHECK(result.how == "exit status 0");
    CHECK(result.err == "");
}

TEST_CASE("program: a signal that somebody has sent" * doctest::test_suite("lab")) {
    if (!may_trace()) return;
    const ended result = watched({"sh", "-c", "echo $$; kill -BUS $$"});
    CHECK(result.how == "killed by SIGBUS");
    const std::string pid = result.out.substr(0, result.out.find('\n'));
    CHECK(result.err.starts_with("20_why_sigbus: process " + pid + " (sh) died"));
    CHECK(line_of(result.err, "cause") == "process " + pid + " sent the signal");
    CHECK(line_of(result.err, "mapping") == "");
}

TEST_CASE("program: a full tmpfs and the shared memory of Python in it" *
          doctest::test_suite("lab")) {
    if (!may_trace()) return;
    const auto ours =
        run_in_small_shm("64k", "\"$0\" " + survives + " /suchfoo.full 1", program);
    if (!ours) return;
    CHECK(line_of(ours->err, "offset") == "65536 in the file");
    CHECK(line_of(ours->err, "file now") == "1048576 bytes, without a name");
    CHECK(line_of(ours->err, "free").starts_with("0 of 16 blocks, "));
    CHECK(line_of(ours->err, "this tmpfs") == "65536 bytes in all");
    CHECK(line_of(ours->err, "cause") == no_room);
    const auto python = run_in_small_shm(
        "64k",
        "\"$0\" python3 -c 'from multiprocessing.shared_memory import SharedMemory\n"
        "memory = SharedMemory(\"suchfoo.full\", True, 1 << 20)\n"
        "memory.buf[:] = bytes(1 << 20)'",
        program);
    REQUIRE(python.has_value());
    CHECK(line_of(python->err, "cause") == no_room);
}

TEST_CASE("program: a sparse file on a full disk") {
    if (!may_trace()) return;
    if (::geteuid() != 0) return skip("only root can mount a disk");
    const temporary_directory directory;
    const std::string script =
        "cd '" + directory.path() +
        "' && truncate -s 4M disk && "
        "mkfs.ext4 -q -m 0 disk && mkdir on && mount -o loop disk on && "
        "echo mounted >&2 || exit 3\n"
        "truncate -s 8M on/sparse\n"
        "\"$0\" python3 -c 'import mmap\n"
        "f = open(\"on/sparse\", \"r+b\")\n"
        "m = mmap.mmap(f.fileno(), 0)\n"
        "for i in range(0, len(m), mmap.PAGESIZE): m[i] = 1'\n"
        "status=$?; umount on; exit $status";
    const ended result = run({"unshare", "-m", "sh", "-c", script, program});
    if (result.err.find("mounted\n") == std::string::npos)
        return skip("no disk of our own: " + result.err);
    CHECK(result.how == "exit status " + std::to_string(128 + SIGBUS));
    CHECK(line_of(result.err, "file now") == "8388608 bytes");
    CAPTURE(line_of(result.err, "free"));
    CHECK(line_of(result.err, "cause") ==
          "there is no room on this disk for a part that has no blocks yet");
}

TEST_CASE("program: a library that is cut while it runs") {
    if (!may_trace()) return;
    const temporary_directory directory;
    write_file(directory / "lib.c",
               "char far[65536] = {1}; int f(void) { return far[0]; }");
    if (run({"cc", "-shared", "-fPIC", "-o", directory / "lib.so", directory / "lib.c"})
            .how != "exit status 0")
        return skip("no library can be built here");
    const ended result = watched({"python3", "-c",
                                  "import ctypes, os\n"
                                  "lib = ctypes.CDLL('" +
                                      (directory / "lib.so") +
                                      "')\n"
                                      "f = lib.f\n"
                                      "os.truncate('" +
                                      (directory / "lib.so") +
                                      "', 0)\n"
                                      "f()"});
    CHECK(result.how == "killed by SIGBUS");
    CHECK(line_of(result.err, "mapping").ends_with(directory / "lib.so"));
    CHECK(line_of(result.err, "cause") ==
          "the program, or a library, was cut while it ran");
}

TEST_CASE("program: a process that runs already") {
    if (!may_trace()) return;
    const temporary_directory directory;
    const std::string path = directory / "cut";
    child victim({"python3", "-uc",
                  "import mmap, os, threading\n"
                  "open('" +
                      path +
                      "', 'wb').write(b'x' * 10000)\n"
                      "f = open('" +
                      path +
                      "', 'r+b')\n"
                      "m = mmap.mmap(f.fileno(), 10000)\n"
                      "go = threading.Event()\n"
                      "threading.Thread(target=lambda: (go.wait(), m[9000])).start()\n"
                      "print('ready'); input(); os.truncate('" +
                      path + "', 100); go.set()\n"});
    REQUIRE(victim.read_line() == "ready");
    const std::string pid = std::to_string(victim.pid());
    child watcher({program, "-p", pid});
    const auto traced = [&] {
        return read_file("/proc/" + pid + "/status")
                   .find("TracerPid:\t" + std::to_string(watcher.pid()) + "\n") !=
               std::string::npos;
    };
    REQUIRE(eventually(traced));
    const ended second = run({program, "-p", pid});
    CHECK(second.how == "exit status 1");
    CHECK(second.err == "20_why_sigbus: process " + std::to_string(watcher.pid()) +
                            " traces it already\n");
    victim.write("\n");
    const ended report = watcher.wait();
    CHECK(report.how == "exit status 0");
    CHECK(line_of(report.err, "offset") == "9000 in the file");
    CHECK(line_of(report.err, "cause") == too_short);
    CHECK(victim.wait().how == "killed by SIGBUS");
}

TEST_CASE("header: what we trace already is no error") {
    const holder other([] {}), victim([] {});
    if (::ptrace(PTRACE_SEIZE, other.pid(), nullptr, nullptr) != 0)
        return skip("ptrace is refused here");
    CHECK_NOTHROW(seize(victim.pid()));
    CHECK_NOTHROW(seize(victim.pid()));
    CHECK_NOTHROW(seize_all(victim.pid()));
}

TEST_CASE("program: a process that starts threads all the time") {
    if (!may_trace()) return;
    child victim({"python3", "-c",
                  "import threading\n"
                  "print('ready', flush=True)\n"
                  "while True:\n"
                  "    t = threading.Thread(target=int); t.start(); t.join()\n"});
    REQUIRE(victim.read_line() == "ready");
    for (int i = 0; i < 10; ++i) {
        child watcher({program, "-p", std::to_string(victim.pid())});
        REQUIRE(eventually([&] {
            return read_file("/proc/" + std::to_string(victim.pid()) + "/status")
                       .find("TracerPid:\t" + std::to_string(watcher.pid()) + "\n") !=
                   std::string::npos;
        }));
        watcher.send(SIGTERM);
        const ended result = watcher.wait();
        CHECK(result.how == "killed by SIGTERM");
        CHECK(result.err == "");
    }
}

TEST_CASE("program: a process that has any name is reported all the same") {
    if (!may_trace()) return;
    const temporary_directory directory;
    const std::string name = "open('/proc/self/comm', 'w').write('Tgid: 1\\x1b[31m')\n";
    const ended result = watched(
        {"python3", "-c", name + python_that_dies(directory / "cut", "m[9000]\n")});
    CHECK(reports_in(result.err) == 1);
    CHECK(result.err.find("(Tgid: 1?[31m) died") != std::string::npos);
}

TEST_CASE("program: a death by a signal is one although it is blocked") {
    if (!may_trace()) return;
    const temporary_directory directory;
    write_file(directory / "empty", "");
    CHECK(run({"env", "--block-signal=BUS", program, dies, directory / "empty"}).how ==
          "killed by SIGBUS");
}

TEST_CASE("program: what it watched goes on when it ends") {
    if (!may_trace()) return;
    child victim({"cat"});
    const std::string pid = std::to_string(victim.pid());
    const auto tracer_of = [&] {
        const std::string status = read_file("/proc/" + pid + "/status");
        const std::size_t at = status.find("TracerPid:\t") + 11;
        return status.substr(at, status.find('\n', at) - at);
    };
    child watcher({program, "-p", pid});
    REQUIRE(eventually([&] { return tracer_of() != "0"; }));
    watcher.send(SIGINT);
    CHECK(watcher.wait().how == "killed by SIGINT");
    REQUIRE(eventually([&] { return tracer_of() == "0"; }));
    victim.write("still here\n");
    CHECK(victim.read_line() == "still here");
    CHECK(victim.wait().how == "exit status 0");
}

TEST_CASE("program: a stopped process stays stopped until it is continued") {
    if (!may_trace()) return;
    child session({program, "sh", "-c", "echo $$; exec cat"});
    const pid_t cat = std::stoi(session.read_line());
    const auto state = [&] {
        const std::string stat = read_file("/proc/" + std::to_string(cat) + "/stat");
        return stat.at(stat.rfind(')') + 2);
    };
    const auto is_cat = [&] {
        return read_file("/proc/" + std::to_string(cat) + "/comm") == "cat\n";
    };
    REQUIRE(eventually([&] { return is_cat() && state() == 'S'; }));
    // It stands still twice: when it is about to get the signal, and when it has got
    // it.
    const auto stands_still = [&] {
        for (int i = 0; i < 20; ++i) {
            if (const char now = state(); now != 't' && now != 'T') return false;
            ::usleep(1000);
        }
        return true;
    };
    REQUIRE(::kill(cat, SIGSTOP) == 0);
    CHECK(eventually(stands_still));
    session.write("line\n");
    CHECK(stands_still());  // there is work, and it does none
    REQUIRE(::kill(cat, SIGCONT) == 0);
    CHECK(session.read_line() == "line");
    CHECK(session.wait().how == "exit status 0");
}

TEST_CASE("program: what is sent to it reaches the command") {
    if (!may_trace()) return;
    child session(
        {program, "sh", "-c",
         "trap 'echo told; exit 3' TERM; echo ready; while :; do sleep 0.01; done"});
    REQUIRE(session.read_line() == "ready");
    session.send(SIGTERM);
    CHECK(session.read_line() == "told");
    CHECK(session.wait().how == "exit status 3");
}

TEST_CASE("program: Ctrl-C at a terminal reaches the command once") {
    if (!may_trace()) return;
    int terminal = -1;
    const pid_t pid = check(::forkpty(&terminal, nullptr, nullptr, nullptr), "forkpty");
    if (pid == 0) {
        ::execl(program.c_str(), "20_why_sigbus", "sh", "-c",
                "n=0; trap 'n=$((n+1)); echo told $n' INT; echo ready; "
                "while [ $n -eq 0 ]; do sleep 0.01; done; sleep 0.1; exit 5",
                nullptr);
        ::_exit(99);
    }
    const unique_fd end(terminal);
    std::string said;
    CAPTURE(said);
    const auto read_until = [&](const std::string& text) {
        return eventually([&] {
            char bytes[256];
            pollfd ready{terminal, POLLIN, 0};
            if (::poll(&ready, 1, 10) == 1) {
                const ssize_t n = ::read(terminal, bytes, sizeof bytes);
                if (n > 0) said.append(bytes, static_cast<std::size_t>(n));
            }
            return said.find(text) != said.npos;
        });
    };
    REQUIRE(read_until("ready"));
    check(::write(terminal, "\003", 1), "write");
    CHECK(read_until("told 1"));
    int status = 0;
    pid_t ended_one = 0;
    REQUIRE(eventually([&] {
        if (ended_one == 0) ended_one = ::waitpid(pid, &status, WNOHANG);
        return ended_one == pid;
    }));
    CHECK(describe_status(status) == "exit status 5");
    CHECK(said.find("told 2") == said.npos);
}

TEST_CASE("program: a program that would have the rights of another user is named") {
    if (::geteuid() != 0) return skip("only root can make such a program");
    if (!may_trace()) return;
    const temporary_directory directory;
    std::filesystem::copy("/bin/true", directory / "true");
    REQUIRE(::chmod((directory / "true").c_str(), 04755) == 0);
    const ended result = run(as_another_user({program, directory / "true"}));
    CHECK(result.how == "exit status 0");
    CHECK(result.err.ends_with(" runs without its set-user-ID, since it is traced\n"));
}

TEST_CASE("program: a wrong command line says what is wrong") {
    const std::string usage =
        "usage: 20_why_sigbus COMMAND [ARG...]\n       20_why_sigbus -p PID\n";
    for (const std::vector<std::string>& words : {std::vector<std::string>{program},
                                                  {program, "-p"},
                                                  {program, "-p", "1", "2"}}) {
        const ended result = run(words);
        CHECK(result.how == "exit status 2");
        CHECK(result.err == usage);
    }
    CHECK(run({program, "-p", "0"}).err == "20_why_sigbus: PID is 1 or more\n" + usage);
    CHECK(run({program, "-p", "x"}).err ==
          "20_why_sigbus: \"x\" is not an int\n" + usage);
    const ended absent = run({program, "-p", "2147483647"});
    CHECK(absent.how == "exit status 1");
    CHECK(absent.err == "20_why_sigbus: there is no process 2147483647\n");
    CHECK(run({program, "--help"}).out == usage);
}
