// foo_from_shm.hpp: a Foo in a shared-memory object, whoever comes first.
#pragma once

#include <sys/stat.h>

#include <chrono>
#include <optional>
#include <thread>

#include "03_missing_file/foo_from_mmap.hpp"
#include "07_shm_open/shm_name.hpp"

// #region reserve
/// Gives what `fd` refers to `size` bytes, zeros, with memory behind them. Unlike
/// ftruncate, this fails if there is no room, instead of SIGBUS later on. `name` is for
/// messages. Throws std::system_error if posix_fallocate(3) fails.
inline void reserve(int fd, std::size_t size, const std::string& name) {
    int error = 0;  // returned, and not put into errno
    do error = ::posix_fallocate(fd, 0, static_cast<off_t>(size));
    while (error == EINTR);
    if (error != 0) fail(error, "posix_fallocate", name);
}
// #endregion reserve

// #region create_shm
/// Creates the object `name`, 8 zero bytes, mode 0600. Returns nothing if the name is
/// taken. Throws std::system_error, and leaves no name, if there is no room for it.
inline std::optional<Foo> create_shm(const std::string& name) {
    // O_EXCL: of all that call this, one gets the object, and it alone gives it a size.
    const int fd = ::shm_open(name.c_str(), O_RDWR | O_CREAT | O_EXCL, 0600);
    if (fd == -1 && errno == EEXIST) return std::nullopt;
    const unique_fd object(check(fd, "shm_open", name));
    try {
        reserve(object.get(), Foo::size(), name);  // the size changes once, from 0 to 8
    } catch (const std::system_error&) {
        ::shm_unlink(name.c_str());
        throw;
    }
    return Foo(map_shared<foo>(object.get(), name));
}
// #endregion create_shm

// #region open_shm
/// Opens the object `name` that another process created. Returns nothing if it is gone.
/// Throws std::runtime_error if its size is another than 8 bytes, or 0 for `limit`.
inline std::optional<Foo> open_shm(
    const std::string& name,
    std::chrono::milliseconds limit = std::chrono::seconds{2}) {
    const int fd = ::shm_open(name.c_str(), O_RDWR, 0);
    if (fd == -1 && errno == ENOENT) return std::nullopt;
    const unique_fd object(check(fd, "shm_open", name));

    const auto deadline = std::chrono::steady_clock::now() + limit;
    for (;;) {
        struct stat status = {};
        check(::fstat(object.get(), &status), "fstat", name);
        // Zero bytes are a valid first Foo, so the size says that all is ready.
        if (status.st_size == off_t{Foo::size()})
            return Foo(map_shared<foo>(object.get(), name));
        if (status.st_size != 0) {
            throw std::runtime_error(in_quotes(name) + " has " +
                                     std::to_string(status.st_size) +
                                     " bytes: not a foo");
        }
        if (status.st_nlink == 0) return std::nullopt;  // removed while we waited
        if (std::chrono::steady_clock::now() > deadline) {
            throw std::runtime_error(in_quotes(name) +
                                     " is still empty: did its creator "
                                     "die? To remove it: 07_shm_open --unlink " +
                                     in_quotes(name));
        }
        std::this_thread::sleep_for(std::chrono::milliseconds{1});
    }
}
// #endregion open_shm

// #region foo_from_shm
/// A Foo in the shared-memory object `name`, which is created with Foo(0, 0) if there
/// is none. Any number of processes may call this at once. Throws as the two above.
inline Foo foo_from_shm(const std::string& name) {
    for (;;) {
        if (auto created = create_shm(name)) return std::move(*created);
        if (auto opened = open_shm(name)) return std::move(*opened);
        // It existed, and has been unlinked since: start again.
    }
}
// #endregion foo_from_shm
