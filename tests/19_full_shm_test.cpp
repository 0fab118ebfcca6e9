// Tests of 19_full_shm: memory that has a size and no room, and who lives on.
//
// Options: -O1
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include "19_full_shm/careful_foo.hpp"
#include "19_full_shm/full_object.hpp"
#include "tests/stepper.hpp"

namespace {

const std::string program = program_path("19_full_shm");

/// How a child ends that does `work`: with status 0, unless that says otherwise.
template <class Work>
std::string end_of(Work work) {
    std::fflush(nullptr);
    const pid_t pid = check(::fork(), "fork");
    if (pid == 0) {
        const rlimit none{0, 0};
        ::setrlimit(RLIMIT_CORE, &none);
        ::alarm(10);
        work();
        ::_exit(0);
    }
    int status = 0;
    check(::waitpid(pid, &status, 0), "waitpid");
    return describe_status(status);
}

/// A foo in a file without a name, which can be cut.
struct cuttable {
    unique_fd file{check(::memfd_create("cuttable", MFD_CLOEXEC), "memfd_create")};
    mapped<foo> memory{nullptr, nullptr};
    cuttable() {
        resize(sizeof(foo));
        memory = map_shared<foo>(file.get(), "memfd");
        *memory = {42, 98};
    }
    void resize(off_t size) const { check(::ftruncate(file.get(), size), "ftruncate"); }
    foo* operator->() const { return memory.get(); }
    /// A copy from there, or nothing.
    std::optional<foo> copy() const {
        foo here{};
        if (!copy_or_fail(&here, memory.get(), memory.get(), sizeof here))
            return std::nullopt;
        return here;
    }
    bool store(const foo& value) const {
        return copy_or_fail(memory.get(), &value, memory.get(), sizeof value);
    }
};

/// survive_sigbus(), and a copy that is survived: or else it ends the process.
void survive_one() {
    survive_sigbus();
    const cuttable shared;
    shared.resize(0);
    if (shared.copy()) ::_exit(99);
}

void touch(foo& f) {
    static_cast<volatile foo&>(f).bar = 1;
}

}  // namespace

TEST_SUITE("lab") {
    TEST_CASE("header: a copy from good memory and into it is a copy") {
        CHECK(end_of([] {
                  survive_one();
                  const cuttable shared;
                  if (shared.copy()->baz != 98) ::_exit(1);
                  if (!shared.store({31337, 1}) || shared->bar != 31337) ::_exit(2);
                  if (this_copy.size != 0) ::_exit(3);  // nothing is guarded any more
              }) == "exit status 0");
    }

    TEST_CASE(
        "header: when the memory has gone the copy fails as often as it is tried") {
        CHECK(end_of([] {
                  survive_one();
                  const cuttable shared;
                  shared.resize(0);
                  for (int i = 0; i < 3; ++i) {
                      if (shared.copy()) ::_exit(1);
                      if (shared.store({1, 1})) ::_exit(2);
                  }
                  shared.resize(sizeof(foo));
                  if (shared.copy()->bar != 0) ::_exit(3);
              }) == "exit status 0");
    }

    TEST_CASE("header: afterwards SIGBUS is not blocked") {
        CHECK(end_of([] {
                  survive_one();
                  const cuttable shared;
                  shared.resize(0);
                  shared.copy();
                  sigset_t blocked;
                  ::sigprocmask(SIG_SETMASK, nullptr, &blocked);
                  if (::sigismember(&blocked, SIGBUS)) ::_exit(1);
              }) == "exit status 0");
    }

    TEST_CASE("dying: a fault that is in no copy kills as before") {
        CHECK(end_of([] {
                  survive_one();
                  const cuttable shared;
                  shared.resize(0);
                  touch(*shared.memory);
              }) == "killed by SIGBUS");
        CHECK(end_of([] {  // after a copy that was good, of the same memory
                  survive_one();
                  const cuttable shared;
                  shared.copy();
                  shared.resize(0);
                  touch(*shared.memory);
              }) == "killed by SIGBUS");
        CHECK(end_of([] {  // after one that failed
                  survive_one();
                  const cuttable shared;
                  shared.resize(0);
                  shared.copy();
                  touch(*shared.memory);
              }) == "killed by SIGBUS");
        CHECK(end_of([] {  // in a copy, but in the other memory
                  survive_one();
                  const cuttable from, to;
                  from.resize(0);
                  copy_or_fail(to.memory.get(), from.memory.get(), to.memory.get(),
                               sizeof(foo));
              }) == "killed by SIGBUS");
    }

    TEST_CASE("program: the session goes on when its file is cut") {
        const temporary_directory directory;
        const any_foo f;
        write_file(directory / "foo", foo_bytes(f));
        child session({program, directory / "foo", "--survive"});
        session.write("f\n");
        CHECK(session.read_line() == foo_text(f));
        REQUIRE(::truncate((directory / "foo").c_str(), 0) == 0);
        const std::string gone = "19_full_shm: there is no memory behind f any more";
        for (const std::string command :
             {"f", "f.bar", "f.baz = 1", "bytes(f)", "f.bar = 1", "f"}) {
            session.write(command + "\n");
            CHECK(session.read_error_line() == gone);
        }
        REQUIRE(::truncate((directory / "foo").c_str(), 8) == 0);
        const int bar = drawn();
        session.write("f.bar = " + std::to_string(bar) + "\nf\n");
        CHECK(session.read_line() == "Foo(" + std::to_string(bar) + ", 0)");
        CHECK(session.wait().how == "exit status 0");
        CHECK(read_file(directory / "foo") == foo_bytes(bar, 0));
    }
}

