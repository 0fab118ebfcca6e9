// unix_path.hpp: a socket with a name in the file system, and the name that it leaves.
#pragma once

#include <sys/stat.h>
#include <unistd.h>

#include "common/address.hpp"
#include "common/unique_fd.hpp"

// #region left_over
/// Whether `path` is a socket that nobody listens on any more.
inline bool left_over(const std::string& path, const socket_address& address) {
    struct stat status = {};
    if (::lstat(path.c_str(), &status) == -1 || !S_ISSOCK(status.st_mode)) return false;
    const int type = SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK;
    const unique_fd probe(check(::socket(AF_UNIX, type, 0), "socket"));
    return ::connect(probe.get(), address.get(), address.size) == -1 &&
           errno == ECONNREFUSED;
}
// #endregion left_over

// #region unix_path
/// A path that a socket is bound to, mode 0600, removed at the end if it is still ours.
class unix_path {
public:
    /// Throws std::system_error if bind(2) refuses: the path may exist. It is left as
    /// it is, and if nobody listens there, the message says how to remove it.
    unix_path(int fd, const std::string& path, const socket_address& address) {
        check(::fchmod(fd, 0600), "fchmod", path);  // the path gets the socket's mode
        if (::bind(fd, address.get(), address.size) == -1) {
            const int error = errno;
            if (error == EADDRINUSE && left_over(path, address)) {
                throw std::runtime_error("nobody listens at " + in_quotes(path) +
                                         "; unless a server is just starting there, "
                                         "remove it with: rm -- " +
                                         shell_word(path));
            }
            fail(error, "bind", path);
        }
        path_ = path;
        check(::lstat(path.c_str(), &bound_), "lstat", path);
    }
    unix_path(const unix_path&) = delete;
    ~unix_path() {
        // Somebody may have removed it, and another server may be there by now.
        struct stat now = {};
        if (::lstat(path_.c_str(), &now) == 0 && now.st_dev == bound_.st_dev &&
            now.st_ino == bound_.st_ino) {
            ::unlink(path_.c_str());
        }
    }

private:
    std::string path_;
    struct stat bound_ = {};
};
// #endregion unix_path
