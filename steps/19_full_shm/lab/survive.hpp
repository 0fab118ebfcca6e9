// survive.hpp: a copy from, or into, memory that may lose what is behind it.
#pragma once

#include <setjmp.h>
#include <signal.h>

#include <atomic>
#include <bit>
#include <cstdint>
#include <cstring>

#include "common/error.hpp"

/// The copy that this thread makes just now: a SIGBUS elsewhere is none of its
/// business.
struct guarded_copy {
    volatile std::uintptr_t start;
    volatile std::uintptr_t size;  // 0: there is none
    sigjmp_buf back;
};
inline thread_local constinit guarded_copy this_copy{};
inline struct sigaction action_before = {};

/// What would have happened without us: sigaction(2).
inline void pass_on(int number, siginfo_t* info, void* context) {
    const bool sent = info->si_code <= 0;  // kill(2); the kernel's own are positive
    const auto before = action_before.sa_handler;
    if (before == SIG_IGN && sent) return;
    if (before == SIG_DFL || before == SIG_IGN) {
        ::signal(number, SIG_DFL);  // the same instruction runs again, and kills
        if (sent) ::raise(number);
        return;
    }
    // Who wanted to be called only once is gone after this.
    if ((action_before.sa_flags & static_cast<int>(SA_RESETHAND)) != 0)
        ::signal(number, SIG_DFL);
    if ((action_before.sa_flags & SA_SIGINFO) != 0) {
        action_before.sa_sigaction(number, info, context);
    } else {
        before(number);
    }
}

inline void leave_copy(int number, siginfo_t* info, void* context) {
    // TODO: go back to the copy that this thread makes, if it is that which the signal
    // is about: if nobody sent it, and the address is in the shared memory.
    pass_on(number, info, context);
}

/// From now on copy_or_fail() survives, in every thread that does not block SIGBUS. To
/// be called once, before that. Throws std::system_error if sigaction(2) fails.
inline void survive_sigbus() {
    struct sigaction action = {};
    action.sa_sigaction = leave_copy;
    action.sa_flags = SA_SIGINFO;
    check(::sigaction(SIGBUS, &action, &action_before), "sigaction", "SIGBUS");
}

/// Copies `size` bytes. `shared` is whichever of the two may lose its memory;
/// returns false if it did, and then a part may have been copied. Only memcpy is
/// between setting and jumping: a jump over a destructor is undefined ([csetjmp.syn]).
inline bool copy_or_fail(void* to, const void* from, const void* shared,
                         std::size_t size) {
    // TODO: say where the copy is, and where to go back to; after that it may begin
    // (std::atomic_signal_fence: the compiler must not move it).
    static_cast<void>(shared);
    std::memcpy(to, from, size);
    // TODO: from here on a SIGBUS is another's.
    return true;
}
