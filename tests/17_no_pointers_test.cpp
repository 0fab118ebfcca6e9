// Tests of 17_no_pointers: distances hold in every mapping, addresses in one process.
//
// Options: -O1
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <bit>
#include <csignal>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <limits>
#include <memory>
#include <memory_resource>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <system_error>
#include <vector>

#include "17_no_pointers/foo_list.hpp"
#include "tests/stepper.hpp"

namespace {

const std::string program = program_path("17_no_pointers");
const std::string boost = program_path(std::string("17_boost"));  // if it is there

void make_empty(foo_list& list) {
    list = foo_list{};
    std::construct_at(&list.first);
    for (node& n : list.nodes) std::construct_at(&n.next);
}

std::string texts(const foo_list& list) {
    std::string text;
    by_offset(list, [&](const foo& f) { text += foo_text(f) + " "; });
    return text;
}

/// Memory that is at one address when it is written, and at another one when it is
/// read.
class moved {
public:
    moved() : file_{check(::memfd_create("moved", MFD_CLOEXEC), "memfd_create")} {
        check(::ftruncate(file_.get(), size), "ftruncate");
    }
    /// AddressSanitizer has its own things elsewhere.
    static constexpr std::uintptr_t written_at = std::uintptr_t{1}
                                                 << (sizeof(void*) == 8 ? 45 : 29);
    static constexpr std::uintptr_t read_at = written_at / 2 * 3;
    static constexpr std::size_t size = 8192;

    void* map(std::uintptr_t where) const {
        return check(::mmap(std::bit_cast<void*>(where), size, PROT_READ | PROT_WRITE,
                            MAP_SHARED | MAP_FIXED_NOREPLACE, file_.get(), 0),
                     "mmap");
    }

    /// Where a child dies of SIGSEGV that calls read(there): how far behind written_at.
    /// Nothing if it lives.
    template <class Read>
    std::optional<std::uintptr_t> address_of_death(Read read) const {
        const shared<siginfo_t> told;
        static siginfo_t* tell;
        tell = &*told;
        std::fflush(nullptr);
        const pid_t pid = check(::fork(), "fork");
        if (pid == 0) {
            struct sigaction action = {};
            action.sa_flags = SA_SIGINFO;
            action.sa_sigaction = [](int, siginfo_t* info, void*) {
                *tell = *info;
                ::_exit(0);
            };
            ::sigaction(SIGSEGV, &action, nullptr);
            read(map(read_at));
            ::_exit(0);
        }
        ::waitpid(pid, nullptr, 0);
        if (told->si_signo != SIGSEGV) return std::nullopt;
        return std::bit_cast<std::uintptr_t>(told->si_addr) - written_at;
    }

private:
    unique_fd file_;
};

/// What a compiler must not leave out.
template <class T>
void use(const T& value) {
    [[maybe_unused]] volatile T used = value;
}

struct with_virtual {
    virtual ~with_virtual() = default;
    virtual int bar() const { return 42; }
};

/// A process of another program: this test, started again to read what is mapped.
const int played = [] {
    const char* const fd = std::getenv("SUCHFOO_READS_VIRTUAL");
    if (fd == nullptr) return 0;
    void* const there =
        ::mmap(nullptr, moved::size, PROT_READ, MAP_SHARED, std::atoi(fd), 0);
    const with_virtual ours;
    const bool same =
        std::memcmp(there, static_cast<const void*>(&ours), sizeof ours) == 0;
    if (same) ::_exit(2);
    ::_exit(static_cast<const with_virtual*>(there)->bar() == 42 ? 0 : 1);
}();

}  // namespace

