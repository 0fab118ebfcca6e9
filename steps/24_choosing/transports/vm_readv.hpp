// vm_readv.hpp: the taker copies out of the giver's memory, process_vm_readv(2).
#pragma once

#include <sys/prctl.h>
#include <sys/uio.h>
#include <unistd.h>

#include "24_choosing/harness/bulk.hpp"
#include "24_choosing/transports/turns.hpp"

/// One copy, by the kernel. The giver has to allow it: without PR_SET_PTRACER, Yama
/// (ptrace_scope 1, the default of some distributions) refuses it with EPERM.
class bulk_vm_readv {
public:
    explicit bulk_vm_readv(const place&) : own_(turns::slots * chunk_words) {}
    void open(side s) {
        if (s == side::answering) return;
        ::prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY);  // EINVAL: there is no Yama here
        *giver_ = ::getpid();
    }
    chunk room(std::size_t words) { return slot(turns_.wait_empty(), words); }
    void give(std::size_t) { turns_.filled(); }
    chunk take(std::size_t words) {
        // The memory was allocated before the processes parted: it is at one address.
        const chunk from = slot(turns_.wait_full(), words);
        iovec here{taken_.first(words).data(), from.size_bytes()};
        iovec there{from.data(), from.size_bytes()};
        const ssize_t n = check(::process_vm_readv(*giver_, &here, 1, &there, 1, 0),
                                "process_vm_readv");
        if (n != static_cast<ssize_t>(from.size_bytes()))
            throw std::runtime_error("process_vm_readv: not all bytes were read");
        return taken_.first(words);
    }
    void done() { turns_.emptied(); }

private:
    chunk slot(std::size_t number, std::size_t words) {
        return own_.first(turns::slots * chunk_words)
            .subspan(number * chunk_words, words);
    }
    shared_memory<pid_t> giver_;
    turns turns_;
    buffer own_;
    buffer taken_;
};
