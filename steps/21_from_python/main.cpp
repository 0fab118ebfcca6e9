// 21_from_python: the post's own session, over the same memory.
//
// Run:     PYTHONPATH=build/steps /usr/bin/python3
//          >>> from suchfoo import *
//          >>> help(foo_from_mmap)
// Expect:  the Foo of these steps, as Python's own: its exceptions, its views.
// Next:    22_many_clients: the server of step 08 for hundreds of clients.
//
// Needs: pybind11/pybind11.h, sh common/setup.sh extras
// Module: suchfoo
#include <pybind11/pybind11.h>

#include <sstream>

#include "05_primed_file/primed_file.hpp"
#include "07_shm_open/foo_from_shm.hpp"
#include "21_from_python/errors.hpp"
#include "21_from_python/views.hpp"

namespace py = pybind11;

PYBIND11_MODULE(suchfoo, module) {
    module.doc() = "A foo, two ints of 32 bits, in memory that processes share.";

    py::class_<Foo>(module, "Foo", py::buffer_protocol(),
                    "Two ints, bar and baz; memoryview(f) is where they are.")
        .def(py::init([](const py::object& bar, const py::object& baz) {
                 return Foo(to_int(bar), to_int(baz));
             }),
             py::arg("bar") = 0, py::arg("baz") = 0, "A Foo of its own, not shared.")
        .def_property(
            "bar", &Foo::bar,
            [](Foo& f, const py::object& value) { f.set_bar(to_int(value)); },
            "The first int.")
        .def_property(
            "baz", &Foo::baz,
            [](Foo& f, const py::object& value) { f.set_baz(to_int(value)); },
            "The second int.")
        .def_property_readonly("as_bytes", copy_of, "A copy of the eight bytes.")
        .def_static("from_bytes", foo_from, py::arg("bytes"),
                    "A Foo of its own, from eight bytes.")
        .def("__len__", [](const Foo&) { return Foo::size(); })
        .def("__repr__", [](const Foo& f) { return (std::ostringstream() << f).str(); })
        .def_buffer(view_of);

    module.def(
        "foo_from_mmap",
        [](const py::object& path, bool check) {
            const std::string name = path_bytes(path);
            return made(
                [&] {
                    return check ? foo_from_primed_file(name) : foo_from_mmap(name);
                },
                path);
        },
        py::arg("path"), py::kw_only(), py::arg("check") = true,
        "The Foo in the file at `path`, shared with whoever has it mapped.\n\n"
        "With check=False nobody looks whether the file has eight bytes, and is ours:\n"
        "if it has none, touching the Foo kills this process (SIGBUS).");
    module.def(
        "foo_from_shm",
        [](const py::object& name) {
            const std::string given = path_bytes(name);
            return made([&] { return foo_from_shm(shm_name(given)); }, name);
        },
        py::arg("name"),
        "The Foo in the shared-memory object `name`, which is made if there is none.");
}