TEST_CASE("header: memory that is cut after any instruction of a copy") {
    if (!may_step()) return;
    survive_sigbus();
    const shared<int> copied;
    std::set<int> found;
    bool more = true;
    for (long point = 0; more; ++point) {
        CAPTURE(point);
        const cuttable shared;
        stepper copier([&] { *copied = shared.copy() ? 1 : 2; });
        for (long i = 0; i < point && more; ++i) more = copier.step();
        shared.resize(0);
        CHECK(describe_status(copier.finish()) == "exit status 0");
        found.insert(*copied);
    }
    CHECK(found == std::set<int>{1, 2});
    ::signal(SIGBUS, SIG_DFL);
}

TEST_CASE("dying: a signal that was sent ends the process as before") {
    CHECK(end_of([] {
              survive_sigbus();
              ::kill(::getpid(), SIGBUS);
              ::pause();
          }) == "killed by SIGBUS");
    CHECK(end_of([] {  // even in the middle of a copy of all memory
              survive_sigbus();
              if (sigsetjmp(this_copy.back, 1) != 0) ::_exit(1);
              this_copy.size = ~std::uintptr_t{0};
              ::kill(::getpid(), SIGBUS);
              ::pause();
          }) == "killed by SIGBUS");
    CHECK(end_of([] {  // or does not, if it was ignored
              ::signal(SIGBUS, SIG_IGN);
              survive_sigbus();
              ::kill(::getpid(), SIGBUS);
          }) == "exit status 0");
}

