// memfd.hpp: a cache line of memory that has a descriptor and no name.
#pragma once

#include "09_how_fast/mapping.hpp"
#include "09_how_fast/reserve.hpp"
#include "common/unique_fd.hpp"

/// memfd_create(2): the second process has the descriptor because the first one had it
/// before they parted (step 18).
class over_memfd {
public:
    explicit over_memfd(const place& p)
        : fd_{check(::memfd_create("suchfoo", MFD_CLOEXEC), "memfd_create")},
          line_{p.line} {
        reserve(fd_.get(), lines_in_a_page * sizeof(line), "memfd");
    }
    void open(side s) {
        lines_ = map_lines(fd_.get());
        end_ = line_end(lines_[line_], s);
    }
    void send(std::uint64_t word) { end_.send(word); }
    std::uint64_t receive() { return end_.receive(); }

private:
    unique_fd fd_;
    unsigned line_;
    mapped_lines lines_{nullptr, nullptr};
    line_end end_;
};
