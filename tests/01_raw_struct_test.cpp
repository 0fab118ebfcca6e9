// Tests of 01_raw_struct: the layout of foo, padding, and the program's report.
#include "01_raw_struct/layout.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstring>
#include <string>
#include <vector>

#include "common/hex.hpp"
#include "tests/support.hpp"

namespace {

struct tight {
    short a;
    short b;
};

}  // namespace

TEST_SUITE("lab") {
    TEST_CASE("header: foo_fields says where bar and baz are") {
        REQUIRE(foo_fields.size() == 2);
        CHECK(foo_fields[0].name == "bar");
        CHECK(foo_fields[0].offset == 0);
        CHECK(foo_fields[0].size == 4);
        CHECK(foo_fields[1].name == "baz");
        CHECK(foo_fields[1].offset == 4);
        CHECK(foo_fields[1].size == 4);
    }

    TEST_CASE("header: padded_fields leaves room before bar") {
        REQUIRE(padded_fields.size() == 3);
        CHECK(padded_fields[0].offset == 0);
        CHECK(padded_fields[0].size == 1);
        CHECK(padded_fields[1].offset == 4);
        CHECK(padded_fields[1].size == 4);
        CHECK(padded_fields[2].offset == 8);
        CHECK(padded_fields[2].size == 1);
    }

    TEST_CASE("header: padding finds the gap inside and the gap at the end") {
        const std::vector<std::size_t> expected{1, 2, 3, 9, 10, 11};
        const field fields[] = {{"kind", 0, 1}, {"bar", 4, 4}, {"last", 8, 1}};
        CHECK(padding(12, fields) == expected);
    }

    TEST_CASE("header: padding finds none in a struct without gaps") {
        const field fields[] = {{"a", 0, sizeof(tight::a)}, {"b", 2, sizeof(tight::b)}};
        CHECK(padding(sizeof(tight), fields).empty());
    }

    TEST_CASE("header: bytes_of gives the bytes in memory order") {
        const foo value{0x01020304, -1};
        std::array<std::byte, 8> expected{};
        std::memcpy(expected.data(), &value, sizeof value);
        CHECK(bytes_of(value) == expected);
        CHECK(bytes_of(value)[7] == std::byte{0xff});
    }

    TEST_CASE("program: prints sizes and offsets and bytes of both structs") {
        const any_foo any;
        CHECK(run({program_path("probe_01"), "bytes", std::to_string(any.bar),
                   std::to_string(any.baz)})
                  .out == hex(foo_bytes(any)) + "\n");
        const ended result = run({program_path("01_raw_struct")});
        CHECK(result.how == "exit status 0");
        CHECK(result.err == "");
        CHECK(result.out.find("struct foo: size 8, alignment 4\n"
                              "  bar   offset 0, size 4\n"
                              "  baz   offset 4, size 4\n") == 0);
        CHECK(result.out.find("struct padded: size 12, alignment 4\n"
                              "  kind  offset 0, size 1\n"
                              "  bar   offset 4, size 4\n"
                              "  last  offset 8, size 1\n") != std::string::npos);
        if constexpr (std::endian::native == std::endian::little) {
            CHECK(result.out.find("  2a 00 00 00 62 00 00 00\n") != std::string::npos);
        }
    }

    TEST_CASE("program: marks the bytes that mean nothing and they are stale") {
        // A struct of six fields that nobody has seen before, with gaps of 0 to 3
        // bytes.
        std::vector<std::string> words{program_path("probe_01"), "padding"};
        std::string gaps;
        int size = 0;
        for (int i = 0; i < 7; ++i) {
            for (int gap = drawn() & 3; gap > 0; --gap)
                gaps += std::to_string(size++) + " ";
            if (i == 6) break;
            const int width = 1 + (drawn() & 7);
            words.insert(words.end(), {std::to_string(size), std::to_string(width)});
            size += width;
        }
        words.insert(words.begin() + 2, std::to_string(size));
        CHECK(run(words).out == gaps + "\n");

        const ended result = run({program_path("01_raw_struct")});
        const std::string marks =
            "\n     ^^ ^^ ^^                ^^ ^^ ^^ these mean nothing\n";
        const std::size_t below = result.out.find(marks);
        REQUIRE(below != std::string::npos);
        const std::string bytes = result.out.substr(below - 35, 35);
        CHECK(bytes.substr(0, 11) == "6b aa aa aa");
        CHECK(bytes.substr(24, 11) == "7a aa aa aa");
    }
}

TEST_CASE("program: an argument is wrong usage") {
    const ended result = run({program_path("01_raw_struct"), "surplus"});
    CHECK(result.how == "exit status 2");
    CHECK(result.out == "");
    CHECK(result.err == "usage: 01_raw_struct\n");
}

TEST_CASE("program: --help prints the usage") {
    const ended result = run({program_path("01_raw_struct"), "--help"});
    CHECK(result.how == "exit status 0");
    CHECK(result.out == "usage: 01_raw_struct\n");
    CHECK(result.err == "");
}

TEST_CASE("program: a full standard output is an error") {
    const ended result =
        run({"sh", "-c", "exec \"$0\" > /dev/full", program_path("01_raw_struct")});
    CHECK(result.how == "exit status 1");
    CHECK(result.err == "01_raw_struct: cannot write standard output\n");
}
