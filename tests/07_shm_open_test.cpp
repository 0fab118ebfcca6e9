// Tests of 07_shm_open: one object for all who come, in whatever order they come.
#include "07_shm_open/foo_from_shm.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <cstddef>
#include <exception>
#include <filesystem>
#include <set>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "06_two_processes/where_mapped.hpp"
#include "tests/support.hpp"

namespace {

const std::string program = program_path("07_shm_open");

struct own_object : own_name {
    own_object() : own_name("test") {}
    /// Makes an object of `size` bytes, as some other program would.
    void make(off_t size) const {
        const unique_fd object(
            check(::shm_open(name.c_str(), O_RDWR | O_CREAT | O_EXCL, 0600), "shm_open",
                  name));
        check(::ftruncate(object.get(), size), "ftruncate", name);
    }
    struct stat status() const {
        struct stat result = {};
        check(::stat(path.c_str(), &result), "stat", path);
        return result;
    }
    bool exists() const { return std::filesystem::exists(path); }
};

std::string refusal(const std::string& name) {
    try {
        foo_from_shm(name);
    } catch (const std::exception& error) {
        return error.what();
    }
    return "nothing was thrown";
}

/// The inode of a line of /proc/self/maps.
std::string inode_of(const std::string& line) {
    std::istringstream fields(line);
    std::string word;
    for (int i = 0; i < 5; ++i) fields >> word;
    return word;
}

/// Starts `count` sessions on a new name at once, and checks that all have one object.
void race(const own_object& object, int count) {
    std::vector<child> racers;
    for (int i = 0; i < count; ++i) racers.emplace_back(child({program, object.name}));
    std::set<std::string> inodes;
    for (child& racer : racers) {
        racer.write("maps\nf\nf.bar = 1\n");
        const ended result = racer.wait();
        CHECK(result.how == "exit status 0");
        CHECK(result.err == "");
        inodes.insert(inode_of(result.out));
    }
    CHECK(inodes.size() == 1);
    CHECK(object.status().st_size == 8);
    CHECK(*inodes.begin() == std::to_string(object.status().st_ino));
}

/// What is said of an object whose creator does not come.
std::string still_empty(const std::string& name) {
    return in_quotes(name) +
           " is still empty: did its creator die? To remove it: "
           "build/steps/07_shm_open --unlink " +
           shell_word(name);
}

}  // namespace

