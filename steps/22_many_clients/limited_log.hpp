// limited_log.hpp: a log that never holds up whoever writes to it.
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <chrono>
#include <string>

#include "common/unique_fd.hpp"

// #region limited_log
/// Lines on standard error: at most ten in a second, and none that would have to wait,
/// as behind a stopped terminal or a pipe that nobody reads. What is left out is
/// counted, and the next line says so.
class limited_log {
public:
    explicit limited_log(std::string name) : name_{std::move(name)} {}

    void line(const std::string& text) {
        const auto now = std::chrono::steady_clock::now();
        if (now - second_ >= std::chrono::seconds{1}) {
            second_ = now;
            lines_ = 0;
        }
        std::string whole = name_ + ": " + text;
        if (left_out_ != 0)
            whole += " (" + std::to_string(left_out_) + " lines were left out)";
        whole += '\n';
        // EAGAIN: it would have to wait. A line is shorter than PIPE_BUF, and not
        // split.
        if (lines_ < 10 && ::write(own_.get(), whole.data(), whole.size()) != -1) {
            ++lines_;
            left_out_ = 0;
        } else {
            ++left_out_;
        }
    }

private:
    std::string name_;
    /// Standard error, opened anew: O_NONBLOCK on the old one would be everybody's. A
    /// socket cannot be opened so: then there is no log.
    unique_fd own_{::open("/proc/self/fd/2",
                          O_WRONLY | O_APPEND | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)};
    std::chrono::steady_clock::time_point second_{};
    int lines_ = 0;      // in this second
    long left_out_ = 0;  // since the last line that was written
};
// #endregion limited_log
