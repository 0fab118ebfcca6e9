// prime_file.hpp: a file that gets its name whole, or not at all.
#pragma once

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <stdexcept>

#include "02_malloc_wrapper/foo.hpp"
#include "common/error.hpp"
#include "common/unique_fd.hpp"

/// Writes the 8 bytes of `f` to a new `file`, makes it its owner's alone, and waits
/// until the disk has it. `path` is for messages. Throws std::system_error, and
/// std::runtime_error if not all bytes fit.
inline void fill(int file, const Foo& f, const std::string& path) {
    // TODO: mode 0600 whatever the umask (fchmod(2)); all of the bytes, or it is an
    // error; and fsync(2).
    static_cast<void>(file);
    static_cast<void>(f);
    throw std::logic_error("TODO: fill " + path);
}

/// A name that is removed when its owner goes away.
class temporary_name {
public:
    explicit temporary_name(std::string path) : path_{std::move(path)} {}
    temporary_name(const temporary_name&) = delete;
    ~temporary_name() { ::unlink(path_.c_str()); }

private:
    std::string path_;
};

/// What prime_file() does where a file cannot be made without a name: it fills a draft,
/// which stays if we are killed, and which whoever may write to the folder may swap.
inline void link_draft(const std::string& path, const Foo& f) {
    std::string draft = std::filesystem::path(path).replace_filename(".suchfoo.XXXXXX");
    const unique_fd file(check(::mkostemp(draft.data(), O_CLOEXEC), "mkostemp", path));
    const temporary_name cleanup(draft);
    fill(file.get(), f, path);
    check(::link(draft.c_str(), path.c_str()), "link", path);
}

/// Creates the file at `path` with the 8 bytes of `f` in it and mode 0600: whole, or
/// not at all, and on the disk. Throws std::system_error if linkat(2) finds that `path`
/// exists (EEXIST), even as a dangling link, or if another call fails.
inline void prime_file(const std::string& path, const Foo& f) {
    // TODO: open the folder of `path`; in it, a file without a name (openat(2),
    // O_TMPFILE); fill it; give it its name with linkat(2), whose man page says how;
    // and fsync(2) the folder, so that the disk has the name, too. If the folder's file
    // system does not know O_TMPFILE (EOPNOTSUPP), link_draft does the first three.
    static_cast<void>(f);
    throw std::logic_error("TODO: prime " + path);
}
