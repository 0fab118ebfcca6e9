// Tests of 14_seqlock: readers that never lock, whatever becomes of the writer. Without
// optimisation the stepper would have ten times as many instructions to go through.
//
// Options: -O1
#include <sys/mman.h>

#include <array>
#include <csignal>
#include <cstdint>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>

#include "14_seqlock/published_week.hpp"
#include "tests/history_model.hpp"
#include "tests/stepper.hpp"

namespace {

const std::string program = program_path("14_seqlock");

/// Two words, so that the stepper has few instructions to go through.
using pair = std::array<foo, 2>;
pair of(int n) {
    return {foo{n, n}, foo{n, n}};
}

std::string text(const std::optional<pair>& value) {
    if (!value) return "nothing";
    for (const foo& f : *value)
        if (f.bar != value->front().bar || f.baz != f.bar) return "torn";
    return std::to_string(value->front().bar);
}

/// A seqlock as its creator makes it, which holds of(1).
using in_memory = shared<seqlock<pair>>;
void make(const in_memory& lock) {
    std::construct_at(&*lock);
    lock->write(of(1));
}

using set = std::set<std::string>;

/// What a reader may find, by all that C++ permits, of a writer who has written of(1)
/// and of(2): the writer of the step, or `write`.
template <class Write>
set found_in_every_way(Write write) {
    history_model::begin();
    const seqlock<pair, history_model> lock = [&] {
        seqlock<pair, history_model> made;
        write(made);
        return made;
    }();
    set found;
    history_model::every_way([&] { found.insert(text(lock.try_read())); });
    return found;
}

}  // namespace

TEST_SUITE("lab") {
    TEST_CASE("header: what was written is read") {
        const in_memory lock;
        std::construct_at(&*lock);
        CHECK(text(lock->try_read()) == "0");
        for (int n = 1; n < 4; ++n) {
            lock->write(of(n));
            CHECK(text(lock->try_read()) == std::to_string(n));
            CHECK(text(lock->read(1)) == std::to_string(n));
        }
    }

    TEST_CASE("header: while somebody writes there is nothing") {
        const in_memory lock;
        make(lock);
        lock->begin();
        CHECK(text(lock->try_read()) == "nothing");
        lock->store(of(2));
        CHECK(text(lock->try_read()) == "nothing");
        CHECK(text(lock->read(1000)) == "nothing");
        lock->end();
        CHECK(text(lock->try_read()) == "2");
    }

    TEST_CASE("header: a reader after any instruction of a writer finds nothing torn") {
        if (!may_step()) return;
        const in_memory lock;
        make(lock);
        stepper writer([&] { lock->write(of(2)); });
        set found;
        while (writer.step()) found.insert(text(lock->try_read()));
        CHECK(found == set{"1", "nothing", "2"});
    }

    TEST_CASE(
        "header: a writer between any two instructions of a reader tears nothing") {
        if (!may_step()) return;
        const in_memory lock;
        const shared<std::optional<pair>> result;
        make(lock);
        const set found = between_any_two([&] { *result = lock->try_read(); },
                                          [&] { lock->write(of(2)); },
                                          [&] {
                                              make(lock);
                                              return text(*result);
                                          });
        CHECK(found == set{"1", "nothing", "2"});
    }

    TEST_CASE("header: in every way that C++ permits nothing is torn") {
        CHECK(found_in_every_way([](auto& lock) {
                  lock.write(of(1));
                  lock.write(of(2));
              }) == set{"0", "1", "2", "nothing"});
    }

    TEST_CASE("header: a reader may have a mapping that is read-only") {
        const in_memory lock;
        make(lock);
        const auto* read_only = static_cast<const seqlock<pair>*>(lock.map(PROT_READ));
        CHECK(text(read_only->try_read()) == "1");
        CHECK(text(read_only->read(10)) == "1");
    }

    // Weighs 2.
    TEST_CASE("program: one writes and another reads and nothing is torn") {
        const temporary_directory directory;
        const std::string path = directory / "week";
        const std::string first = std::to_string(1 + (drawn() & 255));
        CHECK(run({program, path, "write", first}).how == "exit status 0");
        CHECK(run({program, path, "read", "1"}).out ==
              "0 torn; seven times Foo(" + first + ", -" + first + ")\n");
        const std::string times = std::to_string(2000 + (drawn() & 255));
        child writer({program, path, "write", times});
        const ended result = run({program, path, "read", "20000"});
        CHECK(result.how == "exit status 0");
        CHECK(result.out.find("0 torn; seven times Foo(") == 0);
        CHECK(writer.wait().how == "exit status 0");
        CHECK(run({program, path, "read", "1"}).out ==
              "0 torn; seven times Foo(" + times + ", -" + times + ")\n");
    }
}

