"""Plays step 22: a server that waits for nobody."""

PROGRAM = "build/steps/22_many_clients"
CLIENT = "build/steps/08_socket"


def drive(d):
    d.say("a server")
    d.shell("build/steps/05_primed_file /tmp/suchfoo 42 98", says="Foo(42, 98)")
    server = d.server(f"{PROGRAM} serve 127.0.0.1:0 /tmp/suchfoo", terminal=1)
    address = server.says.split()[-1]
    port = address.split(":")[-1]

    d.say("a hundred clients that say half a message, and one that is in its right mind")
    d.at(2)
    d.shell("python3 -c 'import socket, subprocess; "
            f's = [socket.create_connection(("127.0.0.1", {port})) for _ in range(100)]; '
            '[c.sendall(b"FOO1G") for c in s]; '
            f'subprocess.run(["{CLIENT}", "push", "{address}", "31337", "98"])\'',
            says="Foo(31337, 98)", outcome=True)

    d.say("the end")
    server.interrupt()
    d.at(2)
    d.shell(f"{CLIENT} pull {address}", status=1, says="Connection refused")
    d.shell("rm /tmp/suchfoo")
