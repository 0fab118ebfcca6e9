// foo_from_mmap.hpp: a Foo whose storage is the first eight bytes of a file.
#pragma once

#include <fcntl.h>
#include <sys/mman.h>

#include <cassert>
#include <string>

#include "02_malloc_wrapper/foo.hpp"
#include "common/error.hpp"
#include "common/unique_fd.hpp"

/// A Foo in the first sizeof(foo) bytes of what `fd` refers to, mapped shared, for
/// reading and writing, and unmapped when the Foo goes away. `name` is for messages.
/// Throws std::system_error if mmap(2) fails.
inline Foo map_foo(int fd, const std::string& name) {
    // TODO: map sizeof(foo) bytes of `fd`, shared, to read and to write; check(call,
    // "mmap", name) throws if it failed. Return a Foo whose storage knows how to unmap.
    static_cast<void>(fd);
    throw std::logic_error("TODO: map " + name);
}

/// A Foo mapped onto the file at `path`, which must exist. Does not look at the
/// file's size: a file of fewer than 8 bytes is mapped all the same. Throws
/// std::system_error if open(2) or mmap(2) fails.
inline Foo foo_from_mmap(const std::string& path) {
    // TODO: open the file, neither creating nor changing it, and map it. The descriptor
    // has to be closed again, whatever happens: unique_fd does that.
    return map_foo(-1, path);
}
