// Tests of 02_malloc_wrapper: accessors, bytes, and who frees.
#include "02_malloc_wrapper/foo.hpp"

#include <malloc.h>

#include <array>
#include <cstddef>
#include <span>
#include <sstream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "tests/support.hpp"

namespace {

const std::string probe = program_path("probe_02");

std::string printed(const Foo& f) {
    std::ostringstream out;
    out << f;
    return out.str();
}

int released = 0;

Foo::storage counted(foo* borrowed) {
    return {borrowed, [](foo*) { ++released; }};
}

}  // namespace

TEST_SUITE("lab") {
    TEST_CASE("header: a new Foo holds its arguments and zeros without any") {
        CHECK(printed(Foo(42, 98)) == "Foo(42, 98)");
        CHECK(printed(Foo()) == "Foo(0, 0)");
        CHECK(Foo(42, 98).bar() == 42);
        CHECK(Foo(42, 98).baz() == 98);
    }

    TEST_CASE("header: the setters change their own field") {
        Foo f(42, 98);
        f.set_bar(31337);
        CHECK(printed(f) == "Foo(31337, 98)");
        f.set_baz(-1);
        CHECK(printed(f) == "Foo(31337, -1)");
    }

    TEST_CASE("header: as_bytes are the bytes of the foo") {
        CHECK(Foo::size() == 8);
        CHECK(Foo(42, 98).as_bytes() == bytes_of(foo{42, 98}));
    }

    TEST_CASE("header: from_bytes gives back the value") {
        const auto bytes = bytes_of(foo{42, -98});
        CHECK(printed(Foo::from_bytes(bytes)) == "Foo(42, -98)");
    }

    TEST_CASE("header: from_bytes copies so neither side sees the other change") {
        auto bytes = bytes_of(foo{42, 98});
        Foo f = Foo::from_bytes(bytes);
        bytes = bytes_of(foo{1, 2});
        CHECK(printed(f) == "Foo(42, 98)");
        f.set_bar(31337);
        CHECK(bytes == bytes_of(foo{1, 2}));
    }

    TEST_CASE("header: from_bytes takes exactly eight bytes") {
        const std::array<std::byte, 16> bytes{};
        const std::span<const std::byte> all(bytes);
        CHECK_THROWS_WITH_AS(Foo::from_bytes(all.first(0)),
                             "from_bytes: got 0 bytes, a foo has 8",
                             std::invalid_argument);
        CHECK_THROWS_AS(Foo::from_bytes(all.first(7)), std::invalid_argument);
        CHECK_THROWS_AS(Foo::from_bytes(all.first(9)), std::invalid_argument);
        CHECK_NOTHROW(Foo::from_bytes(all.first(8)));
    }

    TEST_CASE("header: a foo taken over is used in place and released once") {
        released = 0;
        foo outside{42, 98};
        {
            Foo first(counted(&outside));
            first.set_bar(31337);
            CHECK(outside.bar == 31337);
            Foo second = std::move(first);
            CHECK(printed(second) == "Foo(31337, 98)");
            CHECK(second.address() == &outside);
            CHECK(released == 0);
        }
        CHECK(released == 1);
    }

    TEST_CASE("header: the heap gets back what every Foo took") {
        const auto before = ::mallinfo2().uordblks;
        for (int i = 0; i < 1000; ++i) {
            Foo f(i, i);
            Foo::from_bytes(f.as_bytes());
        }
        CHECK(::mallinfo2().uordblks < before + 1000 * sizeof(foo));
    }

    TEST_CASE("header: no memory is an exception") {
#ifdef SUCHFOO_SANITIZED
        skip("AddressSanitizer needs more address space than this test leaves");
#else
        bool thrown = false;
        {
            const no_memory_left now;
            try {
                const Foo f(42, 98);
                // What nobody uses, an optimiser need not allocate.
                [[maybe_unused]] static const foo* volatile used;
                used = f.address();
            } catch (const std::bad_alloc&) {
                thrown = true;
            }
        }
        CHECK(thrown);
#endif
    }

    TEST_CASE("program: prints a Foo and its bytes and a copy that is independent") {
        const any_foo f;
        const ended result = run({program_path("02_malloc_wrapper"),
                                  std::to_string(f.bar), std::to_string(f.baz)});
        CHECK(result.how == "exit status 0");
        CHECK(result.err == "");
        CHECK(result.out.find("f = " + foo_text(f) + ", 8 bytes: " + hex(foo_bytes(f)) +
                              "\n") == 0);
        CHECK(result.out.find("with bar set: Foo(31337, " + std::to_string(f.baz) +
                              ")\n") != std::string::npos);
        CHECK(result.out.find("f is still " + foo_text(f) + "\n") != std::string::npos);
    }

    TEST_CASE("program: from_bytes takes exactly eight bytes and copies them") {
        const any_foo f;
        const std::string bytes = foo_bytes(f) + foo_bytes(any_foo{});
        for (std::size_t size = 0; size <= bytes.size(); ++size) {
            const ended result = run({probe, "from_bytes", hex(bytes.substr(0, size))});
            CAPTURE(size);
            CHECK(result.out == (size == 8 ? foo_text(f) + "\n" : ""));
            CHECK(result.how == (size == 8 ? "exit status 0" : "exit status 1"));
        }
    }

    TEST_CASE("program: whatever is made and released does not use up the memory") {
#ifdef SUCHFOO_SANITIZED
        skip("AddressSanitizer needs more address space than this test leaves");
#else
        const any_foo f;
        const ended result = run({"prlimit", "--as=20000000", probe, "make", "500000",
                                  std::to_string(f.bar), std::to_string(f.baz)});
        CHECK(result.out == foo_text(f) + "\n");
#endif
    }

    TEST_CASE("program: the ends of the range of an int are kept") {
        const ended result =
            run({program_path("02_malloc_wrapper"), "2147483647", "-2147483648"});
        CHECK(result.how == "exit status 0");
        CHECK(result.out.find("f = Foo(2147483647, -2147483648), ") == 0);
    }
}

TEST_CASE("program: without arguments both fields are zero") {
    const ended result = run({program_path("02_malloc_wrapper")});
    CHECK(result.how == "exit status 0");
    CHECK(result.out.find("f = Foo(0, 0), 8 bytes: 00 00 00 00 00 00 00 00\n") == 0);
}

TEST_CASE("program: arguments that are not two ints are wrong usage") {
    const std::vector<std::vector<std::string>> wrong{
        {"42"},         {"42", "98", "1"}, {"42", "x"},
        {"42", ""},     {"4 2", "98"},     {"+1", "98"},
        {"0x2a", "98"}, {"1.5", "2"},      {"2147483648", "0"}};
    for (std::vector<std::string> words : wrong) {
        words.insert(words.begin(), program_path("02_malloc_wrapper"));
        const ended result = run(words);
        CAPTURE(words[1]);
        CHECK(result.how == "exit status 2");
        CHECK(result.out == "");
        CHECK(result.err.find("usage: 02_malloc_wrapper [BAR BAZ]\n") !=
              std::string::npos);
    }
    CHECK(
        run({program_path("02_malloc_wrapper"), "42", "x"}).err ==
        "02_malloc_wrapper: \"x\" is not an int\nusage: 02_malloc_wrapper [BAR BAZ]\n");
}
