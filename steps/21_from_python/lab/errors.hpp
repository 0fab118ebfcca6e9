// errors.hpp: what Python is told when something fails: its own exceptions.
#pragma once

#include <pybind11/pybind11.h>

#include <string>
#include <system_error>
#include <utility>

/// What make() returns, which may wait: other threads of Python run meanwhile. A
/// std::system_error becomes the OSError of its number, FileNotFoundError for example,
/// with `given` as its filename, and a std::runtime_error a ValueError.
template <class Make>
auto made(Make make, const pybind11::object& given) {
    // TODO: others may run while this waits (gil_scoped_release); and the two kinds of
    // exceptions become Python's, which nobody may set while others run
    // (PyErr_SetFromErrnoWithFilenameObject sets one out of errno, error_already_set
    // throws it; pybind11::value_error is a ValueError).
    static_cast<void>(given);
    return make();
}

/// The bytes of a path: of a str, of bytes, or of anything with __fspath__. Throws
/// Python's TypeError, or its ValueError if there is a zero byte in it.
inline std::string path_bytes(const pybind11::object& path) {
    PyObject* bytes = nullptr;
    if (PyUnicode_FSConverter(path.ptr(), &bytes) == 0)
        throw pybind11::error_already_set();
    return pybind11::reinterpret_steal<pybind11::bytes>(bytes);
}

/// A number of Python as an int. Throws its OverflowError if it is none of 32 bits, its
/// TypeError if it is no whole number.
inline int to_int(const pybind11::object& value) {
    // TODO: PyLong_AsLongLong tells of an error by -1 and PyErr_Occurred(). A long long
    // has 64 bits: what is out of an int's range is an OverflowError, in your own
    // words.
    return static_cast<int>(PyLong_AsLongLong(value.ptr()));
}
