"""Plays step 16: a stream, a receiver that is killed, and one that goes on."""

PROGRAM = "build/steps/16_ring_buffer /suchfoo.demo"


def drive(d):
    if not d.has_shm():
        return
    d.say("a stream of messages")
    d.shell(f"{PROGRAM} receive & {PROGRAM} send 1000000; wait",
            says=["sent 1000000, up to 1000000", "received 1000000, up to 1000000"],
            varies="sent 1000000, up to 1000000\nreceived 1000000, up to 1000000", outcome=True)
    d.say("what is sent stays until somebody receives it")
    d.shell(f"{PROGRAM} send 1000", says="sent 1000, up to 1001000")
    d.shell(f"{PROGRAM} receive", says="received 1000, up to 1001000")
    d.say("a receiver that is killed")
    d.shell(f"sh -c '{PROGRAM} receive & sleep 0.3; kill -9 $!; wait $!'", status=137, says="")
    d.shell(f"{PROGRAM} send 5000", status=1, says="the receiver died after 1001000")
    d.say("a new one goes on")
    d.shell(f"{PROGRAM} receive", status=1, says="no sender in 2000 ms")
    d.shell("rm /dev/shm/suchfoo.demo")
