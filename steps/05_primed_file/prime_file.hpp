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

// #region fill
/// Writes the 8 bytes of `f` to a new `file`, makes it its owner's alone, and waits
/// until the disk has it. `path` is for messages. Throws std::system_error, and
/// std::runtime_error if not all bytes fit.
inline void fill(int file, const Foo& f, const std::string& path) {
    check(::fchmod(file, 0600), "fchmod", path);  // whatever the umask
    const auto bytes = f.as_bytes();
    const ssize_t written =
        check(::write(file, bytes.data(), bytes.size()), "write", path);
    if (written != ssize_t{Foo::size()}) {
        throw std::runtime_error("write " + in_quotes(path) + ": only " +
                                 std::to_string(written) + " bytes were written");
    }
    check(::fsync(file), "fsync", path);
}
// #endregion fill

// #region link_draft
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
// #endregion link_draft

// #region prime_file
/// Creates the file at `path` with the 8 bytes of `f` in it and mode 0600: whole, or
/// not at all, and on the disk. Throws std::system_error if linkat(2) finds that `path`
/// exists (EEXIST), even as a dangling link, or if another call fails.
inline void prime_file(const std::string& path, const Foo& f) {
    const auto parent = std::filesystem::path(path).parent_path();
    const std::string folder = parent.empty() ? "." : parent.string();
    const unique_fd directory(check(
        ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC), "open", folder));

    // A file without a name: nobody else can reach it, and if we die it is gone.
    const int fd = ::openat(directory.get(), ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd == -1 && errno == EOPNOTSUPP) {
        link_draft(path, f);
    } else {
        const unique_fd file(check(fd, "open", folder));
        fill(file.get(), f, path);
        const std::string nameless = "/proc/self/fd/" + std::to_string(file.get());
        if (::linkat(AT_FDCWD, nameless.c_str(), AT_FDCWD, path.c_str(),
                     AT_SYMLINK_FOLLOW) == -1) {
            const int error = errno;
            fail(error, "link",
                 error == ENOENT ? nameless : path);  // is there a /proc?
        }
    }
    check(::fsync(directory.get()), "fsync", folder);  // now the disk has the name, too
}
// #endregion prime_file
