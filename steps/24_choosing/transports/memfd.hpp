// memfd.hpp: a cache line of memory that has a descriptor and no name.
#pragma once

#include "24_choosing/transports/lines.hpp"

/// memfd_create(2): the second process has the descriptor because the first one had it
/// before they parted (step 18).
class over_memfd : public over_line {
public:
    explicit over_memfd(const place& p)
        : over_line{p.line},
          fd_{check(::memfd_create("suchfoo", MFD_CLOEXEC), "memfd_create")} {
        reserve(fd_.get(), sizeof(page), "memfd");
    }
    void open(side s) { open_line(fd_.get(), "memfd", s); }

private:
    unique_fd fd_;
};
