// shm.hpp: a cache line of a shared-memory object that both processes have mapped.
#pragma once

#include "24_choosing/transports/lines.hpp"

/// shm_open(3), as in step 07: each process opens the object by its name.
class over_shm : public over_line {
public:
    explicit over_shm(const place& p) : over_line{p.line}, name_{p.name} {
        const int flags = O_RDWR | O_CREAT | O_EXCL;
        const unique_fd object(
            check(::shm_open(name_.c_str(), flags, 0600), "shm_open", name_));
        made_.reset(&name_);
        reserve(object.get(), sizeof(page), name_);
    }
    over_shm(const over_shm&) = delete;
    void open(side s) {
        const unique_fd object(
            check(::shm_open(name_.c_str(), O_RDWR, 0), "shm_open", name_));
        open_line(object.get(), name_, s);
    }

private:
    struct unlink_name {
        void operator()(const std::string* name) const { ::shm_unlink(name->c_str()); }
    };
    std::string name_;
    std::unique_ptr<std::string, unlink_name> made_;  // a name to remove
};
