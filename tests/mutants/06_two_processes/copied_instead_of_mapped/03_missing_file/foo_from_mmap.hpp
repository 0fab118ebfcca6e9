// foo_from_mmap.hpp: a Foo whose storage is the first eight bytes of a file.
#pragma once

#include <fcntl.h>
#include <sys/mman.h>

#include <cassert>
#include <string>

#include "02_malloc_wrapper/foo.hpp"
#include "common/error.hpp"
#include "common/unique_fd.hpp"

// #region map_foo
/// A Foo in the first sizeof(foo) bytes of what `fd` refers to, mapped shared, for
/// reading and writing, and unmapped when the Foo goes away. `name` is for messages.
/// Throws std::system_error if mmap(2) fails.
inline Foo map_foo(int fd, const std::string& name) {
    void* address =
        check(::mmap(nullptr, sizeof(foo), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0),
              "mmap", name);
    const auto unmap = [](foo* mapped) {
        [[maybe_unused]] const int result = ::munmap(mapped, sizeof(foo));
        assert(result == 0);
    };
    const Foo mapped(Foo::storage(static_cast<foo*>(address), unmap));
    return Foo(mapped.bar(), mapped.baz());
}
// #endregion map_foo

// #region foo_from_mmap
/// A Foo mapped onto the file at `path`, which must exist. Does not look at the
/// file's size: a file of fewer than 8 bytes is mapped all the same. Throws
/// std::system_error if open(2) or mmap(2) fails.
inline Foo foo_from_mmap(const std::string& path) {
    const unique_fd file(check(::open(path.c_str(), O_RDWR | O_CLOEXEC), "open", path));
    return map_foo(file.get(), path);  // the mapping outlives the descriptor
}
// #endregion foo_from_mmap
