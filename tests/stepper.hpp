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

#include <sys/ptrace.h>
#include <sys/types.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <string>

#include "tests/support.hpp"

class stepper {
public:
    /// Starts a child that will run `operation`, and stops it before that. It is a copy
    /// of this process (fork(2)), so what the two share is what is mapped MAP_SHARED.
    /// It dies with us. Throws std::system_error if it may not be traced (ptrace(2)).
    template <class Operation>
    explicit stepper(Operation operation) {
        if (!start()) return;
        *where_ = during;
        // A compiler may move the operation's stores past ours, which are volatile and
        // theirs are not: not past a fence.
        std::atomic_signal_fence(std::memory_order_seq_cst);
        operation();
        std::atomic_signal_fence(std::memory_order_seq_cst);
        *where_ = after;
        ::_exit(0);
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
    int finish();
    /// Kills the child here and now, SIGKILL.
    void kill();

    pid_t pid() const { return pid_; }
    /// The number of the system call that the child is about to make, SYS_..., after
    /// step_to_call(); -1 if it has just returned from one.
    long call() const;
    /// That call's argument number `i`, from 0.
    std::uint64_t argument(std::size_t i) const;
    /// How often step() or step_to_call() has been called.
    long steps() const { return steps_; }
    /// Whether the child is in a system call that waits for somebody.
    bool asleep() const { return asleep_; }
    /// Whether the operation has returned; it may also have ended the child.
    bool returned() const { return *where_ == after; }
    /// waitpid(2)'s status, once the child has ended.
    int status() const { return status_; }

private:
    /// Forks. Returns true in the child, once it is stepped, and false here, when the
    /// child is before its operation.
    bool start();
    bool go_on(__ptrace_request request);
    /// Whether the operation is over: the rest is not stepped.
    bool after_it();
    /// Its state in /proc/PID/stat, proc(5): S for a wait that a signal would
    /// interrupt.
    bool is_asleep() const;

    /// What the child says of itself, in memory that it shares with us.
    enum place : char { before, during, after };
    struct unmap {
        void operator()(volatile place* p) const;
    };
    std::unique_ptr<volatile place, unmap> where_;
    pid_t pid_ = -1;
    int status_ = 0;
    long steps_ = 0;
    bool asleep_ = false;
    bool over_ = false;
};

/// A child that runs `operation` and then waits to be killed.
class holder {
public:
    explicit holder(const std::function<void()>& operation);
    holder(const holder&) = delete;
    ~holder() { kill(); }
    void kill();
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
std::string survivors_of_exec(const std::function<void()>& operation);

/// Whether a child may be stepped here. If not, says why: the test counts as skipped.
bool may_step();
