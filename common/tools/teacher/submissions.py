"""Finds what students handed in, in the shape in which a learning platform or a person brings it:
folders, nested or flat, archives, whole clones."""

import os
import re
import zipfile
import zlib
from pathlib import PurePosixPath

from learner import lab

LARGEST = 256 * 1024  # bytes of a header
MOST = 20_000  # files of one student that are looked at
BESIDE = 20  # headers besides those of the lab
# Jane Doe_12345_assignsubmission_file_, of Moodle; doejane_LATE_123_4567_foo.hpp, of Canvas.
PLATFORM = re.compile(r"(?s)(?P<who>.+?)_(?:LATE_)?(?P<id>\d+)_(?:assignsubmission_\w+?_|\d+_)(?P<rest>.*)")
# What is not a student's own work: another's, or the project's.
PASSED_OVER = {"__macosx", "build", "steps", "tests", "common", "notes"}
BROKEN = (OSError, ValueError, NotImplementedError, RuntimeError, EOFError, zipfile.BadZipFile, zlib.error)


def readable(name):
    """A name whose bytes need not be UTF-8, as text that any file and any terminal takes."""
    text = os.fsencode(name).decode("utf-8", "backslashreplace")
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def students(folder):
    """{name: the paths that are that student's}, and a line for each path that is nobody's. Two of
    one name are told apart by what else the platform's name has."""
    found, odd = {}, []
    for path in sorted(folder.iterdir()):
        platform = PLATFORM.fullmatch(path.name)
        if path.is_symlink():
            odd.append(f"{readable(path.name)} is a link, and not followed")
        elif path.name.startswith(".") or path.name.lower() in PASSED_OVER:
            odd.append(f"{readable(path.name)} is passed over")
        elif platform:
            found.setdefault((platform["who"], platform["id"]), []).append(path)
        elif path.is_dir():
            found.setdefault((path.name, ""), []).append(path)
        elif path.suffix.lower() == ".zip":
            found.setdefault((path.stem, "zip"), []).append(path)
        else:
            odd.append(f"{readable(path.name)} is neither a folder nor a zip")
    names = [name for name, _ in found]
    return {name if names.count(name) == 1 else f"{name} {more}".strip(): paths
            for (name, more), paths in found.items()}, odd


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
    def reader(entry):
        def read():
            with archive.open(entry) as file:  # which may be longer than it says
                content = file.read(LARGEST + 1)
            if len(content) > LARGEST:
                raise ValueError(f"{readable(entry.filename)} is longer than the archive says")
            return content
        return read
    try:
        archive = zipfile.ZipFile(path)
        for entry in archive.infolist():
            link = (entry.external_attr >> 28) == 0o12
            usual = entry.compress_type in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
            if not entry.is_dir() and not link and usual:
                yield PurePosixPath(entry.filename), entry.file_size, reader(entry)
    except BROKEN as error:
        yield PurePosixPath(f"{path.name} cannot be read: {error}"), 0, bytes


def own(place):
    return not any(part.startswith(".") or part.lower() in PASSED_OVER for part in place.parts)


def handed_in(paths, step):
    """The headers of the step's lab as they are to be named, with those beside them, {name:
    bytes}; and what was wrong, or what was there instead."""
    try:
        return look_for(paths, step)
    except BROKEN as error:
        return {}, f"it cannot be read: {error}"


def look_for(paths, step):
    all_files = []
    for number, entry in enumerate(files(paths)):
        if number == MOST:
            return {}, f"more than {MOST} files"
        all_files.append(entry)
    taken = {}
    for wanted in lab.lab_headers(step):
        name = re.compile(rf"{re.escape(wanted[:-4])}(?:[-_ ]?\(?(\d{{1,4}})\)?)?\.(?:hpp|hh|hxx|h)", re.I)
        best, rank = [], (False, -1)
        for place, size, read in all_files:
            platform = PLATFORM.fullmatch(place.name)
            match = name.fullmatch(platform["rest"] if platform else place.name)
            if not match or not own(place):
                continue
            if size > LARGEST:
                return {}, f"{readable(str(place))} has {size} bytes, and {LARGEST} is the most"
            # In the step's folder before any other place; then what was handed in last.
            this = (step.name in place.parts, int(match[1] or 0))
            if this > rank:
                best, rank = [], this
            if this == rank:
                best.append((place, read))
        contents = {read() for _, read in best}
        if len(contents) > 1:
            return {}, "handed in more than once: " + " and ".join(readable(str(place)) for place, _ in best)
        if best:
            taken[wanted] = contents.pop()
            beside = best[0][0].parent
            others = [(place.name, read) for place, size, read in all_files
                      if place.parent == beside and beside.name == step.name and place.suffix == ".hpp"
                      and size <= LARGEST and len(place.name) < 100]
            for other, read in others[:BESIDE]:
                if other not in taken:
                    taken[other] = read()
    lacks = [name for name in lab.lab_headers(step) if name not in taken]
    if lacks:
        there = [readable(str(place)) for place, _, _ in all_files]
        more = f" and {len(there) - 8} more" if len(there) > 8 else ""
        what = f"no {' and no '.join(lacks)}" if taken else "nothing"
        return {}, f"{what} handed in; there was: {', '.join(there[:8]) + more or 'nothing at all'}"
    return taken, None