TEST_SUITE("lab") {
    TEST_CASE("header: shm_name supplies the leading slash") {
        CHECK(shm_name("such_foo") == "/such_foo");
        CHECK(shm_name("/such_foo") == "/such_foo");
        CHECK(shm_name("..foo") == "/..foo");
        CHECK(shm_name(std::string(255, 'x')) == "/" + std::string(255, 'x'));
    }

    TEST_CASE("header: shm_name refuses what is no name") {
        for (const std::string& wrong :
             {std::string(), std::string("/"), std::string("//"), std::string("/a/b"),
              std::string("a/b"), std::string("a/"), std::string("//a"),
              std::string("."), std::string("/.."), std::string(256, 'x')}) {
            CAPTURE(wrong);
            CHECK_THROWS_AS(shm_name(wrong), std::invalid_argument);
        }
    }

    TEST_CASE("header: a new object is eight zero bytes and its owner's alone") {
        if (!has_shm()) return;
        const own_object object;
        const mode_t usual = ::umask(0);
        const Foo f = foo_from_shm(object.name);
        ::umask(usual);
        CHECK(f.bar() == 0);
        CHECK(f.baz() == 0);
        CHECK(object.status().st_size == 8);
        CHECK(mode_of(object.path) == "0600");
    }

    TEST_CASE("header: the mode is 0600 whatever the umask") {
        if (!has_shm()) return;
        const own_object object;
        const mode_t usual = ::umask(0277);
        const Foo f = foo_from_shm(object.name);
        ::umask(usual);
        CHECK(mode_of(object.path) == "0600");
    }

    TEST_CASE("header: an object that others may write is refused") {
        if (!has_shm()) return;
        const own_object object;
        object.make(8);
        check(::chmod(object.path.c_str(), 0666), "chmod");
        CHECK(refusal(object.name).find("0666") != std::string::npos);
    }

    TEST_CASE("header: an object that another user made first is refused") {
        if (!has_shm()) return;
        const own_object object;
        object.make(8);
        if (::chown(object.path.c_str(), 65534, 65534) == -1) {
            skip("only root can give an object away");
            return;
        }
        CHECK(refusal(object.name).find("65534") != std::string::npos);
    }

    TEST_CASE("header: what is not an object is said to be none and nobody waits") {
        if (!has_shm()) return;
        const own_object object;
        check(::mkfifo(object.path.c_str(), 0600), "mkfifo");
        CHECK(refusal(object.name) ==
              in_quotes(object.name) + " is no shared-memory object");
    }

    TEST_CASE("header: the second to come gets the object of the first") {
        if (!has_shm()) return;
        const own_object object;
        Foo first = foo_from_shm(object.name);
        first.set_bar(31337);
        Foo second = foo_from_shm(object.name);
        CHECK(second.bar() == 31337);
        second.set_baz(98);
        CHECK(first.baz() == 98);
    }

    TEST_CASE("header: an object of another size is refused and not resized") {
        if (!has_shm()) return;
        const own_object object;
        for (const off_t size : {4, 12, 4096, 8192}) {
            object.make(size);
            CHECK(refusal(object.name) == in_quotes(object.name) + " has " +
                                              std::to_string(size) +
                                              " bytes: not a foo");
            CHECK(object.status().st_size == size);
            ::shm_unlink(object.name.c_str());
        }
    }

    TEST_CASE("header: an object that stays empty is refused and not resized") {
        if (!has_shm()) return;
        const own_object object;
        object.make(0);
        CHECK_THROWS_WITH_AS(open_shm(object.name, std::chrono::milliseconds{50}),
                             still_empty(object.name).c_str(), std::runtime_error);
        CHECK(object.status().st_size == 0);
    }

    TEST_CASE("header: an object that is empty for a moment is waited for") {
        if (!has_shm()) return;
        const own_object object;
        object.make(0);
        const child creator(
            {"sh", "-c", "sleep 0.3; printf 12345678 > " + object.path});
        const Foo f = foo_from_shm(object.name);
        CHECK(f.as_bytes()[0] == std::byte{'1'});
    }

    TEST_CASE("header: an empty object that is removed meanwhile is created anew") {
        if (!has_shm()) return;
        const own_object object;
        object.make(0);
        const child remover({"sh", "-c", "sleep 0.3; rm " + object.path});
        const Foo f = foo_from_shm(object.name);
        CHECK(f.bar() == 0);
        CHECK(object.status().st_size == 8);
        CHECK(inode_of(where_mapped(f.address())) ==
              std::to_string(object.status().st_ino));
    }

    TEST_CASE("header: unlinking takes the name and leaves the mappings") {
        if (!has_shm()) return;
        const own_object object;
        Foo old = foo_from_shm(object.name);
        old.set_bar(31337);
        check(::shm_unlink(object.name.c_str()), "shm_unlink");
        CHECK_FALSE(object.exists());
        CHECK(old.bar() == 31337);
        const Foo fresh = foo_from_shm(object.name);
        CHECK(fresh.bar() == 0);
        CHECK(old.bar() == 31337);
    }

    TEST_CASE("header: the descriptor is closed while the mapping lives on") {
        if (!has_shm()) return;
        const own_object object;
        const std::size_t before = open_descriptors();
        const Foo created = foo_from_shm(object.name);
        const Foo opened = foo_from_shm(object.name);
        CHECK(open_descriptors() == before);
    }

    TEST_CASE("program: sessions share an object that outlives them") {
        if (!has_shm()) return;
        const own_object object;
        const any_foo any;
        {
            child one({program, object.name});
            child two({program, object.name.substr(1)});
            two.write("f.bar = " + std::to_string(any.bar) + "\nf\n");
            CHECK(two.read_line() == "Foo(" + std::to_string(any.bar) + ", 0)");
            one.write("f.baz = " + std::to_string(any.baz) + "\nf\n");
            CHECK(one.read_line() == foo_text(any));
            CHECK(one.wait().how == "exit status 0");
            CHECK(two.wait().how == "exit status 0");
        }
        CHECK(run({program, object.name}, "f\n").out == foo_text(any) + "\n");
        CHECK(mode_of(object.path) == "0600");
    }

    TEST_CASE("program: thirty that start at once on a new name have one object") {
        if (!has_shm()) return;
        const own_object object;
        race(object, 30);
    }

    TEST_CASE("program: --unlink removes the name and then there is none") {
        if (!has_shm()) return;
        const own_object object;
        run({program, object.name});
        CHECK(object.exists());
        CHECK(run({program, "--unlink", object.name}).how == "exit status 0");
        CHECK_FALSE(object.exists());
        const ended result = run({program, "--unlink", object.name});
        CHECK(result.how == "exit status 1");
        CHECK(result.err == "07_shm_open: shm_unlink " + in_quotes(object.name) +
                                ": No such file or directory (ENOENT)\n");
    }

    // Weighs 3.
    TEST_CASE("program: an object that stays empty is refused and not resized") {
        if (!has_shm()) return;
        const own_object object;
        object.make(0);
        const ended result = run({program_path("probe_07"), object.name, "50"});
        CHECK(result.how == "exit status 1");
        CHECK(result.out == "");
        CHECK(result.err == "probe_07: " + still_empty(object.name) + "\n");
        CHECK(object.status().st_size == 0);
    }

    TEST_CASE("program: a full /dev/shm is one line and leaves no name") {
        // One page, already taken.
        const auto result = run_in_small_shm(
            "4k",
            "printf x > /dev/shm/full && \"$0\" /suchfoo.test.full; status=$?; "
            "ls /dev/shm; exit $status",
            program);
        if (!result) return;
        CHECK(result->how == "exit status 1");
        CHECK(result->out == "full\n");
        CHECK(result->err ==
              "07_shm_open: posix_fallocate \"/suchfoo.test.full\": "
              "No space left on device (ENOSPC)\n");
    }
}

