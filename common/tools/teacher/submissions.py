"""Finds what students handed in, in the shape in which a learning platform or a person brings it:
folders, nested or flat, archives, whole clones."""

import io
import os
import re
import zipfile
import zlib
from functools import partial
from itertools import chain, islice
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
        shape = platform or path.is_dir() or path.suffix.lower() == ".zip"
        if path.is_symlink() or not own(path.relative_to(folder)) or not shape:
            odd.append(f"{readable(path.name)} is passed over: hidden, a link, or neither a folder nor a zip")
            continue
        plain = (path.name, "") if path.is_dir() else (path.stem, "zip")
        who = (platform["who"], platform["id"]) if platform else plain
        found.setdefault(who, []).append(path)
    names = [name for name, _ in found]
    told_apart = {}
    for (name, more), paths in found.items():
        name = name if names.count(name) == 1 else f"{name} {more}".strip()
        told_apart[name + " again" * (name in told_apart)] = paths
    return told_apart, odd


def files(path):
    """(where it is, how to open it) of each file in a folder or a zip; no link is followed."""
    for file in path.rglob("*") if path.is_dir() else [path]:
        if file.is_symlink() or not file.is_file():
            continue
        if file.suffix.lower() == ".zip":
            yield from in_archive(file)
        else:
            yield PurePosixPath(file.relative_to(path) if file != path else path.name), partial(file.open, "rb")


def in_archive(path):
    try:
        archive = zipfile.ZipFile(path)
        for entry in archive.infolist():
            place = entry.filename.replace("\\", "/")  # as some tools of Windows write them
            usual = entry.compress_type in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
            if entry.external_attr >> 28 == 0o12 or not usual:
                yield PurePosixPath(f"{place} (a link, or in a rare compression)"), io.BytesIO
            elif not entry.is_dir():
                yield PurePosixPath(place), partial(archive.open, entry)
    except BROKEN as error:
        yield PurePosixPath(f"{path.name} cannot be read: {error}"), io.BytesIO


def read(place, opener):
    with opener() as file:  # which may be longer than an archive says
        content = file.read(LARGEST + 1)
    if len(content) > LARGEST:
        raise ValueError(f"{readable(str(place))} has more than {LARGEST} bytes")
    return content


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
    found = sorted(islice(chain.from_iterable(map(files, paths)), MOST + 1), key=lambda file: file[0])
    if len(found) > MOST:
        return {}, f"more than {MOST} files"
    taken, beside = {}, {}
    for wanted in lab.lab_headers(step):
        name = re.compile(rf"{re.escape(wanted[:-4])}(?:[-_ ]?\(?(\d{{1,4}})\)?)?\.(?:hpp|hh|hxx|h)", re.I)
        ranked = {}
        for place, opener in found:
            platform = PLATFORM.fullmatch(place.name)
            match = name.fullmatch(platform["rest"] if platform else place.name)
            if match and own(place):  # in the step's folder before any other place; then what came last
                ranked.setdefault((step.name in place.parts, int(match[1] or 0)), []).append((place, opener))
        best = ranked[max(ranked)] if ranked else []
        for file in best:
            taken.setdefault(wanted, read(*file))
            if taken[wanted] != read(*file):
                return {}, "handed in more than once: " + " and ".join(readable(str(place)) for place, _ in best[:8])
        if best:
            folder = best[0][0].parent
            others = [(place, opener) for place, opener in found if place.parent == folder
                      and folder.name == step.name and place.suffix == ".hpp" and len(place.name) < 100]
            beside |= {place.name: read(place, opener) for place, opener in others[:BESIDE]}
    if lacks := [name for name in lab.lab_headers(step) if name not in taken]:
        there = [readable(str(place)) for place, _ in found]
        more = f" and {len(there) - 8} more" if len(there) > 8 else ""
        what = f"no {' and no '.join(lacks)}" if taken else "nothing"
        return {}, f"{what} handed in; there was: {', '.join(there[:8]) + more or 'nothing at all'}"
    return beside | taken, None
