// foo_from_mmap.hpp: a Foo whose storage is the first eight bytes of a file.
#pragma once

#include <fcntl.h>
#include <sys/mman.h>

#include <cassert>
#include <string>

#include "02_malloc_wrapper/foo.hpp"
#include "common/error.hpp"
#include "common/unique_fd.hpp"

/// A T that is mapped, and unmapped when its owner goes away.
template <class T>
using mapped = std::unique_ptr<T, void (*)(T*)>;

/// The T in the first sizeof(T) bytes of what `fd` refers to, mapped shared, for
/// reading and writing. `name` is for messages. Throws std::system_error if mmap(2)
/// fails.
template <class T>
mapped<T> map_shared(int fd, const std::string& name) {
    // TODO: map sizeof(T) bytes of `fd`, shared, to read and to write; check(call,
    // "mmap", name) throws if it failed. Return its address, and how to unmap it.
    static_cast<void>(fd);
    throw std::logic_error("TODO: map " + name);
}

/// A Foo mapped onto the file at `path`, which must exist. Does not look at the
/// file's size: a file of fewer than 8 bytes is mapped all the same. Throws
/// std::system_error if open(2) or mmap(2) fails.
inline Foo foo_from_mmap(const std::string& path) {
    // TODO: open the file, neither creating nor changing it, and map it. The descriptor
    // has to be closed again, whatever happens: unique_fd does that.
    return Foo(map_shared<foo>(-1, path));
}
