// views.hpp: the bytes of a Foo, as Python has them.
#pragma once

#include <pybind11/pybind11.h>

#include "02_malloc_wrapper/foo.hpp"

/// A copy of the eight bytes.
inline pybind11::bytes copy_of(const Foo& f) {
    const auto bytes = f.as_bytes();
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// A new Foo from a copy of `bytes`. Throws std::invalid_argument, which Python sees as
/// a ValueError, unless there are eight.
inline Foo foo_from(const pybind11::bytes& bytes) {
    // TODO: Foo::from_bytes takes a span of std::byte. Any of the bytes may be zero.
    static_cast<void>(bytes);
    return Foo();
}

/// The two ints where they are, for memoryview(f): nothing is copied. A view keeps its
/// Foo alive, and that the mapping.
inline pybind11::buffer_info view_of(Foo& f) {
    // TODO: where the ints are, which Python may write to (address() is const), the
    // size of one, its format "i", one dimension, two of them, and how far one is from
    // the next.
    static int nowhere[2];
    static_cast<void>(f);
    return {nowhere, sizeof(int), "i", 1, {0}, {sizeof(int)}};
}
