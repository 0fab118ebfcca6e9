"""A foo, two ints of 32 bits, in memory that processes share."""

from os import PathLike

class Foo:
    """Two ints, bar and baz; memoryview(f) is where they are."""

    bar: int
    baz: int
    def __init__(self, bar: int = 0, baz: int = 0) -> None:
        """A Foo of its own, not shared. Raises OverflowError beyond 32 bits."""
    @property
    def as_bytes(self) -> bytes:
        """A copy of the eight bytes."""
    @staticmethod
    def from_bytes(bytes: bytes) -> Foo:
        """A Foo of its own, from eight bytes. Raises ValueError if there are not eight."""
    def __len__(self) -> int: ...
    def __buffer__(self, flags: int, /) -> memoryview: ...

def foo_from_mmap(path: str | bytes | PathLike[str], *, check: bool = True) -> Foo:
    """The Foo in the file at `path`. Raises OSError, and ValueError if it is no foo."""

def foo_from_shm(name: str | bytes) -> Foo:
    """The Foo in the shared-memory object `name`. Raises OSError, and ValueError."""
