// stepper.hpp: an operation that a child runs one machine instruction at a time.
//
//     if (!may_step()) return;  // says why not, and counts as skipped
//     stepper writer([&] { store_both(*shared); });
//     while (writer.step()) CHECK(is_whole(*shared));
//
// What may happen at any moment is so tried at every moment: after each instruction the
// test looks at the shared memory, runs another process whole, or kills the child. What
// it cannot show: that a processor reorders, and an unlocked increment, which is one
// instruction.
#pragma once

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <functional>
#include <memory>
#include <set>
#include <stdexcept>
#include <string>

#include "common/error.hpp"
#include "tests/support.hpp"

class stepper {
public:
    /// Starts a child that will run `operation`, and stops it before that. It is a copy
    /// of this process (fork(2)), so what the two share is what is mapped MAP_SHARED.
    /// It dies with us. Throws std::system_error if it may not be traced (ptrace(2)).
    template <class Operation>
    explicit stepper(Operation operation) {
        std::fflush(nullptr);
        const pid_t parent = ::getpid();
        const int cpu = ::sched_getcpu();
        volatile place* const where = where_.get();
        pid_ = check(::fork(), "fork");
        if (pid_ == 0) {
            ::prctl(PR_SET_PDEATHSIG, SIGKILL);
            if (::getppid() != parent) ::_exit(1);
            if (::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) == -1) ::_exit(errno);
            // On our own CPU, handing over at each step is the quickest.
            cpu_set_t ours;
            CPU_ZERO(&ours);
            CPU_SET(static_cast<std::size_t>(cpu), &ours);
            ::sched_setaffinity(0, sizeof ours, &ours);
            ::raise(SIGSTOP);
            *where = during;
            operation();
            *where = after;
            ::_exit(0);
        }
        check(::waitpid(pid_, &status_, 0), "waitpid");
        over_ = !WIFSTOPPED(status_);
        if (over_) fail(WEXITSTATUS(status_), "ptrace");
        check(::ptrace(PTRACE_SETOPTIONS, pid_, nullptr,
                       PTRACE_O_EXITKILL | PTRACE_O_TRACESYSGOOD),
              "ptrace", "PTRACE_SETOPTIONS");
        while (*where_ == before) go_on(PTRACE_SINGLESTEP);
        steps_ = 0;
    }
    stepper(const stepper&) = delete;
    stepper& operator=(const stepper&) = delete;
    ~stepper() { kill(); }

    /// Runs one instruction, or one system call as a whole. False once the operation is
    /// over and the child has ended. A call that waits for somebody returns true: see
    /// asleep(). Throws std::runtime_error after a million.
    bool step() { return go_on(PTRACE_SINGLESTEP) && !after_it(); }
    /// Runs up to the entry, or the return, of the next system call.
    bool step_to_call() { return go_on(PTRACE_SYSCALL) && !after_it(); }
    /// Runs to the end, and returns the wait status. Throws std::runtime_error if the
    /// child still waits for somebody after `patience`.
    int finish() {
        const auto end = std::chrono::steady_clock::now() + patience;
        while (go_on(PTRACE_CONT)) {
            if (std::chrono::steady_clock::now() > end)
                throw std::runtime_error("the child does not end");
        }
        return status_;
    }
    /// Kills the child here and now, SIGKILL.
    void kill() {
        if (over_) return;
        ::kill(pid_, SIGKILL);
        while (!over_ && ::waitpid(pid_, &status_, 0) == pid_)
            over_ = !WIFSTOPPED(status_);
    }

    pid_t pid() const { return pid_; }
    /// The number of the system call that the child is about to make, SYS_..., after
    /// step_to_call(); -1 if it has just returned from one.
    long call() const {
        const __ptrace_syscall_info info = about_call();
        return info.op == PTRACE_SYSCALL_INFO_ENTRY ? static_cast<long>(info.entry.nr)
                                                    : -1;
    }
    /// That call's argument number `i`, from 0.
    std::uint64_t argument(std::size_t i) const { return about_call().entry.args[i]; }
    /// How often step() or step_to_call() has been called.
    long steps() const { return steps_; }
    /// Whether the child is in a system call that waits for somebody.
    bool asleep() const { return asleep_; }
    /// Whether the operation has returned; it may also have ended the child.
    bool returned() const { return *where_ == after; }
    /// waitpid(2)'s status, once the child has ended.
    int status() const { return status_; }

