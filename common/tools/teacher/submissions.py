"""Finds what students handed in, in the shape in which a learning platform or a person brings it:
folders, nested or flat, archives, whole clones."""

import os
import re
import zipfile
from pathlib import PurePosixPath

from learner import lab

LARGEST = 256 * 1024  # bytes of a header
MOST = 20_000  # files of one student that are looked at
# Jane Doe_12345_assignsubmission_file_, of Moodle; doejane_LATE_123_4567_foo.hpp, of Canvas.
PLATFORM = re.compile(r"(?s)(?P<who>.+?)_(?:\d+_assignsubmission_\w+?_|(?:LATE_)?\d+_\d+_)(?P<rest>.*)")
# What is not a student's own work: another's, or the project's.
PASSED_OVER = {"__macosx", "build", "steps", "tests", "common", "notes"}


def readable(name):
    """A name whose bytes need not be UTF-8, as text that any file takes."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def students(folder):
    """{name: the paths that are that student's}, and a line for each path that is nobody's."""
    found, odd = {}, []
    for path in sorted(folder.iterdir()):
        platform = PLATFORM.fullmatch(path.name)
        if path.is_symlink():
            odd.append(f"{readable(path.name)} is a link, and not followed")
        elif path.name.startswith(".") or path.name.lower() in PASSED_OVER:
            odd.append(f"{readable(path.name)} is passed over")
        elif path.is_dir() or path.suffix.lower() == ".zip" or platform:
            name = platform["who"] if platform else path.name if path.is_dir() else path.stem
            found.setdefault(name, []).append(path)
        else:
            odd.append(f"{readable(path.name)} is neither a folder nor a zip")
    return found, odd


def files(paths):
    """(where it is, its size, how to read it) of each file; no link is followed."""
    for path in paths:
        if path.is_dir():
            for top, folders, names in os.walk(path):
                folders.sort()
                for name in sorted(names):
                    file = type(path)(top) / name
                    if file.is_symlink() or not file.is_file():
                        continue
                    if file.suffix.lower() == ".zip":
                        yield from in_archive(file)
                    else:
                        yield PurePosixPath(file.relative_to(path)), file.stat().st_size, file.read_bytes
        elif path.suffix.lower() == ".zip":
            yield from in_archive(path)
        else:
            yield PurePosixPath(path.name), path.stat().st_size, path.read_bytes


def in_archive(path):
    try:
        with zipfile.ZipFile(path) as archive:
            for entry in archive.infolist():
                if not entry.is_dir() and (entry.external_attr >> 28) != 0o12:  # a link
                    yield (PurePosixPath(entry.filename), entry.file_size,
                           lambda entry=entry: zipfile.ZipFile(path).read(entry))
    except (OSError, zipfile.BadZipFile, NotImplementedError) as error:
        yield PurePosixPath(f"{path.name} cannot be read: {error}"), 0, bytes


def own(place):
    return not any(part.startswith(".") or part.lower() in PASSED_OVER for part in place.parts)


def handed_in(paths, step):
    """The headers of the step's lab as they are to be named, with those beside them, {name:
    bytes}; and what was wrong, or what was there instead."""
    all_files = []
    for number, entry in enumerate(files(paths)):
        if number == MOST:
            return {}, f"more than {MOST} files"
        all_files.append(entry)
    taken = {}
    for wanted in lab.lab_headers(step):
        name = re.compile(rf"{re.escape(wanted[:-4])}(?:[-_ ]?\(?(\d+)\)?)?\.(?:hpp|hh|hxx|h)", re.I)
        candidates = []
        for place, size, read in all_files:
            platform = PLATFORM.fullmatch(place.name)
            match = name.fullmatch(platform["rest"] if platform else place.name)
            if match and own(place):
                if size > LARGEST:
                    return {}, f"{readable(str(place))} has {size} bytes, and {LARGEST} is the most"
                # In the step's folder before any other place; then what was handed in last.
                candidates.append(((step.name in place.parts, int(match[1] or 0)), place, read))
        best = [one for one in candidates if one[0] == max(candidates)[0]] if candidates else []
        contents = {read() for _, _, read in best}
        if len(contents) > 1:
            return {}, "handed in more than once: " + " and ".join(readable(str(place)) for _, place, _ in best)
        if best:
            taken[wanted] = contents.pop()
            beside = best[0][1].parent
            if beside.name == step.name:
                for place, size, read in all_files:
                    if place.parent == beside and place.suffix == ".hpp" and size <= LARGEST:
                        taken.setdefault(place.name, read())
    if not taken:
        there = [readable(str(place)) for place, _, _ in all_files]
        more = f" and {len(there) - 8} more" if len(there) > 8 else ""
        return {}, f"nothing handed in; there was: {', '.join(there[:8]) + more or 'nothing at all'}"
    return taken, None