TEST_CASE("program: a name that is none gets one line and status 1") {
    for (const std::string& wrong :
         {std::string(), std::string("/"), std::string("/a/b"), std::string("a/b"),
          std::string(".."), std::string(256, 'x')}) {
        for (const auto& words :
             {std::vector<std::string>{program, wrong}, {program, "--unlink", wrong}}) {
            CAPTURE(wrong);
            const ended result = run(words, "f\n");
            CHECK(result.how == "exit status 1");
            CHECK(result.out == "");
            CHECK(count_lines(result.err) == 1);
            CHECK(result.err.find("07_shm_open: the name ") == 0);
        }
    }
}

// Weighs 3.
TEST_CASE("program: an object of another size is refused in one line" *
          doctest::test_suite("lab")) {
    if (!has_shm()) return;
    const own_object object;
    const off_t size = 9 + (drawn() & 8191);
    object.make(size);
    const ended result = run({program, object.name}, "f\n");
    CHECK(result.how == "exit status 1");
    CHECK(result.out == "");
    CHECK(result.err == "07_shm_open: " + in_quotes(object.name) + " has " +
                            std::to_string(size) + " bytes: not a foo\n");
    CHECK(object.status().st_size == size);
}

TEST_CASE("program: anything else is wrong usage") {
    const std::string usage =
        "usage: 07_shm_open NAME\n       07_shm_open --unlink NAME\n";
    for (const auto& words : {std::vector<std::string>{program},
                              {program, "--unlink"},
                              {program, "/a", "/b"}}) {
        const ended result = run(words);
        CHECK(result.how == "exit status 2");
        CHECK(result.err == usage);
    }
}

TEST_CASE("stress: thousands of openers race for new names" * doctest::skip()) {
    if (!has_shm()) return;
    for (int round = 0; round < 60; ++round) {
        const own_object object;
        race(object, 50);
    }
}

TEST_CASE("limit: a creator is awaited for two seconds" * doctest::skip()) {
    if (!has_shm()) return;
    const own_object object;
    object.make(0);
    const ended result = run({program, object.name});
    CHECK(result.how == "exit status 1");
    CHECK(result.err == "07_shm_open: " + still_empty(object.name) + "\n");
}

TEST_CASE("header: a name that has become another object's is not removed") {
    if (!has_shm()) return;
    const own_object object;
    object.make(8);
    const unique_fd first(
        check(::shm_open(object.name.c_str(), O_RDWR, 0), "shm_open", object.name));
    ::shm_unlink(object.name.c_str());
    object.make(8);
    unlink_own(first.get(), object.name);
    CHECK(object.exists());
    const unique_fd second(
        check(::shm_open(object.name.c_str(), O_RDWR, 0), "shm_open", object.name));
    unlink_own(second.get(), object.name);
    CHECK_FALSE(object.exists());
}

TEST_CASE("header: a command in a message can be pasted whatever the name") {
    for (const std::string name :
         {"plain", "two words", "it's", "$(touch x)", "\"quoted\"", "-dash", "a\\b",
          "new\nline", "tab\tand'both"}) {
        CAPTURE(name);
        const ended result = run({"bash", "-c", "printf %s " + shell_word(name)});
        CHECK(result.out == name);
        CHECK(count_lines(shell_word(name)) == 0);
    }
}
