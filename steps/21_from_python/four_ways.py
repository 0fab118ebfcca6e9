"""The eight bytes of a foo from Python, four ways, without a module of ours.

    four_ways.py struct|ctypes|numpy PATH [BAR]
    four_ways.py shared_memory NAME [BAR]

Prints the foo, once bar is BAR if that is given. The file, or the object, has to be there.
"""

import ctypes
import mmap
import os
import struct
import sys
from multiprocessing import resource_tracker, shared_memory
from unittest import mock


# #region struct
def with_struct(path, bar):
    with open(path, "r+b") as file, mmap.mmap(file.fileno(), 8) as memory:
        if bar is not None:
            memory[0:4] = struct.pack("=i", bar)
        return struct.unpack("=ii", memory)
# #endregion struct


# #region ctypes
class CFoo(ctypes.Structure):
    _fields_ = [("bar", ctypes.c_int32), ("baz", ctypes.c_int32)]


def with_ctypes(path, bar):
    with open(path, "r+b") as file:
        foo = CFoo.from_buffer(mmap.mmap(file.fileno(), 8))
    if bar is not None:
        foo.bar = bar
    return foo.bar, foo.baz
# #endregion ctypes


# #region numpy
def with_numpy(path, bar):
    import numpy
    if os.path.getsize(path) != 8:  # or else memmap makes it longer
        raise ValueError(f"{path} has not the eight bytes of a foo")
    foo = numpy.memmap(path, dtype=[("bar", "<i4"), ("baz", "<i4")], mode="r+", shape=())
    if bar is not None:
        foo["bar"] = bar
    return int(foo["bar"]), int(foo["baz"])
# #endregion numpy


# #region shared_memory
def attached(name):
    """An object that somebody else owns, and unlinks: our tracker is not to do it."""
    if sys.version_info >= (3, 13):
        return shared_memory.SharedMemory(name, track=False)
    with mock.patch.object(resource_tracker, "register"):
        return shared_memory.SharedMemory(name)


def with_shared_memory(name, bar):
    memory = attached(name)
    try:
        if bar is not None:
            memory.buf[0:4] = struct.pack("=i", bar)
        return struct.unpack_from("=ii", memory.buf)
    finally:
        memory.close()
# #endregion shared_memory


WAYS = {"struct": with_struct, "ctypes": with_ctypes, "numpy": with_numpy,
        "shared_memory": with_shared_memory}


def main():
    if len(sys.argv) not in (3, 4) or sys.argv[1] not in WAYS:
        sys.exit(__doc__.strip())
    way, path = WAYS[sys.argv[1]], sys.argv[2]
    try:
        bar = int(sys.argv[3]) if sys.argv[3:] else None
        struct.pack("=i", bar or 0)  # ctypes and NumPy would cut it to 32 bits
        print("Foo({}, {})".format(*way(path, bar)))
    except (OSError, ValueError, struct.error, ImportError) as error:
        sys.exit(f"{os.path.basename(sys.argv[0])}: {error}")


if __name__ == "__main__":
    main()
