"""What is measured: every transport in its class, where it runs, and how much of it."""

from dataclasses import dataclass

HERE = "steps/24_choosing"
BULK_BYTES = [64 * 16 ** n for n in range(6)]  # 64 B to 64 MiB


@dataclass(frozen=True)
class Item:
    name: str  # unique: "pipe, together"
    group: str  # "spinning", "polling", "blocking", "idle", "streaming", "reading", "bulk"
    transport: str
    program: str = "24_choosing"
    placement: str = "apart"  # "apart" and "together": pinned; "unpinned"
    samples: int = 800
    batch: int = 100  # round trips in a sample, where the clock would cost too much
    bytes: int = 8
    weight: int = 1  # how often in a round
    peer: bool = False  # not ours: what `sh common/setup.sh bench` installs, or Python

    @property
    def in_short(self):
        """Whether the short form measures it too."""
        return (not self.peer and self.placement == "apart" and self.transport != "bare"
                and (self.group != "bulk" or self.bytes == BULK_BYTES[-1])
                and (self.group != "idle" or self.transport == "idle-spin-then-sleep"))


def spinning():
    # As many round trips as the others make, and the clock is read less often.
    yield Item("bare", "spinning", "bare", samples=80, batch=1000, weight=3)
    for transport in ("threads", "file", "shm_open", "memfd", "ring", "spin-then-sleep"):
        yield Item(transport, "spinning", transport, weight=3)
    yield Item("python-shared-memory", "spinning", "python-shared-memory",
               "python_sides.py", samples=400, peer=True)


def polling():
    for transport, program in (
            ("pipe-polled", "24_choosing"), ("unix-polled", "24_choosing"),
            ("tcp-polled", "24_choosing"), ("boost-queue-polled", "24_boost"),
            ("iceoryx-polled", "24_iceoryx")):
        yield Item(transport, "polling", transport, program, samples=800, batch=5,
                   weight=2, peer=program != "24_choosing")


def blocking():
    for transport, program in (
            *((name, "24_choosing") for name in ("futex", "semaphore", "eventfd", "pipe",
                                                 "unix", "tcp", "posix-queue")),
            ("boost-queue", "24_boost"), ("zeromq", "24_zeromq"),
            ("python-pipe", "python_sides.py"), ("python-manager", "python_sides.py")):
        for placement in ("apart", "together", "unpinned"):
            yield Item(f"{transport}, {placement}", "blocking", transport, program,
                       placement, samples=150, batch=1, peer=program != "24_choosing")


IDLE_MS = 100


def idle():
    for transport in ("idle-shm_open", "idle-spin-then-sleep", "idle-futex"):
        yield Item(transport, "idle", transport, samples=1, batch=1, bytes=64 * IDLE_MS)


def streaming():
    for transport in ("stream-ring", "stream-ring-batches", "stream-plain", "stream-spsc",
                      "stream-ring-8", "stream-spsc-8"):
        spsc = "spsc" in transport
        yield Item(transport, "streaming", transport, "24_boost" if spsc else "24_choosing",
                   samples=100, batch=2000, weight=2, peer=spsc)


def reading():
    for transport in ("atomic", "seqlock", "mutex"):
        for writer in ("quiet", "written"):
            yield Item(f"{transport}-{writer}", "reading", f"{transport}-{writer}", samples=100,
                       batch=2000, weight=2)


def bulk():
    for transport in ("memcpy", "bulk-in-place", "bulk-copied", "bulk-pipe", "bulk-unix",
                      "bulk-tcp", "bulk-vm-readv"):
        for size in BULK_BYTES:
            yield Item(f"{transport}, {size}", "bulk", transport, bytes=size,
                       samples=max(5, min(100, 2 ** 24 // size)),
                       batch=20 if size <= 2 ** 14 else 1)


ITEMS = [*spinning(), *polling(), *blocking(), *idle(), *streaming(), *reading(), *bulk()]
