// Tests of 24_choosing: a worker that measures, with every transport of ours. What the
// harness makes of measurements is tested by test_bench.py. No test looks at a time.
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <filesystem>
#include <sstream>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "07_shm_open/new_object.hpp"
#include "tests/support.hpp"

namespace {

const std::string program = program_path("24_choosing");

/// What this test's workers put their names behind.
const std::string names_start = own_name("24").name + ".";

constexpr std::size_t room = 4096;  // bytes to reserve

/// A few round trips of a transport, quickly.
std::vector<std::string> briefly(const std::string& transport,
                                 const std::string& more) {
    return {program,     transport, "name=" + names_start, "samples=4", "batch=5",
            "seconds=9", more};
}

/// What is in /dev/shm of this test's workers.
std::vector<std::filesystem::path> names_left() {
    std::vector<std::filesystem::path> names;
    std::error_code none;  // there may be no such folder
    for (const auto& entry : std::filesystem::directory_iterator("/dev/shm", none)) {
        if (entry.path().filename().string().starts_with(names_start.substr(1)))
            names.push_back(entry.path());
    }
    return names;
}

/// A worker with a defect may leave names: they go when the tests end.
const struct sweeper {
    ~sweeper() {
        for (const auto& name : names_left()) std::filesystem::remove(name);
    }
} sweep_at_the_end;

}  // namespace

TEST_CASE("program: two processes verify every byte over a mapped file") {
    const ended result = run(briefly("file", "line=9"));
    CHECK(result.how == "exit status 0");
    CHECK(result.out.starts_with("file: 20 times 8 bytes, every byte verified; "));
    CHECK(result.err == "");
}

TEST_CASE("program: two processes verify every byte over a shared object") {
    if (!has_shm()) return;
    const ended result = run(briefly("shm_open", "line=63"));
    CHECK(result.how == "exit status 0");
    CHECK(result.out.starts_with("shm_open: 20 times 8 bytes, every byte verified; "));
    CHECK(result.err == "");
}

TEST_CASE("header: what is reserved has its size and is zero") {
    const temporary_directory directory;
    const unique_fd file(
        check(::open((directory / "new").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600),
              "open"));
    reserve(file.get(), room, "new");
    CHECK(read_file(directory / "new") == std::string(room, '\0'));
    struct stat status = {};
    REQUIRE(::fstat(file.get(), &status) == 0);
    CHECK(status.st_blocks * 512 >= off_t{room});  // not only a size
}

TEST_CASE("header: a limit on the size of files is an error when room is reserved") {
    const temporary_directory directory;
    const unique_fd file(
        check(::open((directory / "new").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600),
              "open"));
    std::signal(SIGXFSZ, SIG_IGN);
    rlimit before{};
    check(::getrlimit(RLIMIT_FSIZE, &before), "getrlimit");
    const rlimit page{4096, before.rlim_max};
    check(::setrlimit(RLIMIT_FSIZE, &page), "setrlimit");
    CHECK_THROWS_AS(reserve(file.get(), 8192, "new"), std::system_error);
    check(::setrlimit(RLIMIT_FSIZE, &before), "setrlimit");
}

TEST_CASE("program: every transport of ours carries its words") {
    for (const std::string transport :
         {"threads", "memfd", "ring", "spin-then-sleep", "pipe-polled", "unix-polled",
          "tcp-polled", "futex", "semaphore", "eventfd", "pipe", "unix", "tcp",
          "posix-queue"}) {
        CAPTURE(transport);
        const ended result = run(briefly(transport, "line=1"));
        CHECK(result.how == "exit status 0");
        CHECK(result.out.starts_with(transport + ": 20 times 8 bytes, every byte "));
        CHECK(result.err == "");
    }
}

TEST_CASE("program: the loops without the harness end as well") {
    const ended result = run(briefly("bare", "line=1"));
    CHECK(result.how == "exit status 0");
    CHECK(result.out.starts_with("bare: "));
    CHECK(result.out.find("no byte verified") != std::string::npos);
}

