// spawn.cpp: see spawn.hpp.
#include "tests/spawn.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <stdexcept>
#include <thread>
#include <utility>

#include "common/error.hpp"
#include "common/wait_status.hpp"

using steady = std::chrono::steady_clock;

const std::chrono::seconds patience{
    std::getenv("SUCHFOO_PATIENCE") ? std::atoi(std::getenv("SUCHFOO_PATIENCE")) : 10};

namespace {

std::array<unique_fd, 2> make_pipe() {
    int ends[2];
    check(::pipe2(ends, O_CLOEXEC), "pipe2");
    return {unique_fd{ends[0]}, unique_fd{ends[1]}};
}

}  // namespace

child::child(const std::vector<std::string>& argv) {
    std::array<std::array<unique_fd, 2>, 3> pipes{make_pipe(), make_pipe(),
                                                  make_pipe()};
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    for (int fd = 0; fd < 3; ++fd) {
        const int childs_end = pipes[fd][fd == 0 ? 0 : 1].get();
        posix_spawn_file_actions_adddup2(&actions, childs_end, fd);
    }
    sigset_t all, none;
    sigfillset(&all);
    sigemptyset(&none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setpgroup(&attributes, 0);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF |
                                              POSIX_SPAWN_SETSIGMASK |
                                              POSIX_SPAWN_SETPGROUP);
    std::vector<char*> words;
    for (const std::string& word : argv)
        words.push_back(const_cast<char*>(word.c_str()));
    words.push_back(nullptr);
    const int error =
        ::posix_spawnp(&pid_, words[0], &actions, &attributes, words.data(), environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    if (error != 0) fail(error, "posix_spawn", argv.at(0));
    in_ = std::move(pipes[0][1]);
    out_.fd = std::move(pipes[1][0]);
    err_.fd = std::move(pipes[2][0]);
}

child::child(child&& other) noexcept
    : pid_{std::exchange(other.pid_, -1)},
      in_{std::move(other.in_)},
      out_{std::move(other.out_)},
      err_{std::move(other.err_)} {}

child::~child() {
    if (pid_ == -1) return;
    ::kill(-pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
}

void child::write(std::string_view text) {
    while (!text.empty()) {
        const ssize_t n = check(::write(in_.get(), text.data(), text.size()), "write");
        text.remove_prefix(static_cast<std::size_t>(n));
    }
}

void child::send(int signal) {
    check(::kill(signal == SIGKILL ? -pid_ : pid_, signal), "kill");
}

ended child::wait() {
    close_input();
    const auto deadline = steady::now() + patience;
    int status = 0;
    bool gone = false;
    while (!gone && steady::now() < deadline) {
        siginfo_t info{};  // WNOWAIT: its process group stays ours until we kill it
        check(::waitid(P_PID, static_cast<id_t>(pid_), &info,
                       WEXITED | WNOHANG | WNOWAIT),
              "waitid");
        gone = info.si_pid == pid_;
        if (!gone && !read_some(std::chrono::milliseconds{5})) {
            // Both streams are at their end: only the child's is to come.
            std::this_thread::sleep_for(std::chrono::milliseconds{1});
        }
    }
    ::kill(-pid_, SIGKILL);
    check(::waitpid(pid_, &status, 0), "waitpid");
    pid_ = -1;
    while (read_some(std::chrono::milliseconds{0})) {
    }
    const std::string late =
        "still running after " + std::to_string(patience.count()) + " s";
    return {gone ? describe_status(status) : late, std::move(out_.text),
            std::move(err_.text)};
}

bool child::read_some(std::chrono::milliseconds time) {
    pollfd waiting[] = {{out_.open ? out_.fd.get() : -1, POLLIN, 0},
                        {err_.open ? err_.fd.get() : -1, POLLIN, 0}};
    if (!out_.open && !err_.open) return false;
    if (::poll(waiting, 2, static_cast<int>(time.count())) <= 0) return false;
    stream* streams[] = {&out_, &err_};
    for (int i = 0; i < 2; ++i) {
        if (waiting[i].revents == 0) continue;
        char buffer[4096];
        const ssize_t n = ::read(waiting[i].fd, buffer, sizeof buffer);
        if (n > 0) streams[i]->text.append(buffer, static_cast<std::size_t>(n));
        if (n <= 0) streams[i]->open = false;
    }
    return true;
}

std::string child::next_line(stream& from) {
    const auto deadline = steady::now() + patience;
    for (;;) {
        if (const std::size_t end = from.text.find('\n'); end != std::string::npos) {
            std::string line = from.text.substr(0, end);
            from.text.erase(0, end + 1);
            return line;
        }
        if (!from.open) {
            throw std::runtime_error("the child ended its output without a line; got " +
                                     in_quotes(from.text) + " and errors " +
                                     in_quotes(err_.text));
        }
        if (steady::now() > deadline) {
            throw std::runtime_error("no line from the child in " +
                                     std::to_string(patience.count()) +
                                     " s; its errors: " + in_quotes(err_.text));
        }
        read_some(std::chrono::milliseconds{100});
    }
}

ended run(const std::vector<std::string>& argv, std::string_view input) {
    child process(argv);
    try {
        process.write(input);
    } catch (const std::system_error& error) {
        if (error.code() != std::errc::broken_pipe) throw;
    }
    return process.wait();
}
