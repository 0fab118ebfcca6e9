// foo_from_mmap.hpp: a Foo whose storage is the first eight bytes of a file.
#pragma once

#include <fcntl.h>
#include <sys/mman.h>

#include <cassert>
#include <string>

#include "02_malloc_wrapper/foo.hpp"
#include "common/error.hpp"
#include "common/unique_fd.hpp"

// #region map_shared
/// A T that is mapped, and unmapped when its owner goes away.
template <class T>
using mapped = std::unique_ptr<T, void (*)(T*)>;

/// The T in the first sizeof(T) bytes of what `fd` refers to, mapped shared, for
/// reading and writing. `name` is for messages. Throws std::system_error if mmap(2)
/// fails.
template <class T>
mapped<T> map_shared(int fd, const std::string& name) {
    void* address =
        check(::mmap(nullptr, sizeof(T), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0),
              "mmap", name);
    return {static_cast<T*>(address), [](T* object) {
                [[maybe_unused]] const int result = ::munmap(object, sizeof(T));
                assert(result == 0);
            }};
}
// #endregion map_shared

// #region foo_from_mmap
/// A Foo mapped onto the file at `path`, which must exist. Does not look at the
/// file's size: a file of fewer than 8 bytes is mapped all the same. Throws
/// std::system_error if open(2) or mmap(2) fails.
inline Foo foo_from_mmap(const std::string& path) {
    const unique_fd file(check(::open(path.c_str(), O_RDWR | O_CLOEXEC), "open", path));
    return Foo(map_shared<foo>(file.get(), path));  // it outlives the descriptor
}
// #endregion foo_from_mmap
