// spawn.hpp: real programs as children of a test: started, spoken to, bounded in
// time, and ended.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "common/unique_fd.hpp"

/// How long a child may take to answer, or to end, before it is given up. A grader has
/// less of it.
extern const std::chrono::seconds patience;

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
    explicit child(const std::vector<std::string>& argv);
    child(child&& other) noexcept;
    ~child();

    pid_t pid() const { return pid_; }

    /// Writes all of `text` to the child's standard input.
    void write(std::string_view text);
    void close_input() { in_ = unique_fd{}; }

    /// The next line of the child's standard output, or error, without its
    /// newline. Throws std::runtime_error if there is none within `patience`.
    std::string read_line() { return next_line(out_); }
    std::string read_error_line() { return next_line(err_); }

    /// Sends `signal` to the child; SIGKILL also to what it has started.
    void send(int signal);

    /// Closes the child's input and waits for it; kills it after `patience`.
    ended wait();

private:
    struct stream {
        unique_fd fd;
        std::string text;
        bool open = true;
    };

    /// Reads what is there, waiting at most `time` for it. False if nothing came.
    bool read_some(std::chrono::milliseconds time);
    std::string next_line(stream& from);

    pid_t pid_ = -1;
    unique_fd in_;
    stream out_;
    stream err_;
};

/// Runs a program to its end, with `input` on its standard input, which it need not
/// read. The input has to fit into a pipe.
ended run(const std::vector<std::string>& argv, std::string_view input = {});