TEST_SUITE("lab") {
    TEST_CASE("header: a distance leads to the same thing in another mapping") {
        const moved memory;
        void* const here = memory.map(moved::written_at);
        struct pair {
            offset_ptr<int> to;
            int value;
        };
        auto* const made = ::new (here) pair{nullptr, 42};
        made->to = &made->value;
        CHECK(made->to.get() == &made->value);
        CHECK(static_cast<bool>(made->to));
        auto* const seen = static_cast<pair*>(memory.map(moved::read_at));
        CHECK(seen->to.get() == &seen->value);
        ::munmap(here, moved::size);
        CHECK(*seen->to == 42);
        ::munmap(seen, moved::size);
    }

    TEST_CASE("header: a copy leads to what the original leads to") {
        struct {
            foo value{42, 98};
            offset_ptr<foo> first{&value};
            offset_ptr<foo> copy{first};
            offset_ptr<foo> assigned;
        } all;
        CHECK(all.first.get() == &all.value);
        CHECK(all.copy.get() == &all.value);
        all.assigned = all.copy;
        CHECK(all.assigned.get() == &all.value);
        CHECK(all.assigned->baz == 98);
        offset_ptr<foo> nothing;
        all.assigned = nothing;
        CHECK(all.assigned.get() == nullptr);
        CHECK(offset_ptr<foo>(nothing).get() == nullptr);
    }

    TEST_CASE("header: nothing is not the same as itself") {
        struct circle {
            offset_ptr<circle> next;
        } one;
        CHECK(one.next.get() == nullptr);
        CHECK_FALSE(static_cast<bool>(one.next));
        one.next = &one;
        CHECK(one.next.get() == &one);
        CHECK(static_cast<bool>(one.next));
        one.next = nullptr;
        CHECK(one.next.get() == nullptr);
        CHECK_FALSE(static_cast<bool>(one.next));
    }

    TEST_CASE("header: a target may be gigabytes away on either side") {
        struct two {
            offset_ptr<two> up, down;
        } middle;
        constexpr std::uintptr_t far = std::uintptr_t{5} << 30;
        const auto here = std::bit_cast<std::uintptr_t>(&middle);
        middle.up = std::bit_cast<two*>(here + far);  // never followed
        middle.down = std::bit_cast<two*>(here - far);
        CHECK(std::bit_cast<std::uintptr_t>(middle.up.get()) == here + far);
        CHECK(std::bit_cast<std::uintptr_t>(middle.down.get()) == here - far);
    }

    TEST_CASE("program: what one process has pushed another one lists") {
        if (!has_shm()) return;
        const own_name object("list");
        std::string foos;
        for (int i = 0; i < 5; ++i) {
            const any_foo f;
            CHECK(run({program, object.name, "push", std::to_string(f.bar),
                       std::to_string(f.baz)})
                      .how == "exit status 0");
            foos = foo_text(f) + "\n" + foos;
        }
        const ended list = run({program, object.name, "list"});
        CHECK(list.how == "exit status 0");
        CHECK(list.out.substr(list.out.find('\n') + 1) == foos);
        CHECK(mode_of(object.path) == "0600");
    }
}

TEST_CASE("header: whoever pushes is killed and the list is whole") {
    if (!may_step()) return;
    const shared<foo_list> list;
    std::set<std::string> found;
    const auto anew = [&] {
        make_empty(*list);
        push(*list, {42, 98});
    };
    anew();
    const foo one{1, 2}, other{3, 4};
    const auto look = [&] {
        found.insert(texts(*list));
        push(*list, other);  // and goes on with another process
        found.insert(texts(*list));
        anew();
    };
    killed_after_each([&] { push(*list, one); }, look);
    CHECK(found == std::set<std::string>{"Foo(42, 98) ", "Foo(3, 4) Foo(42, 98) ",
                                         "Foo(1, 2) Foo(42, 98) ",
                                         "Foo(3, 4) Foo(1, 2) Foo(42, 98) "});
}