TEST_CASE("header: who handled SIGBUS before is asked for what is not ours") {
    CHECK(end_of([] {
              ::signal(SIGBUS, [](int) { ::_exit(7); });
              survive_sigbus();
              const cuttable shared;
              shared.resize(0);
              if (shared.copy()) ::_exit(1);
              touch(*shared.memory);
          }) == "exit status 7");
    CHECK(end_of([] {
              struct sigaction action = {};
              action.sa_flags = SA_SIGINFO;
              action.sa_sigaction = [](int, siginfo_t* info, void*) {
                  ::_exit(info->si_code == BUS_ADRERR ? 8 : 1);
              };
              ::sigaction(SIGBUS, &action, nullptr);
              survive_sigbus();
              const cuttable shared;
              shared.resize(0);
              touch(*shared.memory);
          }) == "exit status 8");
    CHECK(
        end_of(
            [] {  // once, if it is to be called once: the fault comes again, and kills
                struct sigaction action = {};
                action.sa_flags = static_cast<int>(SA_RESETHAND);
                action.sa_handler = [](int) {
                    static volatile sig_atomic_t times = 0;
                    times = times + 1;
                    if (times > 1) ::_exit(9);
                };
                ::sigaction(SIGBUS, &action, nullptr);
                survive_sigbus();
                const cuttable shared;
                shared.resize(0);
                touch(*shared.memory);
            }) == "killed by SIGBUS");
    CHECK(end_of([] {  // and our guard stays in place
              ::signal(SIGBUS, [](int) {});
              survive_sigbus();
              ::raise(SIGBUS);
              const cuttable shared;
              shared.resize(0);
              if (shared.copy()) ::_exit(1);
          }) == "exit status 0");
}

TEST_CASE("header: each thread has a guard of its own") {
    const guarded_copy* other = nullptr;
    std::thread([&] { other = &this_copy; }).join();
    CHECK(other != &this_copy);
    CHECK(end_of([] {
              survive_sigbus();
              const cuttable shared;
              shared.resize(0);
              std::thread second([&] {
                  for (int i = 0; i < 1000; ++i)
                      if (shared.copy()) ::_exit(1);
              });
              for (int i = 0; i < 1000; ++i)
                  if (shared.copy()) ::_exit(2);
              second.join();
          }) == "exit status 0");
}

