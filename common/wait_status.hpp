// wait_status.hpp: how a process ended, in words.
#pragma once

#include <string.h>
#include <sys/wait.h>

#include <string>

/// What a wait status says: "exit status 1", "killed by SIGBUS" (waitpid(2)).
inline std::string describe_status(int status) {
    if (WIFEXITED(status)) return "exit status " + std::to_string(WEXITSTATUS(status));
    const char* name = ::sigabbrev_np(WTERMSIG(status));  // "BUS"
    return "killed by SIG" +
           (name ? std::string(name) : std::to_string(WTERMSIG(status)));
}
