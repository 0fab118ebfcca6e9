"""What the note quotes, from runs."""

import subprocess
import tempfile

from shared.steps import BUILD

PROGRAM = str(BUILD / "steps" / "04_empty_file_sigbus")


def above_the_signal():
    """How much more a shell shows than the number of the signal that killed."""
    with tempfile.NamedTemporaryFile(prefix="suchfoo-value-") as empty:
        died, shown = (subprocess.run([*shell, PROGRAM, empty.name], capture_output=True,
                                      timeout=20).returncode
                       for shell in ([], ["sh", "-c", 'ulimit -c 0; "$@"; exit $?', "sh"]))
    return str(shown + died)  # Python shows the signal's number as a negative one


VALUES = {"above_the_signal": above_the_signal}