TEST_CASE("header: a link that leads nowhere ends with an error") {
    auto memory = std::make_unique<foo_list>();
    foo_list& list = *memory;
    const auto again = [&] {
        make_empty(list);
        push(list, {1, 2});
        push(list, {3, 4});
    };
    const auto refused = [&] {
        CHECK_THROWS_WITH_AS(texts(list), "a link leads nowhere", std::runtime_error);
        again();
    };
    again();
    CHECK(texts(list) == "Foo(3, 4) Foo(1, 2) ");
    list.nodes[0].next = &list.nodes[1];  // in a circle
    refused();
    list.nodes[0].next = list.nodes.data() + list.nodes.size();
    refused();
    list.first = std::bit_cast<node*>(std::bit_cast<std::uintptr_t>(&list) + 8);
    refused();
    list.first = std::bit_cast<node*>(std::bit_cast<std::uintptr_t>(&list.nodes) + 8);
    refused();
    for (const std::int64_t distance : {std::numeric_limits<std::int64_t>::max(),
                                        std::numeric_limits<std::int64_t>::min()}) {
        std::memcpy(static_cast<void*>(&list.first), &distance, sizeof distance);
        refused();
    }
    CHECK(texts(list) == "Foo(3, 4) Foo(1, 2) ");
}

TEST_CASE("header: a list of a hundred is full") {
    auto memory = std::make_unique<foo_list>();
    make_empty(*memory);
    for (int i = 0; i < 100; ++i) push(*memory, {i, i});
    const std::string before = texts(*memory);
    CHECK(before.starts_with("Foo(99, 99) "));
    CHECK_THROWS_WITH_AS(push(*memory, {1, 1}), "the list is full", std::runtime_error);
    CHECK(texts(*memory) == before);
    memory->used = ~std::uint64_t{0};  // as somebody else has written it
    CHECK_THROWS_WITH_AS(push(*memory, {1, 1}), "the list is full", std::runtime_error);
}

TEST_CASE("header: every part of a layout is in its fingerprint") {
    const auto first = fingerprint(1, {{"bar", 0, 4}, {"baz", 4, 4}});
    CHECK(first == fingerprint(1, {{"bar", 0, 4}, {"baz", 4, 4}}));
    std::set<std::uint64_t> all{first};
    all.insert(fingerprint(2, {{"bar", 0, 4}, {"baz", 4, 4}}));  // another meaning
    all.insert(fingerprint(1, {{"baz", 0, 4}, {"bar", 4, 4}}));  // changed places
    all.insert(fingerprint(1, {{"bar", 0, 4}, {"baz", 8, 4}}));  // moved
    all.insert(fingerprint(1, {{"bar", 0, 4}, {"baz", 4, 8}}));  // wider
    all.insert(fingerprint(1, {{"bar", 0, 4}}));
    all.insert(fingerprint(1, {{"bar", 0, 4}, {"baz", 4 + (1 << 20), 4}}));
    CHECK(all.size() == 7);
}

TEST_CASE("program: whoever follows the addresses of another process dies") {
    if (!has_shm()) return;
    if (read_file("/proc/sys/kernel/randomize_va_space") == "0\n")
        return skip("addresses are not random here");
    const own_name object("list");
    const ended pushed = run({program, object.name, "push", "42", "98"});
    CHECK(pushed.how == "exit status 0");
    CHECK(pushed.out.starts_with("the first one is at 0x"));
    CHECK(pushed.out.ends_with("\nFoo(42, 98)\n"));  // there it is right
    const ended crashed = run({program, object.name, "crash"});
    CHECK(crashed.out == pushed.out.substr(0, pushed.out.find('\n') + 1));
    CHECK(crashed.how == "killed by SIGSEGV");
    CHECK(run({program, object.name, "list"}).out.ends_with("\nFoo(42, 98)\n"));
}