private:
    __ptrace_syscall_info about_call() const {
        __ptrace_syscall_info info{};
        check(::ptrace(PTRACE_GET_SYSCALL_INFO, pid_, sizeof info, &info), "ptrace");
        return info;
    }

    bool go_on(__ptrace_request request) {
        if (over_) return false;
        if (++steps_ > 1'000'000)
            throw std::runtime_error("a million steps, and no end");
        if (!asleep_) {
            // A signal of the child's own is passed on; our stops are none.
            const int stopped = WSTOPSIG(status_) & 0x7f;
            const long signal = stopped == SIGTRAP || stopped == SIGSTOP ? 0 : stopped;
            check(::ptrace(request, pid_, nullptr, signal), "ptrace");
        }
        using clock = std::chrono::steady_clock;
        const auto soon = clock::now() + std::chrono::milliseconds{1};
        for (pid_t changed = 0; changed == 0;) {
            changed = check(::waitpid(pid_, &status_, WNOHANG), "waitpid");
            if (changed == 0 && clock::now() > soon && is_asleep())
                return asleep_ = true;
            if (changed == 0) ::sched_yield();
        }
        asleep_ = false;
        over_ = !WIFSTOPPED(status_);
        return !over_;
    }

    /// Whether the operation is over: the rest is not stepped.
    bool after_it() {
        if (*where_ == after) finish();
        return over_;
    }

    /// Its state in /proc/PID/stat, proc(5): S for a wait that a signal would
    /// interrupt.
    bool is_asleep() const {
        std::ifstream stat("/proc/" + std::to_string(pid_) + "/stat");
        std::string line;
        std::getline(stat, line);
        const std::size_t name_end = line.rfind(") ");
        return name_end != line.npos && line[name_end + 2] == 'S';
    }

    /// What the child says of itself, in memory that it shares with us.
    enum place : char { before, during, after };
    struct unmap {
        void operator()(volatile place* p) const {
            ::munmap(const_cast<place*>(p), sizeof *p);
        }
    };
    std::unique_ptr<volatile place, unmap> where_{
        static_cast<place*>(check(::mmap(nullptr, sizeof(place), PROT_READ | PROT_WRITE,
                                         MAP_SHARED | MAP_ANONYMOUS, -1, 0),
                                  "mmap"))};
    pid_t pid_ = -1;
    int status_ = 0;
    long steps_ = 0;
    bool asleep_ = false;
    bool over_ = false;
};

/// A child that runs `operation` and then waits to be killed.
class holder {
public:
    explicit holder(const std::function<void()>& operation) {
        const shared<std::atomic<bool>> done;
        pid_ = check(::fork(), "fork");
        if (pid_ == 0) {
            ::prctl(PR_SET_PDEATHSIG, SIGKILL);
            operation();
            *done = true;
            for (;;) ::pause();
        }
        REQUIRE(eventually([&] { return done->load(); }));
    }
    holder(const holder&) = delete;
    ~holder() { kill(); }
    void kill() {
        if (pid_ == -1) return;
        ::kill(pid_, SIGKILL);
        ::waitpid(pid_, nullptr, 0);
        pid_ = -1;
    }
    pid_t pid() const { return pid_; }

private:
    pid_t pid_;
};

/// What result() finds if `operation` runs in a child, and meanwhile() here, whole,
/// after one of its instructions: tried for each of them.
template <class Operation, class Meanwhile, class Result>
std::set<std::string> between_any_two(Operation operation, Meanwhile meanwhile,
                                      Result result) {
    std::set<std::string> found;
    bool more = true;
    for (long point = 0; more; ++point) {
        stepper child(operation);
        for (long i = 0; i < point && more; ++i) more = child.step();
        meanwhile();
        child.finish();
        found.insert(result());
    }
    return found;
}

/// Kills a child that runs `operation` after one of its instructions, and calls then():
/// for each of them, and at last for none. What it was given is to be made anew by
/// then.
template <class Operation, class Then>
void killed_after_each(Operation operation, Then then) {
    bool more = true;
    for (long point = 0; more; ++point) {
        stepper child(operation);
        for (long i = 0; i < point && more; ++i) more = child.step();
        child.kill();
        CAPTURE(point);
        then();
    }
}

/// The descriptors that `operation` has open at some moment, and that would survive an
/// exec: each as its line of /proc/PID/fdinfo that says so, proc(5). Also how it ended,
/// if it did not return.
template <class Operation>
std::string survivors_of_exec(Operation operation) {
    std::set<std::string> before;
    for (int fd = 0; fd < 1024; ++fd)
        if (::fcntl(fd, F_GETFD) != -1) before.insert(std::to_string(fd));
    std::string found;
    stepper child(operation);
    while (child.step_to_call()) {
        const std::string fds = "/proc/" + std::to_string(child.pid()) + "/fdinfo";
        for (const auto& fd : std::filesystem::directory_iterator(fds)) {
            const std::string about = read_file(fd.path());
            const std::size_t flags = about.find("flags:");
            const std::string line =
                about.substr(flags, about.find('\n', flags) - flags);
            const unsigned long value = std::stoul(line.substr(6), nullptr, 8);
            if (!before.contains(fd.path().filename()) && (value & O_CLOEXEC) == 0)
                found += fd.path().filename().string() + ": " + line + "\n";
        }
    }
    if (!child.returned()) found += describe_status(child.status()) + "\n";
    return found;
}

/// Whether a child may be stepped here. If not, says why: the test counts as skipped.
inline bool may_step() {
#if !defined(__x86_64__)
    skip(
        "the stepper is for x86-64: elsewhere an atomic operation may be a loop that "
        "a step interrupts for ever");
    return false;
#else
    try {
        stepper([] {}).finish();
        return true;
    } catch (const std::system_error& error) {
        skip(std::string("no child may be traced here: ") + error.what());
        return false;
    }
#endif
}
