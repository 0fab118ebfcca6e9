"""What `make` calls: python3 common/tools NAME [ARGUMENT…] runs NAME.py of one of the folders
here: learner/, teacher/, author/ and shared/, by whom it serves."""

import importlib
import os
import sys
from pathlib import Path

from shared import processes

HERE = Path(__file__).resolve().parent


def main():
    name = sys.argv[1] if len(sys.argv) > 1 else ""
    found = [path for path in sorted(HERE.glob("*/*.py")) if path.stem == name]
    if not found:
        print(f"usage: python3 common/tools NAME [ARGUMENT...]; there is no tool {name!r}",
              file=sys.stderr)
        return 2
    sys.argv[:2] = [f"{name}.py"]
    processes.end_on_signals()
    processes.no_core_files()
    try:
        status = importlib.import_module(f"{found[0].parent.name}.{name}").main()
        sys.stdout.flush()
        return status
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # whoever read what we print has ended
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except OSError as error:
        print(f"{name}: {error}", file=sys.stderr)
        return 1
    finally:
        processes.end_all()


if __name__ == "__main__":
    sys.exit(main())