TEST_CASE("program: without random addresses the fault is hidden") {
    if (!has_shm()) return;
    if (run({"setarch", "-R", "true"}).how != "exit status 0")
        return skip("setarch -R is refused here");
    const own_name object("list");
    const auto not_random = [&](std::vector<std::string> words) {
        words.insert(words.begin(), {"setarch", "-R", program, object.name});
        return run(words);
    };
    CHECK(not_random({"push", "42", "98"}).how == "exit status 0");
    const ended crashed = not_random({"crash"});
    CHECK(crashed.how == "exit status 0");
    CHECK(crashed.out.ends_with("\nFoo(42, 98)\n"));
}

TEST_CASE("program: many push at once and none is lost" * doctest::test_suite("lab")) {
    if (!has_shm()) return;
    const own_name object("list");
    std::vector<child> all;
    for (int i = 0; i < 20; ++i) {
        all.emplace_back(std::vector<std::string>{program, object.name, "push",
                                                  std::to_string(i), "0"});
    }
    for (child& one : all) {
        const ended result = one.wait();
        CAPTURE(result.err);
        CHECK(result.how == "exit status 0");
    }
    CHECK(count_lines(run({program, object.name, "list"}).out) == 21);
}

TEST_CASE("program: what is no such list is refused and left as it is") {
    if (!has_shm()) return;
    const own_name object("list");
    const auto refused = [&](const std::string& says) {
        const std::string before = read_file(object.path);
        for (const std::vector<std::string>& words :
             {std::vector<std::string>{"list"}, {"crash"}, {"push", "1", "2"}}) {
            std::vector<std::string> all{program, object.name};
            all.insert(all.end(), words.begin(), words.end());
            const ended result = run(all);
            CHECK(result.how == "exit status 1");
            CHECK(result.out == "");
            CHECK(result.err ==
                  "17_no_pointers: \"" + object.path + "\" " + says + "\n");
        }
        CHECK(read_file(object.path) == before);
    };
    REQUIRE(run({program, object.name, "push", "42", "98"}).how == "exit status 0");
    std::string list = read_file(object.path);
    list[8] = static_cast<char>(list[8] ^ 1);
    write_file(object.path, list);
    refused("is laid out in another way");
    list[0] = 'L';
    write_file(object.path, list);
    refused("is no list of foos");
    write_file(object.path, "");
    refused("has 0 bytes, not the " + std::to_string(sizeof(foo_list)) +
            " of a list of foos");
}

TEST_CASE("program: a wrong command line says what is wrong") {
    if (!has_shm()) return;
    const own_name object("list");
    const std::string usage =
        "usage: 17_no_pointers NAME push BAR BAZ\n       17_no_pointers NAME list\n"
        "       17_no_pointers NAME crash\n";
    for (const std::vector<std::string>& words : {std::vector<std::string>{},
                                                  {object.name},
                                                  {object.name, "push", "1"},
                                                  {object.name, "list", "1"},
                                                  {object.name, "smash"}}) {
        std::vector<std::string> all{program};
        all.insert(all.end(), words.begin(), words.end());
        const ended result = run(all);
        CHECK(result.how == "exit status 2");
        CHECK(result.err == usage);
    }
    CHECK(run({program, object.name, "push", "1", "x"}).err ==
          "17_no_pointers: \"x\" is not an int\n" + usage);
    CHECK(run({program, object.name, "list"}).err ==
          "17_no_pointers: open \"" + object.path +
              "\": No such file or directory (ENOENT)\n");
    CHECK_FALSE(std::filesystem::exists(object.path));
}

TEST_CASE("fact: a pointer leads to where its writer had the thing") {
    const moved memory;
    void* const here = memory.map(moved::written_at);
    int* const value = ::new (static_cast<char*>(here) + 64) int{42};
    int** const pointer = ::new (here) int* {value};
    CHECK(**pointer == 42);
    ::munmap(here, moved::size);
    CHECK(memory.address_of_death(
              [](void* there) { use(**static_cast<int**>(there)); }) == 64);
}

