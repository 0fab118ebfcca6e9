// Tests of 10_persistence: what outlives a program, a power cut and a version.
#include <fcntl.h>
#include <linux/magic.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <bit>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <fstream>
#include <functional>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <string>
#include <system_error>
#include <vector>

#include "10_persistence/save_to.hpp"
#include "tests/stepper.hpp"

namespace {

const std::string program = program_path("10_persistence");

/// What newest() finds, as text.
std::string newest_of(const saved_foo& file) {
    const auto i = newest(file);
    return i ? foo_text(file.slots[*i].value) : "nothing";
}

std::string found_in(const std::string& path) {
    const found f = look(path);
    return foo_text(f.value) + ", version " + std::to_string(f.version) +
           ", generation " + std::to_string(f.generation);
}

std::string refusal(const std::string& path) {
    try {
        return found_in(path);
    } catch (const std::runtime_error& error) {
        return error.what();
    }
}

std::string image(const saved_foo& file) {
    const auto bytes = bytes_of(file);
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// A file of version 1 that holds Foo(42, 98) in its generation 1.
const saved_foo first{saved_magic, 1, sizeof first, {filled(1, {42, 98}), slot{}}};

struct saved_file {
    temporary_directory directory;
    std::string path = directory / "foo";
    saved_file() { write_file(path, image(first)); }
    mapped<saved_foo> map() const { return map_primed<saved_foo>(path, "a saved foo"); }
};

/// Runs `operation` in a child that is stopped before its call number `calls`, and
/// killed there. False once the operation has fewer calls.
template <class Operation>
bool killed_at_call(int calls, Operation operation) {
    stepper child(operation);
    bool more = true;
    for (int i = 0; i < calls && more; ++i) more = child.step_to_call();
    child.kill();
    return more;
}

/// How many kB of the page at `address` the disk does not have yet (proc(5), smaps).
int dirty_kilobytes(const void* address) {
    std::ifstream smaps("/proc/self/smaps");
    const auto wanted = std::bit_cast<std::uintptr_t>(address);
    bool inside = false;
    int result = 0;
    for (std::string line; std::getline(smaps, line);) {
        unsigned long begin = 0, end = 0;
        int kilobytes = 0;
        if (std::sscanf(line.c_str(), "%lx-%lx ", &begin, &end) == 2)
            inside = begin <= wanted && wanted < end;
        if (inside &&
            (std::sscanf(line.c_str(), "Private_Dirty: %d", &kilobytes) == 1 ||
             std::sscanf(line.c_str(), "Shared_Dirty: %d", &kilobytes) == 1))
            result += kilobytes;
    }
    return result;
}

/// Thrown where this machine cannot play what a test is about.
struct cannot_play {
    std::string why;
};

/// What play(out) writes when it is run in a child, whose mounts go with it; or
/// nothing, once it has said why it cannot be played.
template <class Play>
std::optional<std::string> in_a_child(Play play) {
    int ends[2];
    check(::pipe2(ends, O_CLOEXEC), "pipe2");
    const unique_fd from(ends[0]);
    unique_fd to(ends[1]);
    const pid_t pid = check(::fork(), "fork");
    if (pid == 0) {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        std::ostringstream out;
        int status = 0;
        try {
            play(out);
        } catch (const cannot_play& reason) {
            out.str(reason.why);
            status = 77;
        } catch (const std::exception& error) {
            out << error.what();
        }
        const std::string all = out.str();
        static_cast<void>(!::write(to.get(), all.data(), all.size()));
        ::_exit(status);
    }
    to = unique_fd{};
    std::string report(4096, '\0');
    report.resize(static_cast<std::size_t>(
        check(::read(from.get(), report.data(), report.size()), "read")));
    int status = 0;
    check(::waitpid(pid, &status, 0), "waitpid");
    if (WIFEXITED(status) && WEXITSTATUS(status) == 77) {
        skip(report.substr(0, report.find('\n')));
        return std::nullopt;
    }
    if (status != 0) report += describe_status(status);
    return report;
}

}  // namespace

TEST_SUITE("lab") {
    TEST_CASE("header: of two whole slots the one with the higher generation holds") {
        saved_foo file = first;
        CHECK(newest_of(file) == "Foo(42, 98)");
        file.slots[1] = filled(2, {1, 2});
        CHECK(newest_of(file) == "Foo(1, 2)");
        file.slots[0] = filled(3, {3, 4});
        CHECK(newest_of(file) == "Foo(3, 4)");
        file.slots = {slot{}, filled(1, {5, 6})};
        CHECK(newest_of(file) == "Foo(5, 6)");
        file.slots = {slot{}, slot{}};
        CHECK(newest_of(file) == "nothing");
    }

    TEST_CASE("header: a slot with one wrong bit does not hold") {
        saved_foo file = first;
        file.slots[1] = filled(2, {31337, 7});
        std::array<std::byte, sizeof(slot)> bytes = bytes_of(file.slots[1]);
        for (std::size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
            std::array<std::byte, sizeof(slot)> wrong = bytes;
            wrong[bit / 8] ^= std::byte{1} << (bit % 8);
            file.slots[1] = std::bit_cast<slot>(wrong);
            CAPTURE(bit);
            CHECK(newest_of(file) == "Foo(42, 98)");
        }
    }

    TEST_CASE("header: stopped after any instruction old or new is there") {
        if (!may_step()) return;
        const saved_file file;
        const mapped<saved_foo> shared = file.map();
        stepper writer([&] { save(*shared, {31337, 7}); });
        bool seen_old = false, seen_new = false;
        while (writer.step()) {
            const std::string now = newest_of(*shared);
            if (now == "Foo(42, 98)") {
                seen_old = true;
                CHECK_FALSE(seen_new);
            } else {
                REQUIRE(now == "Foo(31337, 7)");
                seen_new = true;
            }
        }
        CHECK(seen_old);
        CHECK(seen_new);
    }

    TEST_CASE("header: with any of the words on the disk old or new is there") {
        // The kernel may write the page at any time, and a disk its parts in any order.
        const saved_file file;
        const mapped<saved_foo> shared = file.map();
        for (int n = 0; n < 3; ++n) {
            using words = std::array<std::uint64_t, sizeof(saved_foo) / 8>;
            const auto before = std::bit_cast<words>(*shared);
            const std::string old_value = newest_of(*shared);
            save(*shared, {31337 + n, 7});
            const auto after = std::bit_cast<words>(*shared);
            for (unsigned mix = 0; mix < (1U << before.size()); ++mix) {
                words mixed = before;
                for (std::size_t i = 0; i < mixed.size(); ++i)
                    if ((mix >> i & 1) != 0) mixed[i] = after[i];
                const std::string now = newest_of(std::bit_cast<saved_foo>(mixed));
                CAPTURE(mix);
                CHECK((now == old_value || now == foo_text(foo{31337 + n, 7})));
            }
        }
    }

    TEST_CASE("header: what is saved last holds however often") {
        const saved_file file;
        const mapped<saved_foo> shared = file.map();
        for (int n = 1; n <= 5; ++n) {
            save(*shared, {n, -n});
            CHECK(newest_of(*shared) == foo_text(foo{n, -n}));
            CHECK(found_in(file.path) == foo_text(foo{n, -n}) +
                                             ", version 1, generation " +
                                             std::to_string(n + 1));
        }
    }

    TEST_CASE("header: save asks for the disk after its last store and waits") {
        if (!may_step()) return;
        const saved_file file;
        const mapped<saved_foo> shared = file.map();
        stepper writer([&] { save(*shared, {31337, 7}); });
        std::string when_asked = "never";
        while (writer.step_to_call()) {
            if (writer.call() != SYS_msync) continue;
            CHECK(writer.argument(2) == MS_SYNC);
            when_asked = image(*shared);
        }
        CHECK(when_asked == image(*shared));
        CHECK(newest_of(*shared) == "Foo(31337, 7)");
    }

    TEST_CASE("header: after save nothing of the page waits for the disk") {
        const saved_file file;
        struct statfs status = {};
        check(::statfs(file.path.c_str(), &status), "statfs");
        if (status.f_type == TMPFS_MAGIC) {
            skip("the folder for temporary files is a tmpfs: there is no disk");
            return;
        }
        const mapped<saved_foo> shared = file.map();
        shared->size = sizeof(saved_foo);
        if (dirty_kilobytes(shared.get()) == 0) {
            skip("this kernel does not tell which pages the disk lacks (smaps)");
            return;
        }
        save(*shared, {31337, 7});
        CHECK(dirty_kilobytes(shared.get()) == 0);
    }

    TEST_CASE("program: saves a foo and finds it again") {
        const temporary_directory directory;
        const std::string path = directory / "foo";
        const auto prints = [&](const std::vector<std::string>& words) {
            std::vector<std::string> all{program, path};
            all.insert(all.end(), words.begin(), words.end());
            const ended result = run(all);
            CHECK(result.how == "exit status 0");
            CHECK(result.err == "");
            return result.out;
        };
        std::string last;
        for (int generation = 1; generation <= 3; ++generation) {
            const any_foo f;
            last = foo_text(f) + ", version 1, generation " +
                   std::to_string(generation) + "\n";
            CHECK(prints({std::to_string(f.bar), std::to_string(f.baz)}) == last);
        }
        CHECK(prints({}) == last);
        CHECK(mode_of(path) == "0600");
        CHECK(directory.names() == "foo ");
    }

    TEST_CASE("program: of two whole slots the one with the higher generation holds") {
        const any_foo older, newer;
        const auto generation = 2 + static_cast<std::uint64_t>(drawn() & 0x7fffffff);
        const slot one = filled(generation - 1, {older.bar, older.baz});
        const slot two = filled(generation, {newer.bar, newer.baz});
        for (const bool swapped : {false, true}) {
            saved_foo both = first;
            both.slots = {swapped ? two : one, swapped ? one : two};
            const saved_file file;
            write_file(file.path, image(both));
            const std::string found = ", version 1, generation ";
            CHECK(run({program, file.path}).out ==
                  foo_text(newer) + found + std::to_string(generation) + "\n");
            // What is saved then is in place of the older one.
            CHECK(run({program, file.path, "1", "2"}).out ==
                  "Foo(1, 2)" + found + std::to_string(generation + 1) + "\n");
            both.slots[swapped ? 1 : 0] = filled(generation + 1, {1, 2});
            CHECK(read_file(file.path) == image(both));
        }
    }

    TEST_CASE("program: a damaged slot leaves the other one and two leave a line") {
        const saved_file file;
        const any_foo old;
        write_file(file.path, image({saved_magic,
                                     1,
                                     sizeof first,
                                     {filled(1, {old.bar, old.baz}), slot{}}}));
        CHECK(run({program, file.path, "1", "2"}).how == "exit status 0");
        const auto damage = [&](std::size_t offset) {
            std::fstream out(file.path,
                             std::ios::binary | std::ios::in | std::ios::out);
            out.seekp(static_cast<std::streamoff>(offset)).put('!');
        };
        damage(offsetof(saved_foo, slots) + sizeof(slot) + offsetof(slot, value));
        CHECK(run({program, file.path}).out ==
              foo_text(old) + ", version 1, generation 1\n");
        damage(offsetof(saved_foo, slots) + offsetof(slot, value));
        const std::string before = read_file(file.path);
        for (const auto& words : {std::vector<std::string>{program, file.path},
                                  {program, file.path, "1", "2"}}) {
            const ended result = run(words);
            CHECK(result.how == "exit status 1");
            CHECK(result.err == "10_persistence: " + in_quotes(file.path) +
                                    " has two damaged slots\n");
        }
        CHECK(read_file(file.path) == before);
    }
}

TEST_CASE("header: the eight bytes of step 05 are version 0") {
    const temporary_directory directory;
    write_file(directory / "foo", foo_bytes(42, 98));
    CHECK(found_in(directory / "foo") == "Foo(42, 98), version 0, generation 0");
    CHECK(read_file(directory / "foo") == foo_bytes(42, 98));
}

TEST_CASE("header: what is of no version that is known is refused and named") {
    const temporary_directory directory;
    const std::string path = directory / "foo";
    const auto refused = [&](const std::string& content, const std::string& why) {
        write_file(path, content);
        CHECK(refusal(path) == in_quotes(path) + why);
        CHECK_THROWS_AS(save_to(path, {1, 2}), std::runtime_error);
        CHECK(read_file(path) == content);
    };
    saved_foo other = first;
    other.version = 2;
    refused(image(other), " is of version 2: this program knows 0 and 1");
    other.version = 0;
    refused(image(other), " is of version 0: this program knows 0 and 1");
    other = first;
    other.size = 72;
    refused(image(other), " has 64 bytes and says 72, not the 64 of version 1");
    refused(image(first) + "more",
            " has 68 bytes and says 64, not the 64 of version 1");
    refused(image(first).substr(0, 40),
            " has 40 bytes and says 64, not the 64 of version 1");
    for (const std::size_t cut : {8, 12, 15})
        refused(image(first).substr(0, cut), " was cut off");
    for (const std::size_t cut : {0, 1, 7})
        refused(image(first).substr(0, cut), " is no saved foo");
    refused(std::string(64, 'x'), " is no saved foo");
    refused(std::string(9, '\0'), " is no saved foo");
    other = first;
    other.slots[0].value.bar = 43;
    refused(image(other), " has two damaged slots");
    CHECK(directory.names() == "foo ");
}

TEST_CASE("header: what step 05 refuses is refused here") {
    const saved_file file;
    check(::chmod(file.path.c_str(), 0622), "chmod");
    CHECK(refusal(file.path).find("others could cut it") != std::string::npos);
    CHECK_THROWS_AS(save_to(file.path, {1, 2}), std::runtime_error);
    CHECK(refusal("/dev/null") == "\"/dev/null\" is not a regular file");
    CHECK(read_file(file.path) == image(first));
}

TEST_CASE(
    "header: killed at any call a conversion leaves the old file or the new one") {
    if (!may_step()) return;
    bool seen_old = false, seen_new = false, more = true;
    for (int calls = 0; more; ++calls) {
        const temporary_directory directory;
        const std::string path = directory / "foo";
        write_file(path, foo_bytes(42, 98));
        more = killed_at_call(calls, [&] { save_to(path, {31337, 7}); });
        const std::string now = found_in(path);
        CAPTURE(calls);
        CHECK((now == "Foo(42, 98), version 0, generation 0" ||
               now == "Foo(31337, 7), version 1, generation 1"));
        (now.find("version 0") != std::string::npos ? seen_old : seen_new) = true;
        const std::string names = directory.names();
        CHECK((names == "foo " || names == "foo foo.new " || names == "foo.new foo "));
        if (!more) CHECK(names == "foo ");
        if (names != "foo " && now.find("version 0") != std::string::npos) {
            // What was left is not replaced, but once it is gone all is well.
            CHECK_THROWS_AS(save_to(path, {1, 2}), std::system_error);
            std::filesystem::remove(path + ".new");
            save_to(path, {1, 2});
            CHECK(found_in(path) == "Foo(1, 2), version 1, generation 1");
        }
    }
    CHECK(seen_old);
    CHECK(seen_new);
}

TEST_CASE("header: a conversion syncs bytes and names in this order") {
    if (!may_step()) return;
    const temporary_directory directory;
    write_file(directory / "foo", foo_bytes(42, 98));
    stepper converter([&] { save_to(directory / "foo", {31337, 7}); });
    std::string order;
    while (converter.step_to_call()) {
        const long call = converter.call();
        if (call == SYS_write) order += "write ";
        if (call == SYS_fsync || call == SYS_fdatasync) order += "sync ";
        if (call == SYS_link || call == SYS_linkat) order += "name ";
        if (call == SYS_rename) order += "rename ";
    }
    CHECK(order == "write sync name sync rename sync ");
}

TEST_CASE("header: converting leaves old mappers behind and links in place") {
    const temporary_directory directory;
    write_file(directory / "foo", foo_bytes(42, 98));
    std::filesystem::create_symlink("foo", directory / "link");
    Foo old = foo_from_primed_file(directory / "foo");
    save_to(directory / "link", {31337, 7});
    CHECK(std::filesystem::is_symlink(directory / "link"));
    CHECK(found_in(directory / "foo") == "Foo(31337, 7), version 1, generation 1");
    old.set_bar(1);
    CHECK(old.bar() == 1);
    CHECK(found_in(directory / "link") == "Foo(31337, 7), version 1, generation 1");
}

TEST_CASE("header: a new file is whole or absent and replaces nothing") {
    if (!may_step()) return;
    bool more = true;
    for (int calls = 0; more; ++calls) {
        const temporary_directory directory;
        more = killed_at_call(calls, [&] { save_to(directory / "foo", {42, 98}); });
        const std::string names = directory.names();
        CAPTURE(calls);
        CHECK((names == "" || names == "foo "));
        if (names == "foo ")
            CHECK(found_in(directory / "foo") ==
                  "Foo(42, 98), version 1, generation 1");
    }
    const temporary_directory directory;
    std::filesystem::create_symlink(directory / "nowhere", directory / "dangling");
    CHECK_THROWS_AS(save_to(directory / "dangling", {1, 2}), std::system_error);
    CHECK_FALSE(std::filesystem::exists(directory / "nowhere"));
}

TEST_CASE("header: no descriptor survives an exec") {
    if (!may_step()) return;
    const saved_file file;
    CHECK(survivors_of_exec([&] { save_to(file.path, {1, 2}); }) == "");
    write_file(file.path, foo_bytes(42, 98));
    CHECK(survivors_of_exec([&] { save_to(file.path, {1, 2}); }) == "");
}

TEST_CASE("fact: however a process ends what it stored in a shared mapping stays") {
    const auto after = [](int flags, const std::function<void()>& end) {
        const temporary_directory directory;
        write_file(directory / "foo", foo_bytes(42, 98));
        const pid_t pid = check(::fork(), "fork");
        if (pid == 0) {
            std::signal(SIGABRT, SIG_DFL);  // doctest has handlers
            std::signal(SIGSEGV, SIG_DFL);
            const rlimit none{0, 0};
            ::setrlimit(RLIMIT_CORE, &none);
            const unique_fd file(
                ::open((directory / "foo").c_str(), O_RDWR | O_CLOEXEC));
            void* page = ::mmap(nullptr, sizeof(foo), PROT_READ | PROT_WRITE, flags,
                                file.get(), 0);
            if (page == MAP_FAILED) ::_exit(2);
            static_cast<foo*>(page)->bar = 31337;
            ::msync(page, sizeof(foo), flags == MAP_PRIVATE ? MS_SYNC : 0);
            end();
        }
        int status = 0;
        check(::waitpid(pid, &status, 0), "waitpid");
        return describe_status(status) + ", " + found_in(directory / "foo");
    };
    const std::string kept = ", Foo(31337, 98), version 0, generation 0";
    const std::string lost = ", Foo(42, 98), version 0, generation 0";
    CHECK(after(MAP_SHARED, [] { ::_exit(0); }) == "exit status 0" + kept);
    CHECK(after(MAP_SHARED, [] { ::raise(SIGKILL); }) == "killed by SIGKILL" + kept);
    CHECK(after(MAP_SHARED, [] { std::abort(); }) == "killed by SIGABRT" + kept);
    CHECK(after(MAP_SHARED, [] { ::raise(SIGSEGV); }) == "killed by SIGSEGV" + kept);
    CHECK(after(MAP_PRIVATE, [] { ::_exit(0); }) == "exit status 0" + lost);
}

TEST_CASE("fact: a power cut leaves what was synced and not what was stored") {
    // On a disk of our own, an image with ext4, mounted where no other process sees it.
    // A power cut is ext4's shutdown: nothing more is written, not even the journal.
    const temporary_directory directory;
    const auto played = [&](std::ostream& out) {
        const std::string image_path = directory / "disk", disk = directory / "mnt";
        bool prepared = false;  // from then on a failure is one, and no reason to skip
        const auto must = [&](std::vector<std::string> words) {
            words.insert(words.begin(), "env");  // it says if there is no such program
            const ended result = run(words);
            if (result.how == "exit status 0") return;
            if (prepared) throw std::runtime_error(result.err);
            throw cannot_play{result.err};
        };
        const auto mount = [&] {
            must({"mount", "-o", "loop,commit=300", image_path, disk});
        };
        if (::unshare(CLONE_NEWNS) == -1)
            throw cannot_play{"mount namespaces are root's, and not given here"};
        must({"mount", "--make-rprivate", "/"});
        write_file(image_path, "");
        std::filesystem::resize_file(image_path, 32 << 20);
        std::filesystem::create_directory(disk);
        must({"mkfs.ext4", "-q", "-F", image_path});
        mount();
        const auto cut_power = [&] {
            const unique_fd root(
                check(::open(disk.c_str(), O_RDONLY | O_CLOEXEC), "open"));
            std::uint32_t without_the_journal = 2;
            if (::ioctl(root.get(), _IOR('X', 125, std::uint32_t),
                        &without_the_journal) == -1)
                throw cannot_play{"this ext4 cannot be shut down"};
        };
        const auto power_on = [&] {
            must({"umount", disk});
            mount();
        };
        const std::string path = disk + "/foo";
        const auto now = [&] {
            return std::filesystem::exists(path) ? found_in(path) : "no file";
        };
        prepared = true;
        save_to(path, {42, 98});
        cut_power();
        power_on();
        out << "created: " << now() << "\n";

        {
            const unique_fd folder = open_folder(disk);
            const unique_fd file(
                check(::openat(folder.get(), ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600),
                      "open"));
            write_all(file.get(), bytes_of(first), "file");
            check(::fsync(file.get()), "fsync");
            const std::string nameless = "/proc/self/fd/" + std::to_string(file.get());
            check(::linkat(AT_FDCWD, nameless.c_str(), folder.get(), "nameless",
                           AT_SYMLINK_FOLLOW),
                  "linkat");
            cut_power();
        }
        power_on();
        out << "folder not synced: "
            << (std::filesystem::exists(disk + "/nameless") ? "a file" : "no file")
            << "\n";

        save_to(path, {1, 2});
        {
            const mapped<saved_foo> file = map_primed<saved_foo>(path, "a saved foo");
            file->slots[0] = filled(3, {3, 4});
            out << "stored: " << now() << "\n";
            cut_power();
        }
        power_on();
        out << "after the cut: " << now() << "\n";
        {
            const mapped<saved_foo> file = map_primed<saved_foo>(path, "a saved foo");
            cut_power();
            try {
                save(*file, {5, 6});
                out << "saved\n";
            } catch (const std::system_error& error) {
                out << "not saved: " << error.what() << "\n";
            }
        }
        power_on();
        out << "then: " << now() << "\n";
        std::filesystem::remove(path);
        write_file(path, foo_bytes(7, 8));
        ::sync();
        save_to(path, {9, 10});
        cut_power();
        power_on();
        out << "converted: " << now() << "\n";
        must({"umount", disk});
    };
    const std::optional<std::string> report = in_a_child(played);
    if (!report) return;
    CHECK(*report ==
          "created: Foo(42, 98), version 1, generation 1\n"
          "folder not synced: no file\n"
          "stored: Foo(3, 4), version 1, generation 3\n"
          "after the cut: Foo(1, 2), version 1, generation 2\n"
          "not saved: msync: Input/output error\n"
          "then: Foo(1, 2), version 1, generation 2\n"
          "converted: Foo(9, 10), version 1, generation 1\n");
}

TEST_CASE("program: bad input is one line and changes nothing") {
    const saved_file file;
    const std::string path = file.path;
    CHECK(run({program}).how == "exit status 2");
    CHECK(run({program, path, "1"}).how == "exit status 2");
    CHECK(run({program, path, "1", "2", "3"}).how == "exit status 2");
    for (const char* wrong : {"x", "", "4294967296"}) {
        const ended result = run({program, path, "1", wrong});
        CHECK(result.how == "exit status 2");
        CHECK(result.err.find("10_persistence: " + in_quotes(wrong) +
                              " is not an int\nusage: ") == 0);
    }
    const std::string missing = file.directory / "missing";
    const ended result = run({program, missing});
    CHECK(result.how == "exit status 1");
    CHECK(result.err == "10_persistence: open " + in_quotes(missing) +
                            ": No such file or directory (ENOENT)\n");
    CHECK(run({program, file.directory / "no/folder", "1", "2"}).how ==
          "exit status 1");
    CHECK(read_file(path) == image(first));
    CHECK(file.directory.names() == "foo ");
}

TEST_CASE("program: steps 03 and 05 meet the new version") {
    const saved_file file;
    const ended five = run({program_path("05_primed_file"), file.path});
    CHECK(five.how == "exit status 1");
    CHECK(five.err.find(" has 64 bytes, not the 8 of a foo") != std::string::npos);
    // Without a guard it reads the magic: "such" and "foo\n".
    const auto magic = std::bit_cast<foo>(saved_magic);
    CHECK(run({program_path("03_missing_file"), file.path}).out ==
          foo_text(magic) + "\n");
    CHECK(read_file(file.path) == image(first));
}
