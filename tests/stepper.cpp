// stepper.cpp: see stepper.hpp.
#include "tests/stepper.hpp"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <system_error>

#include "common/error.hpp"

using steady = std::chrono::steady_clock;

namespace {

__ptrace_syscall_info about_call(pid_t pid) {
    __ptrace_syscall_info info{};
    check(::ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof info, &info), "ptrace");
    return info;
}

}  // namespace

bool stepper::start() {
    where_.reset(
        static_cast<place*>(check(::mmap(nullptr, sizeof(place), PROT_READ | PROT_WRITE,
                                         MAP_SHARED | MAP_ANONYMOUS, -1, 0),
                                  "mmap")));
    std::fflush(nullptr);
    const pid_t parent = ::getpid();
    const int cpu = ::sched_getcpu();
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
        return true;
    }
    check(::waitpid(pid_, &status_, 0), "waitpid");
    over_ = !WIFSTOPPED(status_);
    if (over_) fail(WEXITSTATUS(status_), "ptrace");
    check(::ptrace(PTRACE_SETOPTIONS, pid_, nullptr,
                   PTRACE_O_EXITKILL | PTRACE_O_TRACESYSGOOD),
          "ptrace", "PTRACE_SETOPTIONS");
    while (*where_ == before) go_on(PTRACE_SINGLESTEP);
    steps_ = 0;
    return false;
}

void stepper::unmap::operator()(volatile place* p) const {
    ::munmap(const_cast<place*>(p), sizeof *p);
}

int stepper::finish() {
    const auto end = steady::now() + patience;
    while (go_on(PTRACE_CONT)) {
        if (steady::now() > end) throw std::runtime_error("the child does not end");
    }
    return status_;
}

void stepper::kill() {
    if (over_) return;
    ::kill(pid_, SIGKILL);
    while (!over_ && ::waitpid(pid_, &status_, 0) == pid_) over_ = !WIFSTOPPED(status_);
}

long stepper::call() const {
    const __ptrace_syscall_info info = about_call(pid_);
    return info.op == PTRACE_SYSCALL_INFO_ENTRY ? static_cast<long>(info.entry.nr) : -1;
}

std::uint64_t stepper::argument(std::size_t i) const {
    return about_call(pid_).entry.args[i];
}

bool stepper::go_on(__ptrace_request request) {
    if (over_) return false;
    if (++steps_ > 1'000'000) throw std::runtime_error("a million steps, and no end");
    if (!asleep_) {
        // A signal of the child's own is passed on; our stops are none.
        const int stopped = WSTOPSIG(status_) & 0x7f;
        const long signal = stopped == SIGTRAP || stopped == SIGSTOP ? 0 : stopped;
        check(::ptrace(request, pid_, nullptr, signal), "ptrace");
    }
    const auto soon = steady::now() + std::chrono::milliseconds{1};
    for (pid_t changed = 0; changed == 0;) {
        changed = check(::waitpid(pid_, &status_, WNOHANG), "waitpid");
        if (changed == 0 && steady::now() > soon && is_asleep()) return asleep_ = true;
        if (changed == 0) ::sched_yield();
    }
    asleep_ = false;
    over_ = !WIFSTOPPED(status_);
    return !over_;
}

bool stepper::after_it() {
    if (*where_ == after) finish();
    return over_;
}

bool stepper::is_asleep() const {
    std::ifstream stat("/proc/" + std::to_string(pid_) + "/stat");
    std::string line;
    std::getline(stat, line);
    const std::size_t name_end = line.rfind(") ");
    return name_end != line.npos && line[name_end + 2] == 'S';
}

holder::holder(const std::function<void()>& operation) {
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

void holder::kill() {
    if (pid_ == -1) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    pid_ = -1;
}

std::string survivors_of_exec(const std::function<void()>& operation) {
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

bool may_step() {
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
