// Tests of 09_how_fast: the mapping as a transport, and what the program says. No test
// looks at a time.
#include <fcntl.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <set>
#include <sstream>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "09_how_fast/mapping.hpp"
#include "09_how_fast/streams.hpp"
#include "09_how_fast/two_processes.hpp"
#include "tests/support.hpp"

namespace {

const std::string program = program_path("09_how_fast");
const std::string probe = program_path("probe_09");

std::uint64_t drawn_word() {
    return static_cast<std::uint64_t>(drawn()) << 32 | static_cast<unsigned>(drawn());
}

/// Has the probe carry out `command`, and waits until it has.
void tell(child& side, const std::string& command) {
    side.write(command + "\n");
    CHECK(side.read_line() == "done");
}

/// A file of zeros that a line fits into.
struct line_file {
    temporary_directory directory;
    std::string path = directory / "line";
    line_file() { write_file(path, std::string(sizeof(line), '\0')); }

    unique_fd open() const {
        return unique_fd(check(::open(path.c_str(), O_RDWR | O_CLOEXEC), "open"));
    }
    /// What the two words of the line are, in the file.
    std::array<std::uint64_t, 2> words() const {
        std::array<std::uint64_t, 2> result{};
        std::memcpy(result.data(), read_file(path).data(), sizeof result);
        return result;
    }
};

}  // namespace

TEST_SUITE("lab") {
    TEST_CASE("header: what one side sends is in the bytes of the file") {
        const line_file file;
        const unique_fd fd = file.open();
        over_mapping asking(fd.get());
        asking.open(side::asking);
        asking.send(0x1122334455667788);
        CHECK(file.words()[0] == 0x1122334455667788);
    }

    TEST_CASE("header: an answer has a word of its own in the same cache line") {
        const line_file file;
        const unique_fd fd = file.open();
        over_mapping asking(fd.get()), answering(fd.get());
        asking.open(side::asking);
        answering.open(side::answering);
        asking.send(1);
        answering.send(2);
        CHECK(file.words()[0] == 1);
        CHECK(file.words()[1] == 2);
        CHECK(sizeof(line) == 64);
        CHECK(alignof(line) == 64);
    }

    TEST_CASE("header: each side receives what the other one sent") {
        const line_file file;
        const unique_fd fd = file.open();
        over_mapping asking(fd.get()), answering(fd.get());
        asking.open(side::asking);
        answering.open(side::answering);
        for (std::uint64_t n = 1; n <= 3; ++n) {
            // What is there already is received without waiting: if it is not there,
            // waiting would be for ever.
            REQUIRE(file.words()[0] == n - 1);
            asking.send(n);
            REQUIRE(file.words()[0] == n);
            CHECK(answering.receive() == n);
            answering.send(100 + n);
            REQUIRE(file.words()[1] == 100 + n);
            CHECK(asking.receive() == 100 + n);
        }
    }

    TEST_CASE("header: a word is not received twice") {
        line words;
        line_end asking(words, side::asking);
        line_end answering(words, side::answering);
        asking.send(7);
        REQUIRE(answering.receive() == 7);
        std::thread later([&] {
            std::this_thread::sleep_for(std::chrono::milliseconds{20});
            asking.send(8);
        });
        const std::uint64_t next = answering.receive();
        later.join();
        CHECK(next == 8);
    }

    TEST_CASE("header: the mapping goes away with its owner") {
        const line_file file;
        const unique_fd fd = file.open();
        {
            over_mapping mapping(fd.get());
            mapping.open(side::asking);
            CHECK(is_mapped(file.path));
        }
        CHECK_FALSE(is_mapped(file.path));
    }

    TEST_CASE("header: a descriptor that cannot be mapped is an error") {
        const unique_fd null(check(::open("/dev/null", O_RDWR | O_CLOEXEC), "open"));
        over_mapping mapping(null.get());
        CHECK_THROWS_AS(mapping.open(side::asking), std::system_error);
    }

    TEST_CASE("program: each side has a word of its own in the file") {
        const line_file file;
        child asking({probe, file.path, "asking"});
        child answering({probe, file.path, "answering"});
        const std::uint64_t question = drawn_word(), answer = drawn_word();
        tell(asking, "send " + std::to_string(question));
        CHECK(file.words() == std::array<std::uint64_t, 2>{question, 0});
        tell(answering, "send " + std::to_string(answer));
        CHECK(file.words() == std::array{question, answer});
        CHECK(read_file(file.path).size() == 64);
    }

    // Weighs 2.
    TEST_CASE("program: each side receives what the other one sent and nothing twice") {
        const line_file file;
        child asking({probe, file.path, "asking"});
        child answering({probe, file.path, "answering"});
        for (int i = 0; i < 3; ++i) {
            for (const auto& [from, to] :
                 {std::pair{&asking, &answering}, std::pair{&answering, &asking}}) {
                const std::string word = std::to_string(drawn_word());
                to->write("receive\n");  // before it is sent
                tell(*from, "send " + word);
                CHECK(to->read_line() == word);
            }
        }
    }

    // Weighs 0.
    TEST_CASE("program: two processes verify every byte over each of the three") {
        const ended result = run({program});
        if (result.err.find("need two CPUs") != std::string::npos) {
            skip("there is one CPU here");
            return;
        }
        CHECK(result.how == "exit status 0");
        CHECK(result.err == "");
        std::istringstream lines(result.out);
        std::string line;
        std::getline(lines, line);
        CHECK(line ==
              "8 bytes there and back, between two processes, every byte verified");
        std::vector<std::string> names;
        while (std::getline(lines, line)) {
            std::istringstream words(line);
            std::string name, unit;
            double median = 0, tail = 0;
            if (words >> name >> median >> unit >> tail) {
                names.push_back(name);
                CHECK(median > 0);
                CHECK(tail >= median);
            }
        }
        CHECK(names == std::vector<std::string>{"mapping", "pipe", "AF_UNIX", "pipe",
                                                "AF_UNIX"});
    }
}

