// shm.hpp: a cache line of a shared-memory object that both processes have mapped.
#pragma once

#include "09_how_fast/mapping.hpp"
#include "09_how_fast/reserve.hpp"
#include "common/unique_fd.hpp"

/// shm_open(3), as in step 07: each process opens the object by its name.
class over_shm {
public:
    explicit over_shm(const place& p) : name_{p.name}, line_{p.line} {
        const int flags = O_RDWR | O_CREAT | O_EXCL;
        const unique_fd object(
            check(::shm_open(name_.c_str(), flags, 0600), "shm_open", name_));
        made_.reset(&name_);
        reserve(object.get(), lines_in_a_page * sizeof(line), name_);
    }
    over_shm(const over_shm&) = delete;
    void open(side s) {
        const unique_fd object(
            check(::shm_open(name_.c_str(), O_RDWR, 0), "shm_open", name_));
        lines_ = map_lines(object.get());
        end_ = line_end(lines_[line_], s);
    }
    void send(std::uint64_t word) { end_.send(word); }
    std::uint64_t receive() { return end_.receive(); }

private:
    struct unlink_name {
        void operator()(const std::string* name) const { ::shm_unlink(name->c_str()); }
    };
    std::string name_;
    std::unique_ptr<std::string, unlink_name> made_;  // a name to remove
    unsigned line_;
    mapped_lines lines_{nullptr, nullptr};
    line_end end_;
};
