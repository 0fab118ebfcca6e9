"""What the note quotes, from runs."""

import mmap

from shared.overlay import mutant_status

VALUES = {
    "unchecked_status": lambda: mutant_status("03_missing_file", "mmap_unchecked", "/dev/null"),
    "page": lambda: str(mmap.PAGESIZE),
}
