// Tests of 11_lost_updates: schedules, and a session that loses an update.
#include "11_lost_updates/schedule.hpp"

#include <cstddef>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "11_lost_updates/plain.hpp"
#include "tests/support.hpp"

namespace {

const std::string program = program_path("11_lost_updates");

int sum_of(const std::string& schedule) {
    Foo f(0, 0);
    return play(f, schedule);
}

struct shared_file {
    temporary_directory directory;
    std::string path = directory / "foo";
    shared_file() { write_file(path, foo_bytes(0, 0)); }
};

/// Sends `command` to a session, and waits until it has been carried out.
void tell(child& session, const std::string& command) {
    session.write(command + "\nlen(f)\n");
    CHECK(session.read_line() == "8");
}

std::string ask(child& session, const std::string& command) {
    session.write(command + "\n");
    return session.read_line();
}

}  // namespace

TEST_SUITE("lab") {
    TEST_CASE("header: one after the other loses nothing") {
        CHECK(sum_of("") == 0);
        CHECK(sum_of("aa") == 1);
        CHECK(sum_of("aabb") == 2);
        CHECK(sum_of("bbaa") == 2);
        CHECK(sum_of("aaaabb") == 3);
    }

    TEST_CASE(
        "header: whoever writes what was read before loses the other's addition") {
        CHECK(sum_of("abab") == 1);
        CHECK(sum_of("abba") == 1);
        CHECK(sum_of("baab") == 1);
        CHECK(sum_of("abbbba") == 1);
        CHECK(sum_of("abbaaa") == 2);
    }

    TEST_CASE("header: a read without its write changes nothing") {
        CHECK(sum_of("a") == 0);
        CHECK(sum_of("ab") == 0);
        CHECK(sum_of("aab") == 1);
    }

    TEST_CASE(
        "header: a schedule is played on the foo that is given and on bar alone") {
        Foo f(40, 98);
        CHECK(play(f, "aabb") == 42);
        CHECK(f.bar() == 42);
        CHECK(f.baz() == 98);
    }

    TEST_CASE("header: the sums of all schedules and how many lead to each") {
        using sums = std::map<int, int>;
        CHECK((outcomes(1) == sums{{1, 4}, {2, 2}}));
        // By hand: of two adders of one each, only aabb and bbaa lose nothing.
        const auto of_two = outcomes(2);
        CHECK(of_two.begin()->first == 2);
        CHECK(of_two.rbegin()->first == 4);
        for (const auto& [adds, schedules] :
             {std::pair{1, 6}, {2, 70}, {3, 924}, {4, 12870}}) {
            int count = 0;
            for (const auto& [sum, number] : outcomes(adds)) count += number;
            CHECK(count == schedules);
        }
    }

    TEST_CASE("header: two adders of a thousand may end at two and not below") {
        CHECK(sum_of(worst(1000)) == 2);
        CHECK(worst(1000).size() == 4000);
        for (const int adds : {2, 3, 4}) {
            CHECK(sum_of(worst(adds)) == 2);
            CHECK(outcomes(adds).begin()->first == 2);
        }
    }

    // Weighs 2.
    TEST_CASE(
        "program: any schedule is played on the foo that is given and bar alone") {
        const any_foo start;
        std::string moves(static_cast<std::size_t>(8 + (drawn() & 31)), 'a');
        for (char& letter : moves) letter = drawn() & 1 ? 'a' : 'b';
        Foo f(start.bar, start.baz);
        const int bar = play(f, moves);
        CHECK(run({program_path("probe_11"), std::to_string(start.bar),
                   std::to_string(start.baz), moves})
                  .out == std::to_string(bar) + " Foo(" + std::to_string(bar) + ", " +
                              std::to_string(start.baz) + ")\n");
    }

    TEST_CASE("program: shows every sum") {
        const std::string many = std::to_string(6 + (drawn() & 0xffff));
        CHECK(run({program, "--schedules", many}).out == "at worst the sum is 2\n");
        CHECK(run({program, "--schedules", "1"}).out ==
              "sum 1 in 4 schedules\nsum 2 in 2 schedules\n");
        CHECK(run({program, "--schedules", "3"}).out ==
              "sum 2 in 8 schedules\nsum 3 in 300 schedules\nsum 4 in 416 schedules\n"
              "sum 5 in 180 schedules\nsum 6 in 20 schedules\n");
        CHECK(run({program, "--schedules", "1000"}).out == "at worst the sum is 2\n");
    }
}

TEST_CASE("program: two sessions lose an update") {
    const shared_file file;
    child one({program, file.path});
    child two({program, file.path});
    tell(one, "n = f.bar");
    tell(two, "n = f.bar");
    tell(one, "f.bar = n + 1");
    tell(two, "f.bar = n + 1");
    CHECK(ask(one, "f") == "Foo(1, 0)");
    tell(one, "n = f.bar");
    tell(one, "f.bar = n + 1");
    tell(two, "n = f.bar");
    tell(two, "f.bar = n + 1");
    CHECK(ask(two, "n") == "2");
    CHECK(ask(one, "f") == "Foo(3, 0)");
}

TEST_CASE("program: alone nothing is lost") {
    const shared_file file;
    const ended result = run({program, file.path}, "add 1000\nf\ntell 42\nwait\nf\n");
    CHECK(result.how == "exit status 0");
    CHECK(result.out == "Foo(1000, 0)\n42\nFoo(42, 1)\n");
    CHECK(result.err == "");
}

TEST_CASE("program: after the last int comes the first") {
    const shared_file file;
    const ended result = run({program, file.path},
                             "f.bar = 2147483647\nn = f.bar\nf.bar = n + 1\nf.bar\n"
                             "f.bar = 2147483647\nadd 1\nf.bar\n");
    CHECK(result.how == "exit status 0");
    CHECK(result.out == "-2147483648\n-2147483648\n");
}

TEST_CASE("program: help names the commands of this step") {
    const shared_file file;
    const std::string help = run({program, file.path}, "help\n").out;
    CHECK(help.find("n = f.bar, n, f.bar = n + 1, add N, tell N, wait, help, quit\n") !=
          std::string::npos);
}

TEST_CASE("program: bad input is one line and changes nothing") {
    const shared_file file;
    for (const char* wrong :
         {"add x", "add", "tell 2147483648", "n = f.baz", "waits"}) {
        const ended result = run({program, file.path}, std::string(wrong) + "\nf\n");
        CAPTURE(wrong);
        CHECK(result.how == "exit status 0");
        CHECK(result.out == "Foo(0, 0)\n");
        CHECK(count_lines(result.err) == 1);
    }
    for (const auto& words : {std::vector<std::string>{},
                              {file.path, "add"},
                              {"--schedules"},
                              {"--schedules", "0"},
                              {"--schedules", "x"},
                              {"--schedules", "1000001"}}) {
        std::vector<std::string> all{program};
        all.insert(all.end(), words.begin(), words.end());
        const ended result = run(all);
        CHECK(result.how == "exit status 2");
        CHECK(result.err.find("usage: 11_lost_updates PATH\n") != std::string::npos);
    }
    write_file(file.path, "short");
    CHECK(run({program, file.path}).how == "exit status 1");
    CHECK(read_file(file.path) == "short");
}
