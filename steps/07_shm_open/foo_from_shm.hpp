// foo_from_shm.hpp: a Foo in a shared-memory object, whoever comes first.
#pragma once

#include <sys/stat.h>

#include <chrono>
#include <optional>
#include <thread>

#include "03_missing_file/foo_from_mmap.hpp"
#include "05_primed_file/strangers.hpp"
#include "07_shm_open/new_object.hpp"
#include "07_shm_open/shm_name.hpp"

// #region create_shm
/// Creates the object `name`, 8 zero bytes, mode 0600. Returns nothing if the name is
/// taken. Throws std::system_error, and leaves no name, if there is no room for it.
inline std::optional<Foo> create_shm(const std::string& name) {
    // O_EXCL: of all that call this, one gets the object, and it alone gives it a size.
    const int fd = ::shm_open(name.c_str(), O_RDWR | O_CREAT | O_EXCL, 0600);
    if (fd == -1 && errno == EEXIST) return std::nullopt;
    const unique_fd object(check(fd, "shm_open", name));
    try {
        check(::fchmod(object.get(), 0600), "fchmod", name);  // whatever the umask
        reserve(object.get(), Foo::size(), name);  // the size changes once, from 0 to 8
        return Foo(map_shared<foo>(object.get(), name));
    } catch (const std::system_error&) {
        unlink_own(object.get(), name);
        throw;
    }
}
// #endregion create_shm

// #region open_shm
/// Opens the object `name` that another process of our user created. Returns nothing if
/// it is gone. Throws std::runtime_error if it is no such object, if its size is
/// another than 8 bytes, or 0 for `limit`.
inline std::optional<Foo> open_shm(
    const std::string& name,
    std::chrono::milliseconds limit = std::chrono::seconds{2}) {
    const int fd = ::shm_open(name.c_str(), O_RDWR | O_NONBLOCK, 0);
    if (fd == -1 && errno == ENOENT) return std::nullopt;
    const unique_fd object(check(fd, "shm_open", name));

    const auto deadline = std::chrono::steady_clock::now() + limit;
    for (;;) {
        struct stat status = {};
        check(::fstat(object.get(), &status), "fstat", name);
        if (!S_ISREG(status.st_mode))
            throw std::runtime_error(in_quotes(name) + " is no shared-memory object");
        refuse_strangers(status, name);
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
                                     " is still empty: did its creator die? To remove "
                                     "it: build/steps/07_shm_open --unlink " +
                                     shell_word(name));
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
