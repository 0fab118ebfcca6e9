// processes.hpp: processes that part from this one, start together and end in time.
#pragma once

#include <sys/prctl.h>

#include <array>
#include <chrono>
#include <cstdlib>
#include <functional>
#include <map>
#include <stdexcept>
#include <string>

#include "24_choosing/harness/awaited_signals.hpp"
#include "24_choosing/transports/memory.hpp"
#include "common/wait_status.hpp"

/// What is still running when its owner goes away is killed.
class processes {
public:
    explicit processes(const awaited_signals& signals) : signals_{signals} {}
    processes(const processes&) = delete;
    ~processes() {
        for (const auto& [pid, name] : running_) ::kill(pid, SIGKILL);
        for (const auto& [pid, name] : running_) ::waitpid(pid, nullptr, 0);
    }

    /// Runs `body` in a process of its own, `name` in messages. To say that it is
    /// ready, it stops itself: raise(SIGSTOP).
    void start(const std::string& name, const std::function<void()>& body) {
        const pid_t pid = check(::fork(), "fork");
        if (pid != 0) {
            running_[pid] = name;
            return;
        }
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // whatever becomes of us, it does not stay
        signals_.unblock();
        try {
            body();
            std::exit(0);
        } catch (const std::exception& error) {
            ::strncpy(said_->data(), error.what(), said_->size() - 1);
            std::exit(1);
        }
    }

    /// Waits until all have stopped, or (`over`) have ended. Throws std::runtime_error
    /// if one fails or dies, after `limit`, and if a signal says that we should end.
    void wait_for_all(bool over, std::chrono::seconds limit) {
        const auto deadline = std::chrono::steady_clock::now() + limit;
        for (std::size_t missing = running_.size(); missing != 0;) {
            int status = 0;
            const pid_t pid = ::waitpid(-1, &status, WNOHANG | WUNTRACED);
            if (pid > 0 && WIFSTOPPED(status)) {
                if (!over) --missing;
            } else if (pid > 0) {
                const std::string name = running_.extract(pid).mapped() + ": ";
                if (said_->front()) throw std::runtime_error(name + said_->data());
                if (status != 0)
                    throw std::runtime_error(name + describe_status(status));
                --missing;
            } else if (!signals_.wait_for_child(deadline -
                                                std::chrono::steady_clock::now())) {
                throw std::runtime_error("not finished after " +
                                         std::to_string(limit.count()) + " s");
            }
        }
    }

    void go_on() {
        for (const auto& [pid, name] : running_) check(::kill(pid, SIGCONT), "kill");
    }

private:
    const awaited_signals& signals_;
    std::map<pid_t, std::string> running_;
    shared_memory<std::array<char, 256>> said_;  // by one that failed
};
