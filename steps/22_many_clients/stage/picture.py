"""The life of a connection, each of its ways tried on a server that runs."""

import socket
import subprocess
import tempfile
from pathlib import Path

from author.conversation import run
from author.pictures import BLUE, GREEN, GREY, ORANGE, RED, SOFT, Canvas
from shared.steps import BUILD, ROOT

GET = b"FOO1G" + bytes(11)


def tried():
    """What a client gets for a message in two pieces, and for one that is malformed."""
    with tempfile.TemporaryDirectory(prefix="suchfoo-picture-") as folder:
        foo = Path(folder) / "foo"
        run("05_primed_file", foo, "42", "98")
        server = subprocess.Popen([BUILD / "steps" / "22_many_clients", "serve",
                                   f"unix:{folder}/socket", foo], cwd=ROOT,
                                  stdout=subprocess.PIPE, text=True)
        try:
            server.stdout.readline()
            with socket.socket(socket.AF_UNIX) as client:
                client.settimeout(20)
                client.connect(f"{folder}/socket")
                client.sendall(GET[:5])
                client.sendall(GET[5:])
                answer = client.recv(16)
                client.sendall(b"x" * 16)
                error = client.recv(16)
                end = client.recv(1)
        finally:
            server.terminate()
            server.wait(20)
            server.stdout.close()
    return answer[4:5].decode(), error[4:5].decode(), end


def draw():
    answer, error, end = tried()
    assert (answer, error, end) == ("F", "E", b""), (answer, error, end)
    canvas = Canvas(660, 300)
    states = {"idle": (40, 60, GREEN, "30 s"), "receiving": (275, 60, BLUE, "5 s for all of it"),
              "answering": (510, 60, BLUE, "5 s"), "throwing away": (510, 200, ORANGE, "what is left of them")}
    for name, (x, y, colour, limit) in states.items():
        canvas.box(x, y, 120, 40, colour, name, size=11.5)
        canvas.text(x + 60, y + 54, limit, size=9.5, colour=SOFT)
    canvas.arrow((160, 72), (273, 72))
    canvas.text(217, 60, "first byte", size=10)
    canvas.arrow((395, 72), (508, 72))
    canvas.text(452, 60, "last byte", size=10)
    canvas.arrow((510, 92), (395, 92))
    canvas.arrow((275, 92), (160, 92))
    canvas.text(335, 142, f"the answer, {answer}, is out", size=10)
    canvas.arrow((570, 124), (570, 198))
    canvas.text(562, 160, f"it was an error, {error}", size=10, at="right")
    canvas.box(275, 200, 120, 40, RED, "closed", size=11.5)
    canvas.arrow((508, 220), (397, 220))
    canvas.text(452, 210, "its end", size=10)
    canvas.box(40, 200, 120, 40, GREY, "any of them", size=11.5)
    canvas.arrow((160, 220), (273, 220))
    canvas.text(217, 210, "too late", size=10)
    return canvas.svg(
        "The life of a connection. Idle, for 30 seconds at most; from its first byte on a message has 5 seconds; "
        f"when its last byte is there it is answered, {answer}, which has 5 seconds, and the connection is idle again. "
        f"After an error, {error}, what still comes is thrown away until the client ends. Whoever is too late "
        "is closed.")


PICTURES = {"states": draw}