TEST_CASE("header: a writer that died leaves nothing and its heir a whole value") {
    if (!may_step()) return;
    const in_memory lock;
    make(lock);
    set after_death, with_the_heir;
    killed_after_each([&] { lock->write(of(2)); },
                      [&] {
                          const std::string left = text(lock->try_read());
                          after_death.insert(left);
                          if (left == "nothing") {
                              stepper heir([&] { lock->write(of(3)); });
                              while (heir.step())
                                  with_the_heir.insert(text(lock->try_read()));
                              CHECK(text(lock->try_read()) == "3");
                          }
                          make(lock);
                      });
    CHECK(after_death == set{"1", "nothing", "2"});
    CHECK(with_the_heir == set{"nothing", "3"});
}

TEST_CASE("header: the number does not come round while somebody reads") {
    CHECK(sizeof(hardware::word) == 8);
    const in_memory lock;
    make(lock);
    // 128 writes are a whole turn of a number of eight bits.
    const auto* seen = static_cast<const std::uint64_t*>(static_cast<void*>(&*lock));
    const std::uint64_t before = *seen;
    for (int n = 0; n < 128; ++n) lock->write(of(n));
    CHECK(*seen == before + 256);
}

TEST_CASE("header: a week that is not one is refused") {
    const temporary_directory directory;
    const std::string path = directory / "week";
    write_file(path, foo_bytes(42, 98));
    CHECK_THROWS_AS(map_read_only<published_week>(path, "week"), std::runtime_error);
    CHECK(read_file(path) == foo_bytes(42, 98));
}

TEST_CASE("program: a writer that died midway is told by its heir" *
          doctest::test_suite("lab")) {
    const temporary_directory directory;
    const std::string path = directory / "week";
    CHECK(run({program, path, "write", "3"}).how == "exit status 0");
    CHECK(run({program, path, "die-midway"}).how == "killed by SIGKILL");
    const ended reader = run({program, path, "read", "1"});
    CHECK(reader.how == "exit status 1");
    CHECK(reader.err ==
          "14_seqlock: no whole week in 1000 ms: its writer died, or was stopped\n");
    const std::string times = std::to_string(1 + (drawn() & 255));
    const ended heir = run({program, path, "write", times});
    CHECK(heir.out == "the writer before died in a write\n");
    CHECK(run({program, path, "read", "1"}).out ==
          "0 torn; seven times Foo(" + times + ", -" + times + ")\n");
}

TEST_CASE("program: bad input is one line and changes nothing") {
    const temporary_directory directory;
    const std::string path = directory / "week";
    CHECK(run({program, path, "read", "1"}).err ==
          "14_seqlock: open " + in_quotes(path) +
              ": No such file or directory (ENOENT)\n");
    CHECK(run({program, path, "write", "x"}).how == "exit status 2");
    CHECK(run({program, path, "write", "0"}).how == "exit status 2");
    CHECK(run({program, path, "write"}).how == "exit status 2");
    CHECK(run({program, path}).how == "exit status 2");
    CHECK(run({program, path, "die", "1"}).how == "exit status 2");
    CHECK(directory.names() == "");
    for (const std::string& content :
         {foo_bytes(42, 98), std::string(sizeof(published_week), 'x')}) {
        write_file(path, content);
        for (const char* what : {"read", "write"}) {
            const ended result = run({program, path, what, "1"});
            CHECK(result.how == "exit status 1");
            CHECK(count_lines(result.err) == 1);
        }
        CHECK(read_file(path) == content);
    }
}
