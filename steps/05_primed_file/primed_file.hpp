// primed_file.hpp: a mapping of a file that was looked at before.
#pragma once

#include <sys/stat.h>

#include <stdexcept>

#include "03_missing_file/foo_from_mmap.hpp"
#include "05_primed_file/strangers.hpp"

// #region open_trusted
/// A file that was looked at: open for reading and writing, and of `size` bytes.
struct trusted_file {
    unique_fd fd;
    off_t size;
};

/// Opens the file at `path`, once it is seen to be a regular file that nobody else may
/// write. Never waits, and changes nothing. Throws std::runtime_error if it is another,
/// std::system_error if open(2) or fstat(2) fails.
inline trusted_file open_trusted(const std::string& path) {
    // O_PATH: a descriptor to look at, which opens nothing and wakes nobody.
    const unique_fd seen(check(::open(path.c_str(), O_PATH | O_CLOEXEC), "open", path));
    struct stat status = {};
    check(::fstat(seen.get(), &status), "fstat", path);
    if (!S_ISREG(status.st_mode)) {
        throw std::runtime_error(in_quotes(path) + " is not a regular file");
    }
    refuse_strangers(status, path);
    // What was seen is what is opened, whatever the path means by now. O_NONBLOCK: if
    // somebody has a lease on it (fcntl(2)), that is an error, and not a wait.
    const std::string same = "/proc/self/fd/" + std::to_string(seen.get());
    const int fd = ::open(same.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC);
    const int error = errno;
    if (fd == -1)
        fail(error, "open", error == ENOENT ? same : path);  // is there a /proc?
    return {unique_fd(fd), status.st_size};
}
// #endregion open_trusted

// #region foo_from_primed_file
/// The T in the file at `path`, mapped shared, if the file is to be trusted and has
/// exactly the bytes of a T. `kind` says what that is, for messages: "a foo". Throws
/// as open_trusted() does.
template <class T>
mapped<T> map_primed(const std::string& path, const std::string& kind) {
    const trusted_file file = open_trusted(path);
    if (file.size != off_t{sizeof(T)}) {
        throw std::runtime_error(in_quotes(path) + " has " + std::to_string(file.size) +
                                 " bytes, not the " + std::to_string(sizeof(T)) +
                                 " of " + kind);
    }
    return map_shared<T>(file.fd.get(), path);
}

/// A Foo mapped onto the file at `path`, as map_primed() does it.
inline Foo foo_from_primed_file(const std::string& path) {
    return Foo(map_primed<foo>(path, "a foo"));
}
// #endregion foo_from_primed_file
