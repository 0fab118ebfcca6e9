// Tests of stepper.hpp: it finds the moment between two stores.
#include "tests/stepper.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <set>

#include "03_missing_file/foo_from_mmap.hpp"

namespace {

/// A foo that this process and its children share.
struct shared_foo {
    mapped<foo> memory{nullptr, nullptr};
    shared_foo() {
        const unique_fd fd(
            check(::memfd_create("suchfoo", MFD_CLOEXEC), "memfd_create"));
        check(::ftruncate(fd.get(), sizeof(foo)), "ftruncate");
        memory = map_shared<foo>(fd.get(), "memfd");
    }
    volatile foo* operator->() const { return memory.get(); }
};

void store_both(const shared_foo& f) {
    f->bar = 1;
    f->baz = 1;
}

}  // namespace

TEST_CASE("it finds the instruction between two stores") {
    if (!may_step()) return;
    const shared_foo f;
    stepper writer([&] { store_both(f); });
    long between = 0;
    while (writer.step()) between += f->bar == 1 && f->baz == 0;
    CHECK(between > 0);
    CHECK(writer.status() == 0);
    CHECK(f->baz == 1);
}

TEST_CASE("killed there the child leaves one store and not the other") {
    if (!may_step()) return;
    const shared_foo f;
    stepper writer([&] { store_both(f); });
    while (f->bar == 0) REQUIRE(writer.step());
    writer.kill();
    CHECK(describe_status(writer.status()) == "killed by SIGKILL");
    CHECK(f->bar == 1);
    CHECK(f->baz == 0);
}

TEST_CASE("another process runs whole at each point") {
    if (!may_step()) return;
    std::set<int> seen;
    bool more = true;
    for (long point = 0; more; ++point) {
        const shared_foo f;
        volatile int* const bar = &f->bar;
        stepper writer([=] { *bar = *bar + 1; });
        for (long i = 0; i < point && more; ++i) more = writer.step();
        stepper other([=] { *bar = *bar + 1; });
        other.finish();
        if (more) writer.finish();
        seen.insert(int{*bar});
    }
    CHECK(seen == std::set<int>{1, 2});  // lost at some point, and not at the others
}

TEST_CASE("it stops at system calls and sees their effects") {
    if (!may_step()) return;
    const temporary_directory directory;
    stepper maker([&] {
        ::close(::open((directory / "a").c_str(), O_CREAT | O_CLOEXEC, 0600));
        ::close(::open((directory / "b").c_str(), O_CREAT | O_CLOEXEC, 0600));
    });
    bool only_one = false;
    while (maker.step_to_call()) only_one |= directory.names() == "a ";
    CHECK(only_one);
    CHECK(maker.steps() < 20);
}

TEST_CASE("a call that waits is seen and goes on when it is answered") {
    if (!may_step()) return;
    int ends[2];
    check(::pipe2(ends, O_CLOEXEC), "pipe2");
    const unique_fd in(ends[0]), out(ends[1]);
    char byte = 0;
    stepper reader([&] { ::_exit(::read(in.get(), &byte, 1) == 1 ? 7 : 8); });
    while (!reader.asleep()) REQUIRE(reader.step());
    check(::write(out.get(), "x", 1), "write");
    CHECK(describe_status(reader.finish()) == "exit status 7");
}

TEST_CASE("a signal of its own kills the child") {
    if (!may_step()) return;
    stepper dying([] { ::raise(SIGBUS); });
    while (dying.step()) {
    }
    CHECK(describe_status(dying.status()) == "killed by SIGBUS");
}

TEST_CASE("the child does not outlive the test") {
    if (!may_step()) return;
    int ends[2];
    check(::pipe2(ends, O_CLOEXEC), "pipe2");
    unique_fd in(ends[0]), out(ends[1]);
    const pid_t test = check(::fork(), "fork");
    if (test == 0) {
        stepper waits([&] { ::pause(); });
        waits.step();
        const pid_t child = waits.pid();
        if (::write(out.get(), &child, sizeof child) == sizeof child)
            ::kill(::getpid(), SIGKILL);
    }
    pid_t child = -1;
    REQUIRE(::read(in.get(), &child, sizeof child) == sizeof child);
    check(::waitpid(test, nullptr, 0), "waitpid");
    // Its end of the pipe is closed when it has gone.
    out = unique_fd{};
    char byte = 0;
    CHECK(::read(in.get(), &byte, 1) == 0);
}
