// errors.hpp: what Python is told when something fails: its own exceptions.
#pragma once

#include <pybind11/pybind11.h>

#include <string>
#include <system_error>
#include <utility>

// #region made
/// What make() returns, which may wait: other threads of Python run meanwhile. A
/// std::system_error becomes the OSError of its number, FileNotFoundError for example,
/// with `given` as its filename, and a std::runtime_error a ValueError.
template <class Make>
auto made(Make make, const pybind11::object& given) {
    try {
        const pybind11::gil_scoped_release others_may_run;
        return make();
    } catch (const std::system_error& error) {
        errno = error.code().value();
        PyErr_SetFromErrnoWithFilenameObject(PyExc_OSError, given.ptr());
        throw pybind11::error_already_set();
    } catch (const std::runtime_error& error) {
        throw pybind11::value_error(error.what());
    }
}
// #endregion made

// #region path_bytes
/// The bytes of a path: of a str, of bytes, or of anything with __fspath__. Throws
/// Python's TypeError, or its ValueError if there is a zero byte in it.
inline std::string path_bytes(const pybind11::object& path) {
    PyObject* bytes = nullptr;
    if (PyUnicode_FSConverter(path.ptr(), &bytes) == 0)
        throw pybind11::error_already_set();
    return pybind11::reinterpret_steal<pybind11::bytes>(bytes);
}
// #endregion path_bytes

// #region to_int
/// A number of Python as an int. Throws its OverflowError if it is none of 32 bits, its
/// TypeError if it is no whole number.
inline int to_int(const pybind11::object& value) {
    const long long number = PyLong_AsLongLong(value.ptr());
    if (number == -1 && PyErr_Occurred()) throw pybind11::error_already_set();
    if (!std::in_range<int>(number)) {
        PyErr_SetString(PyExc_OverflowError, "a foo holds ints of 32 bits");
        throw pybind11::error_already_set();
    }
    return static_cast<int>(number);
}
// #endregion to_int