TEST_CASE("fact: a vector in shared memory has an address inside") {
    const moved memory;
    void* const here = memory.map(moved::written_at);
    // Even if all that it allocates is in the mapping, too.
    std::pmr::monotonic_buffer_resource room(static_cast<char*>(here) + 512, 512,
                                             std::pmr::null_memory_resource());
    using foos = std::pmr::vector<int>;
    auto* const made = ::new (here) foos({42, 98}, &room);
    const auto where = std::bit_cast<std::uintptr_t>(made->data()) - moved::written_at;
    CHECK(where >= 512);
    ::munmap(here, moved::size);
    CHECK(memory.address_of_death(
              [](void* there) { use(static_cast<foos*>(there)->front()); }) == where);
}

TEST_CASE("fact: so has a string even a short one") {
    const moved memory;
    void* const here = memory.map(moved::written_at);
    auto* const made = ::new (here) std::string("foo");
    const auto where = std::bit_cast<std::uintptr_t>(made->data()) - moved::written_at;
    CHECK(where < sizeof(std::string));  // its letters are inside of it
    ::munmap(here, moved::size);
#ifdef __GLIBCXX__
    CHECK(memory.address_of_death([](void* there) {
        use(static_cast<std::string*>(there)->front());
    }) == where);
#endif
}

TEST_CASE("fact: an object with a virtual function has an address of its program") {
#ifdef SUCHFOO_SANITIZED
    return skip("UBSan looks at the table before it is used");
#endif
    const unique_fd file(check(::memfd_create("virtual", 0), "memfd_create"));
    check(::ftruncate(file.get(), moved::size), "ftruncate");
    const with_virtual ours;
    std::array<char, sizeof ours> bytes;
    std::memcpy(bytes.data(), static_cast<const void*>(&ours), sizeof ours);
    check(::pwrite(file.get(), bytes.data(), bytes.size(), 0), "pwrite");
    const ended result =
        run({"env", "SUCHFOO_READS_VIRTUAL=" + std::to_string(file.get()),
             std::filesystem::read_symlink("/proc/self/exe")});
    if (result.how == "exit status 2")
        return skip("this program is at the same address each time");
    CHECK(result.how == "killed by SIGSEGV");
}

namespace {

bool has_boost() {
    if (std::filesystem::exists(boost)) return true;
    skip("Boost is not installed: sh common/setup.sh extras");
    return false;
}

const char* const no_32_bits = "no 32-bit program can be built here, or none can run";

/// What a program of this text prints, built as a 32-bit one or as a 64-bit one.
/// Nothing if it cannot be built, or if the kernel is one that runs no such programs.
std::optional<std::string> printed(const std::string& bits, const std::string& source,
                                   const std::vector<std::string>& words = {}) {
    const temporary_directory folder;
    const auto root = std::filesystem::path(__FILE__).parent_path().parent_path();
    const ended built =
        run({"g++", "-std=c++20", "-m" + bits, "-I" + root.string(),
             "-I" + (root / "steps").string(), source, "-o", folder / "program"});
    if (built.how != "exit status 0") return std::nullopt;
    std::vector<std::string> all{folder / "program"};
    all.insert(all.end(), words.begin(), words.end());
    try {
        const ended result = run(all);
        return result.how + "\n" + result.out + result.err;
    } catch (const std::system_error& error) {
        if (error.code() != std::errc::executable_format_error) throw;
        return std::nullopt;
    }
}

}  // namespace

TEST_CASE("stress: a 32-bit process lists what a 64-bit one has pushed" *
          doctest::skip()) {
    if (!has_shm()) return;
    const own_name object("list");
    run({program, object.name, "push", "42", "98"});
    run({program, object.name, "push", "31337", "-1"});
    const auto root = std::filesystem::path(__FILE__).parent_path().parent_path();
    const std::string source = root / "steps" / "17_no_pointers" / "main.cpp";
    const auto listed = printed("32", source, {object.name, "list"});
    if (!listed) return skip(no_32_bits);
    CHECK(listed->starts_with("exit status 0\n"));
    CHECK(listed->ends_with("\nFoo(31337, -1)\nFoo(42, 98)\n"));
    const auto pushed = printed("32", source, {object.name, "push", "1", "2"});
    REQUIRE(pushed.has_value());
    CHECK(run({program, object.name, "list"})
              .out.ends_with("\nFoo(1, 2)\nFoo(31337, -1)\nFoo(42, 98)\n"));
}

