// primed_file.hpp: bytes first, then the mapping.
#pragma once

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <stdexcept>

#include "03_missing_file/foo_from_mmap.hpp"

// #region prime_file
/// A name that is removed when its owner goes away.
class temporary_name {
public:
    explicit temporary_name(std::string path) : path_{std::move(path)} {}
    temporary_name(const temporary_name&) = delete;
    ~temporary_name() { ::unlink(path_.c_str()); }

private:
    std::string path_;
};

/// Creates the file at `path` with the 8 bytes of `f` in it and mode 0600: whole, or
/// not at all. Throws std::system_error if link(2) finds that `path` exists (EEXIST),
/// even as a dangling link, or if another call fails.
inline void prime_file(const std::string& path, const Foo& f) {
    // Filled under a name that nobody looks for, in the same directory and so on the
    // same file system; only then does it get its own name.
    std::string draft = std::filesystem::path(path).replace_filename(".suchfoo.XXXXXX");
    const unique_fd file(check(::mkostemp(draft.data(), O_CLOEXEC), "mkostemp", path));
    const temporary_name cleanup(draft);

    const auto bytes = f.as_bytes();
    const ssize_t written =
        check(::write(file.get(), bytes.data(), bytes.size()), "write", path);
    if (written != ssize_t{Foo::size()}) {
        throw std::runtime_error("write " + in_quotes(path) + ": only " +
                                 std::to_string(written) + " bytes were written");
    }
    check(::fsync(file.get()), "fsync", path);
    check(::link(draft.c_str(), path.c_str()), "link", path);
}
// #endregion prime_file

// #region foo_from_primed_file
/// A Foo mapped onto the file at `path`, once the file is seen to be a regular file
/// of exactly 8 bytes. Never waits, and changes nothing. Throws std::runtime_error if
/// the file is another, std::system_error if open(2), fstat(2) or mmap(2) fails.
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
    // What was seen is what is opened, whatever the path means by now.
    const std::string same = "/proc/self/fd/" + std::to_string(seen.get());
    const unique_fd file(check(::open(same.c_str(), O_RDWR | O_CLOEXEC), "open", path));
    return Foo(map_shared<foo>(file.get(), path));
}
// #endregion foo_from_primed_file
