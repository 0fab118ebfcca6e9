// spawn.hpp: real programs as children of a test: started, spoken to, bounded in
// time, and ended.
#pragma once

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "common/error.hpp"
#include "common/unique_fd.hpp"

/// How long a child may take to answer, or to end, before it is given up. A grader has
/// less of it.
inline const std::chrono::seconds patience{
    std::getenv("SUCHFOO_PATIENCE") ? std::atoi(std::getenv("SUCHFOO_PATIENCE")) : 10};

/// What a wait status says: "exit status 1", "killed by SIGBUS".
inline std::string describe_status(int status) {
    if (WIFEXITED(status)) return "exit status " + std::to_string(WEXITSTATUS(status));
    const char* name = ::sigabbrev_np(WTERMSIG(status));  // "BUS"
    return "killed by SIG" +
           (name ? std::string(name) : std::to_string(WTERMSIG(status)));
}

/// How a child ended, and all that it wrote and nobody read before.
struct ended {
    std::string how;  // describe_status(), or "still running after 10 s"
    std::string out;
    std::string err;
};

/// A child process in a process group of its own, its standard streams at the
/// ends of three pipes. The destructor kills what is left of the group.
class child {
public:
    /// Starts argv[0], looked up in PATH if it has no slash (posix_spawnp(3)).
    /// Signals have their default action there. Throws std::system_error.
    explicit child(const std::vector<std::string>& argv) {
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
        const int error = ::posix_spawnp(&pid_, words[0], &actions, &attributes,
                                         words.data(), environ);
        posix_spawnattr_destroy(&attributes);
        posix_spawn_file_actions_destroy(&actions);
        if (error != 0) fail(error, "posix_spawn", argv.at(0));
        in_ = std::move(pipes[0][1]);
        out_.fd = std::move(pipes[1][0]);
        err_.fd = std::move(pipes[2][0]);
    }
    child(child&& other) noexcept
        : pid_{std::exchange(other.pid_, -1)},
          in_{std::move(other.in_)},
          out_{std::move(other.out_)},
          err_{std::move(other.err_)} {}
    ~child() {
        if (pid_ == -1) return;
        ::kill(-pid_, SIGKILL);
        ::waitpid(pid_, nullptr, 0);
    }

    pid_t pid() const { return pid_; }

    /// Writes all of `text` to the child's standard input.
    void write(std::string_view text) {
        while (!text.empty()) {
            const ssize_t n =
                check(::write(in_.get(), text.data(), text.size()), "write");
            text.remove_prefix(static_cast<std::size_t>(n));
        }
    }
    void close_input() { in_ = unique_fd{}; }

    /// The next line of the child's standard output, or error, without its
    /// newline. Throws std::runtime_error if there is none within `patience`.
    std::string read_line() { return next_line(out_); }
    std::string read_error_line() { return next_line(err_); }

    /// Sends `signal` to the child; SIGKILL also to what it has started.
    void send(int signal) {
        check(::kill(signal == SIGKILL ? -pid_ : pid_, signal), "kill");
    }

    /// Closes the child's input and waits for it; kills it after `patience`.
    ended wait() {
        close_input();
        const auto deadline = clock::now() + patience;
        int status = 0;
        bool gone = false;
        while (!gone && clock::now() < deadline) {
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

private:
    using clock = std::chrono::steady_clock;

    struct stream {
        unique_fd fd;
        std::string text;
        bool open = true;
    };

    static std::array<unique_fd, 2> make_pipe() {
        int ends[2];
        check(::pipe2(ends, O_CLOEXEC), "pipe2");
        return {unique_fd{ends[0]}, unique_fd{ends[1]}};
    }

    /// Reads what is there, waiting at most `time` for it. False if nothing came.
    bool read_some(std::chrono::milliseconds time) {
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

    std::string next_line(stream& from) {
        const auto deadline = clock::now() + patience;
        for (;;) {
            if (const std::size_t end = from.text.find('\n');
                end != std::string::npos) {
                std::string line = from.text.substr(0, end);
                from.text.erase(0, end + 1);
                return line;
            }
            if (!from.open) {
                throw std::runtime_error(
                    "the child ended its output without a line; got " +
                    in_quotes(from.text) + " and errors " + in_quotes(err_.text));
            }
            if (clock::now() > deadline) {
                throw std::runtime_error("no line from the child in " +
                                         std::to_string(patience.count()) +
                                         " s; its errors: " + in_quotes(err_.text));
            }
            read_some(std::chrono::milliseconds{100});
        }
    }

    pid_t pid_ = -1;
    unique_fd in_;
    stream out_;
    stream err_;
};

/// Runs a program to its end, with `input` on its standard input, which it need not
/// read. The input has to fit into a pipe.
inline ended run(const std::vector<std::string>& argv, std::string_view input = {}) {
    child process(argv);
    try {
        process.write(input);
    } catch (const std::system_error& error) {
        if (error.code() != std::errc::broken_pipe) throw;
    }
    return process.wait();
}
