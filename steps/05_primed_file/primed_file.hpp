// primed_file.hpp: a mapping of a file that was looked at before.
#pragma once

#include <sys/stat.h>

#include <stdexcept>

#include "03_missing_file/foo_from_mmap.hpp"
#include "05_primed_file/strangers.hpp"

// #region foo_from_primed_file
/// A Foo mapped onto the file at `path`, once the file is seen to be a regular file of
/// exactly 8 bytes that nobody else may write. Never waits, and changes nothing. Throws
/// std::runtime_error if the file is another, std::system_error if open(2), fstat(2) or
/// mmap(2) fails.
inline Foo foo_from_primed_file(const std::string& path) {
    // O_PATH: a descriptor to look at, which opens nothing and wakes nobody.
    const unique_fd seen(check(::open(path.c_str(), O_PATH | O_CLOEXEC), "open", path));
    struct stat status = {};
    check(::fstat(seen.get(), &status), "fstat", path);
    if (!S_ISREG(status.st_mode)) {
        throw std::runtime_error(in_quotes(path) + " is not a regular file");
    }
    if (status.st_size != off_t{Foo::size()}) {
        throw std::runtime_error(in_quotes(path) + " has " +
                                 std::to_string(status.st_size) + " bytes, not the " +
                                 std::to_string(Foo::size()) + " of a foo");
    }
    refuse_strangers(status, path);
    // What was seen is what is opened, whatever the path means by now. O_NONBLOCK: if
    // somebody has a lease on it (fcntl(2)), that is an error, and not a wait.
    const std::string same = "/proc/self/fd/" + std::to_string(seen.get());
    const int fd = ::open(same.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC);
    const int error = errno;
    if (fd == -1)
        fail(error, "open", error == ENOENT ? same : path);  // is there a /proc?
    const unique_fd file(fd);
    return Foo(map_shared<foo>(file.get(), path));
}
// #endregion foo_from_primed_file