TEST_CASE("header: every word of a run is another and none is zero") {
    std::set<std::uint64_t> words;
    for (std::uint64_t n = 0; n < 1000; ++n) words.insert(word(n));
    CHECK(words.size() == 1000);
    CHECK(words.count(0) == 0);
    CHECK_NOTHROW(verify(word(7), 7));
    CHECK_THROWS_AS(verify(word(7) ^ 1, 7), std::runtime_error);
    CHECK_THROWS_AS(verify(word(8), 7), std::runtime_error);
}

TEST_CASE("header: a pipe and a socket carry words both ways") {
    for (const waiting how : {waiting::polling, waiting::blocking}) {
        for (over_streams (*make)(waiting) : {over_pipes, over_unix_sockets}) {
            over_streams streams = make(how);
            // Of ten samples, the first is left out.
            CHECK(measure(std::move(streams), 10, std::chrono::seconds{60}).size() ==
                  9);
        }
    }
}

TEST_CASE("header: a stream whose other side has gone is an error") {
    std::signal(SIGPIPE, SIG_IGN);
    for (over_streams (*make)(waiting) : {over_pipes, over_unix_sockets}) {
        over_streams streams = make(waiting::polling);
        streams.open(side::asking);
        CHECK_THROWS_AS(streams.receive(), std::runtime_error);
        CHECK_THROWS_AS(streams.send(1), std::system_error);
    }
}

TEST_CASE("program: an argument is wrong usage") {
    const ended result = run({program, "pipe"});
    CHECK(result.how == "exit status 2");
    CHECK(result.out == "");
    CHECK(result.err == "usage: 09_how_fast\n");
}

TEST_CASE("program: on one CPU it says that it needs two") {
    const ended result =
        run({"taskset", "--cpu-list", std::to_string(::sched_getcpu()), program});
    CHECK(result.how == "exit status 1");
    CHECK(result.err == "09_how_fast: two sides that never sleep need two CPUs\n");
}

TEST_CASE("program: no room for the file is an error of one line") {
    const ended result = run({"prlimit", "--fsize=10", program});
    CHECK(result.how == "exit status 1");
    CHECK(result.err ==
          "09_how_fast: posix_fallocate \"tmpfile\": File too large (EFBIG)\n");
}

TEST_CASE("dying: a side that dies ends the other one with a line") {
    // In a program of its own: the test program may not end.
    const pid_t pid = check(::fork(), "fork");
    if (pid == 0) {
        struct dying {
            side mine{};
            void open(side s) { mine = s; }
            void send(std::uint64_t) {}
            std::uint64_t receive() {
                if (mine == side::answering) ::raise(SIGKILL);
                for (;;) ::pause();
            }
        };
        measure(dying{}, 1);
        ::_exit(0);
    }
    int status = 0;
    check(::waitpid(pid, &status, 0), "waitpid");
    CHECK(describe_status(status) == "exit status 1");
}