TEST_CASE("program: every bulk transport carries more than a chunk") {
    if (!has_shm()) return;
    for (const std::string transport :
         {"memcpy", "bulk-in-place", "bulk-copied", "bulk-pipe", "bulk-unix",
          "bulk-tcp", "bulk-vm-readv"}) {
        CAPTURE(transport);
        const ended result = run({program, transport, "samples=2", "batch=2",
                                  "length=5000", "seconds=5", "name=" + names_start});
        CHECK(result.how == "exit status 0");
        CHECK(
            result.out.starts_with(transport + ": 4 times 320000 bytes, every byte "));
        CHECK(result.err == "");
    }
}

TEST_CASE("program: every stream carries more messages than it has room for") {
    const std::vector<std::pair<std::string, std::string>> streams{
        {"stream-ring", "64"},
        {"stream-ring-batches", "64"},
        {"stream-plain", "64"},
        {"stream-ring-8", "8"}};
    for (const auto& stream : streams) {
        const std::string &transport = stream.first, &bytes = stream.second;
        CAPTURE(transport);
        const ended result = run({program, transport, "samples=9", "batch=50",
                                  "seconds=9", "name=" + names_start});
        CHECK(result.how == "exit status 0");
        CHECK(result.out.starts_with(transport + ": 450 times " + bytes +
                                     " bytes, every byte verified; "));
        CHECK(result.err == "");
    }
}

TEST_CASE("program: every value is read whole with a writer and without") {
    for (const std::string transport :
         {"atomic-quiet", "seqlock-quiet", "mutex-quiet", "atomic-written",
          "seqlock-written", "mutex-written"}) {
        CAPTURE(transport);
        const ended result = run({program, transport, "samples=5", "batch=2000",
                                  "seconds=9", "name=" + names_start});
        CHECK(result.how == "exit status 0");
        CHECK(result.out.starts_with(transport + ": 10000 times "));
        CHECK(result.err == "");
    }
}

TEST_CASE("program: a side that waits for a word gets it") {
    if (!has_shm()) return;
    for (const std::string transport :
         {"idle-shm_open", "idle-spin-then-sleep", "idle-futex"}) {
        CAPTURE(transport);
        const ended result = run({program, transport, "samples=1", "batch=1",
                                  "length=20", "seconds=9", "name=" + names_start});
        CHECK(result.how == "exit status 0");
        CHECK(result.err == "");
    }
}

TEST_CASE("program: samples are printed as they were taken") {
    if (!has_shm()) return;
    const ended result = run(briefly("shm_open", "print=1"));
    CHECK(result.how == "exit status 0");
    std::istringstream lines(result.out);
    std::string cpu, waited, verified, samples;
    for (std::string* line : {&cpu, &waited, &verified, &samples})
        std::getline(lines, *line);
    CHECK(cpu.starts_with("cpu "));
    CHECK(waited.starts_with("waited "));
    CHECK(verified == "verified yes");
    CHECK(samples.starts_with("samples "));
    CHECK(std::count(samples.begin(), samples.end(), ' ') == 4);
}

TEST_CASE("program: nothing that it made has a name afterwards") {
    if (!has_shm()) return;
    const temporary_directory directory;
    for (const std::string transport : {"shm_open", "file"}) {
        CHECK(run({"env", "TMPDIR=" + directory.path(), program, transport, "samples=5",
                   "seconds=5", "name=" + names_start})
                  .how == "exit status 0");
    }
    CHECK(names_left().empty());
    CHECK(directory.names() == "");
}

