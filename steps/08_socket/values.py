"""What the note quotes, from a run."""

import struct

SENT = struct.pack("<ii", 42, 98)

VALUES = {"swapped": lambda: "{}, {}".format(*struct.unpack(">ii", SENT))}
