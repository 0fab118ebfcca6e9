"""A message as it was sent, and the machines that it goes between."""

import socket
import subprocess
import tempfile
from pathlib import Path

from author.conversation import conversation, run
from author.pictures import BLUE, GREEN, GREY, ORANGE, SOFT, Canvas
from shared.steps import BUILD

CELL = 37
PARTS = (("magic and version", 0, 4, GREY), ("kind", 4, 1, GREEN), ("zeros", 5, 3, "white"),
         ("bar", 8, 4, BLUE), ("baz", 12, 4, ORANGE))


def sent(*words):
    """The bytes that a client sends when its user gives it `words`."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(20)
        address = "127.0.0.1:%d" % listening.getsockname()[1]
        with subprocess.Popen([BUILD / "steps" / "08_socket", words[0], address, *words[1:]],
                              stderr=subprocess.DEVNULL) as client:
            connection, _ = listening.accept()
            with connection:
                connection.settimeout(20)
                message = connection.recv(16, socket.MSG_WAITALL)
            client.wait(20)
    return message


def draw_message():
    bar, baz = 31337, 98
    message = sent("push", str(bar), str(baz))
    canvas = Canvas(40 + CELL * len(message), 150)
    canvas.text(20, 26, f"push ADDRESS {bar} {baz} sends {len(message)} bytes", bold=True,
                at="left")
    for name, start, length, colour in PARTS:
        for offset in range(start, start + length):
            byte = message[offset]
            canvas.box(20 + CELL * offset, 70, CELL, 34, colour, f"{byte:02x}", mono=True,
                       size=12)
            canvas.text(20 + CELL * (offset + 0.5), 116, str(offset), size=9.5, colour=SOFT)
            if 0x20 < byte < 0x7f and name in ("magic and version", "kind"):
                canvas.text(20 + CELL * (offset + 0.5), 134, f"'{chr(byte)}'", size=10,
                            mono=True)
        canvas.text(20 + CELL * (start + length / 2), 56, name, size=11)
    return canvas.svg(
        f"The {len(message)} bytes of a message: {message.hex(' ')}. Bytes 0 to 3 are the "
        "magic and the version, byte 4 the kind, 5 to 7 zeros, 8 to 11 bar and 12 to 15 baz, "
        "the most significant byte first.")


def seen_everywhere():
    """What a session shows of a file after a client of its server has changed it."""
    with tempfile.TemporaryDirectory(prefix="suchfoo-picture-") as folder:
        path = Path(folder) / "suchfoo"
        run("05_primed_file", path, "42", "98")
        with conversation("06_two_processes", path) as session, \
                conversation("08_socket", "serve", "127.0.0.1:0", path) as server:
            address = server.process.stdout.readline().split()[-1]
            answer = run("08_socket", "push", address, "31337", "98").strip()
            assert session.ask("f") == answer
    return answer


def draw_machines():
    answer = seen_everywhere()
    canvas = Canvas(660, 300)
    canvas.frame(20, 20, 350, 260, "one machine")
    canvas.frame(460, 20, 180, 260, "another machine")
    canvas.box(40, 60, 140, 46, BLUE, "06_two_processes", size=11.5)
    canvas.box(210, 60, 140, 46, BLUE, "08_socket serve", size=11.5)
    canvas.box(90, 200, 210, 46, GREEN, answer, mono=True, size=13)
    canvas.text(195, 262, "/tmp/suchfoo: one page, two mappings", size=10.5, colour=SOFT)
    canvas.arrow((110, 106), (150, 198), both=True)
    canvas.arrow((280, 106), (240, 198), both=True)
    canvas.box(475, 60, 150, 46, ORANGE, "08_socket push", size=11.5)
    canvas.arrow((474, 74), (352, 74))
    canvas.arrow((352, 92), (474, 92))
    canvas.text(415, 122, "16 bytes there,", size=10.5, colour=SOFT)
    canvas.text(415, 138, "16 back", size=10.5, colour=SOFT)
    canvas.text(550, 190, "no shared memory", size=11, colour=SOFT)
    canvas.text(550, 206, "with the other one", size=11, colour=SOFT)
    return canvas.svg(f"On one machine a session and a server have the same page mapped, which "
                      f"holds {answer}. A client on another machine shares no memory with "
                      "them: it sends 16 bytes over a socket and gets 16 back.")


PICTURES = {"message": draw_message, "machines": draw_machines}