TEST_CASE("program: nothing is left when it is told to end") {
    if (!has_shm()) return;
    const temporary_directory directory;
    for (const std::string transport : {"shm_open", "file", "pipe", "posix-queue"}) {
        CAPTURE(transport);
        child worker({"env", "TMPDIR=" + directory.path(), program, transport,
                      "samples=100000", "batch=1000000", "name=" + names_start});
        const std::string threads = "/proc/" + std::to_string(worker.pid()) + "/task/" +
                                    std::to_string(worker.pid()) + "/children";
        const auto both_run = [&] {
            const std::string children = read_file(threads);
            return std::count(children.begin(), children.end(), ' ') == 2;
        };
        for (int i = 0; i < 5000 && !both_run(); ++i)
            std::this_thread::sleep_for(std::chrono::milliseconds{1});
        std::istringstream children(read_file(threads));
        pid_t pids[2] = {};
        children >> pids[0] >> pids[1];
        REQUIRE(pids[1] != 0);
        worker.send(SIGTERM);
        const ended result = worker.wait();
        CHECK(result.how == "exit status 1");
        CHECK(result.err == "24_choosing: ended by SIGTERM\n");
        for (const pid_t pid : pids) CHECK(::kill(pid, 0) == -1);
    }
    CHECK(names_left().empty());
    CHECK(directory.names() == "");
}

TEST_CASE("program: a name that is taken is left as it is") {
    const temporary_directory directory;
    const std::string taken = directory.path() + names_start;
    write_file(taken, "mine");
    const ended result = run(
        {"env", "TMPDIR=" + directory.path(), program, "file", "name=" + names_start});
    CHECK(result.how == "exit status 1");
    CHECK(result.err == "24_choosing: open \"" + taken + "\": File exists (EEXIST)\n");
    CHECK(read_file(taken) == "mine");
}

TEST_CASE("program: a wrong command line says what is wrong") {
    if (!has_shm()) return;
    const auto first_line = [](const std::vector<std::string>& words) {
        const ended result = run(words);
        CHECK(result.how == "exit status 2");
        CHECK(result.out == "");
        return result.err.substr(0, result.err.find('\n'));
    };
    CHECK(first_line({program}).starts_with("usage: 24_choosing TRANSPORT "));
    const std::string unknown = first_line({program, "pigeon"});
    CHECK(unknown.starts_with("24_choosing: no transport \"pigeon\"; there are "));
    CHECK(unknown.find(" shm_open ") != std::string::npos);
    CHECK(first_line({program, "pipe", "batch"}) == "24_choosing: \"batch\"?");
    CHECK(first_line({program, "pipe", "batch=0"}) ==
          "24_choosing: batch has to be from 1 to 1000000");
    CHECK(first_line({program, "pipe", "speed=9"}) ==
          "24_choosing: no setting \"speed\"");
    CHECK(first_line({program, "shm_open", "name=/else"}) ==
          "24_choosing: name: /suchfoo. and more, without another slash");
}

TEST_CASE("program: the anchor runs as often as it is asked to") {
    const std::vector<std::string> anchor{program, "anchor", "samples=5", "batch=5"};
    const ended result = run(anchor, "0\n63\n64\n");
    CHECK(result.how == "exit status 0");
    CHECK(count_lines(result.out) == 3);
    const ended wrong = run(anchor, "5\nfive\n");
    CHECK(wrong.how == "exit status 1");
    CHECK(count_lines(wrong.out) == 1);
    CHECK(wrong.err == "24_choosing: the input is no line's number\n");
}

TEST_CASE("program: a CPU that is not there is an error of one line") {
    if (!has_shm()) return;
    for (const std::string transport : {"shm_open", "threads", "bare"}) {
        for (const std::string side : {"asking", "answering"}) {
            CAPTURE(transport);
            const ended result = run(briefly(transport, side + "=1023"));
            CHECK(result.how == "exit status 1");
            const bool process = transport == "shm_open" && side == "answering";
            CHECK(result.err == "24_choosing: the " +
                                    std::string(process ? "answering" : "asking") +
                                    " side: sched_setaffinity: Invalid argument\n");
        }
    }
}
