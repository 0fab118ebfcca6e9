// Tests of 03_missing_file: a Foo in a file, the errors, and what is given back.
#include "03_missing_file/foo_from_mmap.hpp"

#include <cstddef>
#include <string>
#include <system_error>
#include <vector>

#include "tests/stepper.hpp"

namespace {

const std::string probe = program_path("probe_03");

}  // namespace

TEST_SUITE("lab") {
    TEST_CASE("header: the Foo is what the file holds") {
        const temporary_directory directory;
        write_file(directory / "foo", foo_bytes(42, 98));
        const Foo f = foo_from_mmap(directory / "foo");
        CHECK(f.bar() == 42);
        CHECK(f.baz() == 98);
    }

    TEST_CASE("header: what is set is in the file") {
        const temporary_directory directory;
        write_file(directory / "foo", foo_bytes(42, 98));
        Foo f = foo_from_mmap(directory / "foo");
        f.set_bar(31337);
        CHECK(read_file(directory / "foo") == foo_bytes(31337, 98));
    }

    TEST_CASE("header: two mappings of one file are one Foo") {
        const temporary_directory directory;
        write_file(directory / "foo", foo_bytes(42, 98));
        Foo one = foo_from_mmap(directory / "foo");
        Foo other = foo_from_mmap(directory / "foo");
        one.set_bar(31337);
        CHECK(other.bar() == 31337);
        other.set_baz(-1);
        CHECK(one.baz() == -1);
    }

    TEST_CASE("header: a missing file is ENOENT and stays missing") {
        const temporary_directory directory;
        try {
            foo_from_mmap(directory / "foo");
            FAIL("nothing was thrown");
        } catch (const std::system_error& error) {
            CHECK(error.code() == std::errc::no_such_file_or_directory);
            CHECK(error.what() ==
                  "open \"" + (directory / "foo") + "\": No such file or directory");
        }
        CHECK(directory.names() == "");
    }

    TEST_CASE("header: what cannot be mapped is an exception") {
        // /dev/null can be opened, but it has no pages to map.
        try {
            foo_from_mmap("/dev/null");
            FAIL("nothing was thrown");
        } catch (const std::system_error& error) {
            CHECK(error.code() == std::errc::no_such_device);
            CHECK(std::string(error.what()) == "mmap \"/dev/null\": No such device");
        }
    }

    TEST_CASE("header: the descriptor is closed while the mapping lives on") {
        const temporary_directory directory;
        write_file(directory / "foo", foo_bytes(42, 98));
        const std::size_t before = open_descriptors();
        const Foo f = foo_from_mmap(directory / "foo");
        CHECK(open_descriptors() == before);
        CHECK_THROWS_AS(foo_from_mmap("/dev/null"), std::system_error);
        CHECK(open_descriptors() == before);
        CHECK(f.bar() == 42);
    }

    TEST_CASE("header: no descriptor of its own survives an exec") {
        if (!may_step()) return;
        const temporary_directory directory;
        write_file(directory / "foo", foo_bytes(42, 98));
        CHECK(survivors_of_exec([&] { foo_from_mmap(directory / "foo"); }) == "");
    }

    TEST_CASE("header: the mapping goes when the Foo goes") {
        const temporary_directory directory;
        write_file(directory / "foo", foo_bytes(42, 98));
        {
            const Foo f = foo_from_mmap(directory / "foo");
            CHECK(is_mapped(directory / "foo"));
        }
        CHECK_FALSE(is_mapped(directory / "foo"));
    }

    // Weighs 3.
    TEST_CASE("program: a missing file is one line and status 1 and is not created") {
        const temporary_directory directory;
        const ended result = run({program_path("03_missing_file"), directory / "foo"});
        CHECK(result.how == "exit status 1");
        CHECK(result.out == "");
        CHECK(result.err == "03_missing_file: open \"" + (directory / "foo") +
                                "\": No such file or directory (ENOENT)\n");
        CHECK(directory.names() == "");
    }

    TEST_CASE("program: a primed file prints its Foo and is left as it was") {
        const temporary_directory directory;
        const any_foo f;
        write_file(directory / "foo", foo_bytes(f));
        const ended result = run({program_path("03_missing_file"), directory / "foo"});
        CHECK(result.how == "exit status 0");
        CHECK(result.out == foo_text(f) + "\n");
        CHECK(result.err == "");
        CHECK(read_file(directory / "foo") == foo_bytes(f));
    }

    // Weighs 2.
    TEST_CASE("program: what one process sets is in the file and in another process") {
        const temporary_directory directory;
        const any_foo f;
        write_file(directory / "foo", foo_bytes(any_foo{}));
        child other({probe, directory / "foo"});
        CHECK(other.read_line() == "mapped");
        const ended result = run(
            {probe, directory / "foo", std::to_string(f.bar), std::to_string(f.baz)});
        CHECK(result.how == "exit status 0");
        CHECK(read_file(directory / "foo") == foo_bytes(f));
        CHECK(other.wait().out == foo_text(f) + "\n");
    }

    TEST_CASE("program: a thousand mappings leave no descriptor and no mapping") {
        const temporary_directory directory;
        const any_foo f;
        write_file(directory / "foo", foo_bytes(f));
        const ended result =
            run({"prlimit", "--nofile=64", probe, "--often", directory / "foo"});
        CHECK(result.how == "exit status 0");
        CHECK(result.out == foo_text(f) + "\n");
    }

    TEST_CASE("program: what open or mmap refuses is named with its error") {
        const temporary_directory directory;
        ended result = run({program_path("03_missing_file"), directory.path()});
        CHECK(result.how == "exit status 1");
        CHECK(result.err == "03_missing_file: open \"" + directory.path() +
                                "\": Is a directory (EISDIR)\n");

        result = run({program_path("03_missing_file"), "/dev/null"});
        CHECK(result.how == "exit status 1");
        CHECK(result.err ==
              "03_missing_file: mmap \"/dev/null\": No such device (ENODEV)\n");

        result = run({program_path("03_missing_file"), ""});
        CHECK(result.how == "exit status 1");
        CHECK(result.err ==
              "03_missing_file: open \"\": No such file or directory (ENOENT)\n");
    }
}

TEST_CASE("program: a path cannot break the line of the message") {
    const temporary_directory directory;  // where a wrong program may leave it
    const ended result =
        run({program_path("03_missing_file"), directory / "no\nsuch\"file"});
    CHECK(result.how == "exit status 1");
    CHECK(result.err == "03_missing_file: open \"" +
                            (directory / "no\\x0asuch\\x22file") +
                            "\": No such file or directory (ENOENT)\n");
}

TEST_CASE("program: anything but one path is wrong usage") {
    const std::string program = program_path("03_missing_file");
    for (const auto& words :
         {std::vector<std::string>{program}, {program, "/tmp/a", "/tmp/b"}}) {
        const ended result = run(words);
        CHECK(result.how == "exit status 2");
        CHECK(result.err == "usage: 03_missing_file PATH\n");
    }
    CHECK(run({program, "--explain"}).err ==
          "03_missing_file: no option \"--explain\"\nusage: 03_missing_file PATH\n");
}
