// views.hpp: the bytes of a Foo, as Python has them.
#pragma once

#include <pybind11/pybind11.h>

#include "02_malloc_wrapper/foo.hpp"

// #region views
/// A copy of the eight bytes.
inline pybind11::bytes copy_of(const Foo& f) {
    const auto bytes = f.as_bytes();
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// A new Foo from a copy of `bytes`. Throws std::invalid_argument, which Python sees as
/// a ValueError, unless there are eight.
inline Foo foo_from(const pybind11::bytes& bytes) {
    const std::string_view text = bytes;
    return Foo::from_bytes(std::as_bytes(std::span(text)));
}

/// The two ints where they are, for memoryview(f): nothing is copied. A view keeps its
/// Foo alive, and that the mapping.
inline pybind11::buffer_info view_of(Foo& f) {
    return {
        const_cast<int*>(&f.address()->bar), sizeof(int), "i", 1, {2}, {sizeof(int)}};
}
// #endregion views
