// unique_fd.hpp: a file descriptor that is closed when its owner goes away.
#pragma once

#include <unistd.h>

#include <cassert>
#include <cerrno>
#include <utility>

class unique_fd {
public:
    unique_fd() = default;
    explicit unique_fd(int fd) noexcept : fd_{fd} {}
    unique_fd(unique_fd&& other) noexcept : fd_{std::exchange(other.fd_, -1)} {}
    unique_fd& operator=(unique_fd&& other) noexcept {
        std::swap(fd_, other.fd_);
        return *this;
    }
    ~unique_fd() {
        if (fd_ == -1) return;
        // EBADF: somebody else closed it, and may have closed another's by now.
        [[maybe_unused]] const int result = ::close(fd_);
        assert(result == 0 || errno != EBADF);
    }

    int get() const noexcept { return fd_; }

private:
    int fd_ = -1;
};
