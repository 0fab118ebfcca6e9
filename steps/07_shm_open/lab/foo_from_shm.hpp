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

/// Creates the object `name`, 8 zero bytes, mode 0600. Returns nothing if the name is
/// taken. Throws std::system_error, and leaves no name, if there is no room for it.
inline std::optional<Foo> create_shm(const std::string& name) {
    // TODO: of all that call this at once, one creates the object (which flag of
    // shm_open(3)?), sets its mode, 0600 whatever the umask, and gives it its size. If
    // there is no room, the name must not stay, unless it has become another's:
    // unlink_own().
    static_cast<void>(name);
    return std::nullopt;
}

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

        // TODO: refuse what is no regular file, which is what objects are here, with
        //     "/suchfoo.x" is no shared-memory object
        // and what refuse_strangers() refuses. Map it if it is ready. Refuse another
        // size:
        //     "/suchfoo.x" has 4096 bytes: not a foo
        // If the name is gone, return nothing. If it is empty, go on waiting.
        if (std::chrono::steady_clock::now() > deadline) {
            throw std::runtime_error(in_quotes(name) +
                                     " is still empty: did its creator die? To remove "
                                     "it: build/steps/07_shm_open --unlink " +
                                     shell_word(name));
        }
        std::this_thread::sleep_for(std::chrono::milliseconds{1});
    }
}

/// A Foo in the shared-memory object `name`, which is created with Foo(0, 0) if there
/// is none. Any number of processes may call this at once. Throws as the two above.
inline Foo foo_from_shm(const std::string& name) {
    // TODO: create it, or open it; and what if it is unlinked in between?
    if (auto opened = open_shm(name)) return std::move(*opened);
    throw std::logic_error("TODO: create " + name);
}
