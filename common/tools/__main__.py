"""What `make` calls: python3 common/tools NAME [ARGUMENT…] runs NAME.py of one of the folders
here: learner/, teacher/, author/ and shared/, by whom it serves."""

import importlib
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent


def main():
    name = sys.argv[1] if len(sys.argv) > 1 else ""
    found = [path for path in sorted(HERE.glob("*/*.py")) if path.stem == name]
    if not found:
        print(f"usage: python3 common/tools NAME [ARGUMENT...]; there is no tool {name!r}",
              file=sys.stderr)
        return 2
    sys.argv[:2] = [f"{name}.py"]
    try:
        return importlib.import_module(f"{found[0].parent.name}.{name}").main()
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # whoever read what we print has ended
        sys.stdout = None
        return 141


if __name__ == "__main__":
    sys.exit(main())
