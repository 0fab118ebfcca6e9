"""Plays step 08: the post's way across machines, then a server and its clients, one at a
time."""

PROGRAM = "build/steps/08_socket"
AS_BYTES = r"printf '\151\172\0\0\142\0\0\0'"


def drive(d):
    d.say("eight bytes on a machine of the other byte order")
    d.shell(AS_BYTES + " | python3 -c 'import struct, sys; "
            'print(struct.unpack(">ii", sys.stdin.buffer.read()))\'',
            says="(1769603072, 1644167168)")

    d.say("a server on one machine")
    d.shell("build/steps/05_primed_file /tmp/suchfoo 42 98", says="Foo(42, 98)")
    server = d.server(f"{PROGRAM} serve 127.0.0.1:0 /tmp/suchfoo", terminal=1)
    session = d.session("build/steps/06_two_processes /tmp/suchfoo", terminal=2)
    session.type("f", says="Foo(42, 98)")

    d.say("a client, as on another machine")
    address = server.says.split()[-1]
    port = address.split(":")[-1]
    d.at(3)
    d.shell(f"{PROGRAM} pull {address}", says="Foo(42, 98)")
    d.shell(f"{PROGRAM} push {address} 31337 98", says="Foo(31337, 98)", outcome=True)
    session.type("f", says="Foo(31337, 98)")
    session.type("f.baz = -1", says="")
    d.at(3)
    d.shell(f"{PROGRAM} pull {address}", says="Foo(31337, -1)")

    d.say("somebody who speaks another language")
    d.shell(f"printf 'GET / HTTP/1.1\\r\\n\\r\\n' | python3 -c 'import socket, sys; "
            f's = socket.create_connection(("127.0.0.1", {port})); '
            "s.sendall(sys.stdin.buffer.read()); print(s.recv(16))'", says="FOO1E")

    d.say("a client waits while another one has the server")
    d.shell("python3 -c 'import socket, time; "
            f's = socket.create_connection(("127.0.0.1", {port})); '
            'print("the first is there", flush=True); time.sleep(0.5); '
            'print("the first leaves", flush=True); time.sleep(0.5)\' | '
            f"{{ read line; echo $line; {PROGRAM} pull {address} & cat; wait; }}",
            says="the first is there\nthe first leaves\nFoo(31337, -1)")

    d.say("the end")
    session.quit()
    server.interrupt(status=-2)
    d.at(3)
    d.shell(f"{PROGRAM} pull {address}", status=1, says="Connection refused")
    d.shell("rm /tmp/suchfoo")