TEST_CASE("stress: what is laid out otherwise in a 32-bit process" * doctest::skip()) {
    const temporary_directory folder;
    write_file(folder / "sizes.cpp", R"(
#include <pthread.h>
#include <semaphore.h>
#include <cstdint>
#include <cstdio>
#include <ctime>
#include "01_raw_struct/layout.hpp"
struct longs { long bar, baz; };
struct wide { int bar; std::int64_t baz; };
struct wide_apart { int bar; alignas(8) std::int64_t baz; };
int main() {
    std::printf("%zu %zu %zu %zu %zu %zu %zu\n", sizeof(foo), sizeof(longs), sizeof(wide),
                sizeof(wide_apart), sizeof(pthread_mutex_t), sizeof(sem_t),
                sizeof(std::time_t));
})");
    const auto narrow = printed("32", folder / "sizes.cpp");
    if (!narrow) return skip(no_32_bits);
    CHECK(printed("64", folder / "sizes.cpp") == "exit status 0\n8 16 16 16 40 32 8\n");
    CHECK(narrow == "exit status 0\n8 8 12 16 24 16 4\n");
}

TEST_CASE("program: with Boost what one process has pushed another one lists") {
    if (!has_shm()) return;
    if (!has_boost()) return;
    const own_name object("list");
    CHECK(run({boost, object.name, "push", "42", "98"}).how == "exit status 0");
    CHECK(run({boost, object.name, "push", "31337", "-1"}).how == "exit status 0");
    CHECK(run({boost, object.name, "list"}).out == "Foo(42, 98)\nFoo(31337, -1)\n");
    CHECK(mode_of(object.path) == "0600");
    const ended filled = run({boost, object.name, "fill"});
    CHECK(filled.how == "exit status 1");
    CHECK(filled.err == "17_boost: boost::interprocess::bad_alloc\n");
}

TEST_CASE("fact: where /dev/shm is full Boost dies of SIGBUS or has no room") {
    if (!has_boost()) return;
    // Its object has a size of 1 MiB, and room for a sixteenth of it.
    const auto result =
        run_in_small_shm("64k", "\"$0\" /suchfoo.full fill; echo $?", boost);
    if (!result) return;
    if (result->out == "1\n") {  // Boost 1.83 asks for the room first
        CHECK(result->err == "17_boost: No space left on device\n");
    } else {  // 1.74
        CHECK(result->out == std::to_string(128 + SIGBUS) + "\n");
    }
}

TEST_CASE("fact: nobody can open what a dead process was constructing in") {
    if (!has_shm()) return;
    if (!has_boost()) return;
    const own_name object("list");
    CHECK(run({boost, object.name, "die"}).how == "killed by SIGKILL");
    child next({boost, object.name, "list"});
    // Boost 1.74 waits for ever, in futex(2); 1.83 has a robust lock, and gives it up.
    const std::string proc = "/proc/" + std::to_string(next.pid());
    const std::string asleep = std::to_string(SYS_futex) + " ";
    CHECK(eventually([&] {
        return read_file(proc + "/syscall").starts_with(asleep) ||
               read_file(proc + "/stat").find(") Z ") != std::string::npos;
    }));
    next.send(SIGKILL);
    const ended last = next.wait();
    CHECK(last.out == "");
    if (last.how != "killed by SIGKILL") {
        CHECK(last.how == "exit status 1");
        CHECK(last.err == "17_boost: boost::interprocess::lock_exception\n");
    }
}
