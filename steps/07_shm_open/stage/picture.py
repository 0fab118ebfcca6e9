"""Two processes that meet in an object of /dev/shm, and the life of its name: each moment
as it was seen in a run."""

from pathlib import Path

from author.conversation import conversation, own_name, run
from author.meeting import meeting
from author.pictures import BLUE, GREEN, GREY, SOFT, Canvas

STEP = "07_shm_open"
SHOWN = "/dev/shm/suchfoo.demo"  # what the notes call the object


def draw_meeting():
    name = own_name("meeting")
    try:
        with conversation(STEP, f"/{name}") as one, conversation(STEP, f"/{name}") as two:
            two.tell("f.bar = 31337")
            assert two.ask("f") == one.ask("f") == "Foo(31337, 0)"
            lines = [each.ask("maps").replace(f"/dev/shm/{name}", SHOWN)
                     for each in (one, two)]
            bytes_ = one.ask("bytes(f)")
    finally:
        run(STEP, "--unlink", f"/{name}")
    return meeting(*lines, bytes_, "one page of /dev/shm",
                   f"Two processes that have mapped {SHOWN}")


class Life:
    """What is there of an object at each moment."""

    def __init__(self, name):
        self.path = Path("/dev/shm", name)
        self.moments = []

    def note(self, what, *processes):
        mapped = sum(str(self.path) in Path(f"/proc/{process.pid}/maps").read_text(encoding="utf-8")
                     for process in processes)
        self.moments.append((what, self.path.exists(), mapped))


def moments():
    name = own_name("life")
    life = Life(name)
    life.note("before")
    with conversation(STEP, f"/{name}") as one:
        one.ask("f")
        life.note("created", one)
        with conversation(STEP, f"/{name}") as two:
            two.ask("f")
            life.note("opened", one, two)
            run(STEP, "--unlink", f"/{name}")
            life.note("unlinked", one, two)
            two.tell("f.bar = 31337")
            assert two.ask("f") == one.ask("f") == "Foo(31337, 0)"
            two.end()
        life.note("one quits", one)
        one.end()
    life.note("both have")
    return life.moments


def draw_life():
    seen = moments()
    width, left = 88, 130
    canvas = Canvas(left + width * len(seen) + 20, 210)
    rows = (("name in /dev/shm", 50, BLUE, lambda there, _: "there" if there else ""),
            ("mapped by", 100, GREEN, lambda _, mapped: str(mapped) if mapped else ""),
            ("memory in use", 150, GREY, lambda there, mapped:
             "one page" if there or mapped else ""))
    for number, (what, *_) in enumerate(seen):
        canvas.text(left + width * (number + 0.5), 28, what, size=11.5, bold=True)
    for title, top, colour, words in rows:
        canvas.text(16, top + 17, title, size=11.5, at="left")
        for number, (_, there, mapped) in enumerate(seen):
            text = words(there, mapped)
            canvas.box(left + width * number + 3, top, width - 6, 34,
                       colour if text else "white", text or "-", size=11.5,
                       colour="#1b1f24" if text else SOFT)
    told = [f"{what}: the name is {'there' if there else 'not there'}, "
            f"{mapped} process{' has' if mapped == 1 else 'es have'} it mapped" for what, there, mapped in seen]
    return canvas.svg("The life of a name, moment by moment. " + "; ".join(told) + ".")


PICTURES = {"meeting": draw_meeting, "life": draw_life}
