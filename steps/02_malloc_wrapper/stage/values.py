"""What the note quotes, from runs."""

import struct

from shared.overlay import mutant_status

VALUES = {
    "abort_status": lambda: mutant_status("02_malloc_wrapper",
                                          "from_bytes_frees_what_it_borrowed"),
    # What the post takes for the bytes.
    "text_length": lambda: str(len(str(struct.pack("ii", 42, 98)))),
}
