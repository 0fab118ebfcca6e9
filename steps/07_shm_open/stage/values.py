"""What the note quotes, from runs."""

import mmap
import os
import resource
import signal
from pathlib import Path

from author.conversation import own_name
from shared.overlay import mutant_status


def killed_by_an_opener():
    """The size of an object whose user dies of SIGBUS in its second page, once the
    post's opener, who wants 8 bytes, has come."""
    name = own_name("resized")
    path = Path("/dev/shm", name)
    size = 2 * mmap.PAGESIZE
    try:
        with open(path, "x+b") as file:
            file.truncate(size)
            mapped = mmap.mmap(file.fileno(), size)
        mutant_status("07_shm_open", "every_opener_resizes", f"/{name}")
        assert path.stat().st_size == 8
        user = os.fork()  # who has it mapped, too
        if user == 0:
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
            os._exit(mapped[mmap.PAGESIZE])
        assert os.WTERMSIG(os.waitpid(user, 0)[1]) == signal.SIGBUS
    finally:
        path.unlink(missing_ok=True)
    return str(size)


VALUES = {"killed_by_an_opener": killed_by_an_opener}