TEST_CASE("header: a new object has its size and keeps no name") {
    if (!has_shm()) return;
    const own_name own("full");
    const std::string& name = own.name;
    for (const bool reserves : {true, false}) {
        const unique_fd object = new_object(name, 8192, reserves);
        struct stat status = {};
        REQUIRE(::fstat(object.get(), &status) == 0);
        CHECK(status.st_size == 8192);
        CHECK((status.st_blocks > 0) == reserves);
        CHECK(status.st_nlink == 0);
    }
    const unique_fd taken(
        ::shm_open(name.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    CHECK_THROWS_AS(new_object(name, 8192, true), std::system_error);
    CHECK(std::filesystem::exists(own.path));
}

TEST_CASE("program: no room is a death at the first touch or an error before it") {
    const auto dies = run_in_small_shm(
        "64k", "\"$0\" /suchfoo.full 1; echo $?; ls /dev/shm", program);
    if (!dies) return;
    CHECK(dies->out ==
          "it has its size, and is mapped\n" + std::to_string(128 + SIGBUS) + "\n");
    CHECK(dies->err.find("byte touched: 65536 of the mapping") != std::string::npos);
    CHECK(dies->err.find("file's size:  1048576 bytes") != std::string::npos);
    const auto reserves = run_in_small_shm(
        "64k", "\"$0\" /suchfoo.full 1 --reserve; ls -s /dev/shm", program);
    REQUIRE(reserves.has_value());
    CHECK(reserves->out == "total 0\n");  // what it had taken was given back
    CHECK(reserves->err ==
          "19_full_shm: posix_fallocate \"/suchfoo.full\": No space left on device "
          "(ENOSPC)\n");
    const auto fits = run_in_small_shm(
        "2m", "\"$0\" /suchfoo.full 1 && \"$0\" /suchfoo.full 1 --reserve", program);
    REQUIRE(fits.has_value());
    CHECK(fits->how == "exit status 0");
    CHECK(fits->err == "");
    CHECK(count_lines(fits->out) == 4);
}

TEST_CASE("program: a wrong command line says what is wrong") {
    const std::string usage =
        "usage: 19_full_shm NAME MIB [--reserve]\n       19_full_shm PATH --survive\n";
    for (const std::vector<std::string>& words :
         {std::vector<std::string>{program},
          {program, "/suchfoo.x"},
          {program, "/suchfoo.x", "1", "--keep"}}) {
        const ended result = run(words);
        CHECK(result.how == "exit status 2");
        CHECK(result.err.ends_with(usage));
    }
    CHECK(run({program, "/suchfoo.x", "0"}).err ==
          "19_full_shm: MIB is 1 or more\n" + usage);
    CHECK(run({program, "/suchfoo.x", "one"}).err ==
          "19_full_shm: \"one\" is not an int\n" + usage);
}

TEST_CASE("fact: asking for memory that is not there one way after the other") {
    const std::string tries =
        "import ctypes, mmap, os, sys\n"
        "c = ctypes.CDLL(None, use_errno=True)\n"
        "c.mmap.restype = ctypes.c_void_p\n"
        "def tried(how, *flags):\n"
        "    fd = os.open('/dev/shm/x', os.O_RDWR | os.O_CREAT)\n"
        "    os.ftruncate(fd, 1 << 20)\n"
        "    at = c.mmap(None, 1 << 20, 3, 1 | sum(flags), fd, 0)\n"
        "    bad = how(ctypes.c_void_p(at), fd)\n"
        "    name = os.strerror(ctypes.get_errno()) if bad == -1 else bad\n"
        "    free = os.statvfs('/dev/shm').f_bfree\n"
        "    print(name, 'full' if free == 0 else 'free')\n"
        "    os.unlink('/dev/shm/x'); c.munmap(ctypes.c_void_p(at), 1 << 20); "
        "os.close(fd)\n"
        "def wrote(at, fd):\n"
        "    try:\n"
        "        while True: os.write(fd, bytes(1 << 20))\n"
        "    except OSError as e: return e.strerror\n"
        "tried(wrote)\n"
        "tried(lambda at, fd: 'mapped', 0x8000)\n"            // MAP_POPULATE
        "tried(lambda at, fd: c.madvise(at, 1 << 20, 23))\n"  // MADV_POPULATE_WRITE
        "tried(lambda at, fd: c.mlock(at, 1 << 20))\n";
    const temporary_directory directory;
    write_file(directory / "tries.py", tries);
    const auto result =
        run_in_small_shm("64k", "python3 \"$0\"", directory / "tries.py");
    if (!result) return;
    CAPTURE(result->err);
    CHECK(result->out ==
          "No space left on device full\nmapped full\nBad address full\nCannot "
          "allocate memory full\n");
}

TEST_CASE("fact: a read from memory that has gone is no signal if a call does it") {
    const cuttable shared;
    shared.resize(0);
    foo here{};
    const iovec to{&here, sizeof here}, from{shared.memory.get(), sizeof here};
    CHECK(::process_vm_readv(::getpid(), &to, 1, &from, 1, 0) == -1);
    CHECK(errno == EFAULT);
    CHECK(::pread(shared.file.get(), &here, sizeof here, 0) == 0);
}

TEST_CASE("fact: a memory limit kills and no call has failed before") {
    const std::string group = "suchfoo_" + std::to_string(::getpid());
    const std::string script =
        "set -e; g=/sys/fs/cgroup/memory/" + group +
        "; test -d /sys/fs/cgroup/memory || g=/sys/fs/cgroup/" + group +
        "; mkdir $g; trap 'rmdir $g' EXIT; "
        "if test -e $g/memory.max; then echo 4M > $g/memory.max; "
        "else echo 4M > $g/memory.limit_in_bytes; fi; echo limited >&2; set +e; "
        "sh -c \"echo \\$\\$ > $g/cgroup.procs; exec '$0' /suchfoo.limited 16 "
        "--reserve\"; "
        "echo $?";
    const auto result = run_in_small_shm("64m", script, program);
    if (!result) return;
    if (result->err.find("limited") == std::string::npos)
        return skip("no memory cgroup of our own: " + result->err);
    CHECK(result->out == std::to_string(128 + SIGKILL) + "\n");
}
