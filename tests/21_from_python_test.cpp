// Tests of 21_from_python: the module in the distribution's Python, and what Python has
// besides.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "03_missing_file/foo_from_mmap.hpp"
#include "07_shm_open/new_object.hpp"
#include "tests/stepper.hpp"

namespace {

const std::string module = program_path("21_from_python");
const std::string shares_file = program_path("06_two_processes");
const std::string shares_object = program_path("07_shm_open");

/// A folder in which Python finds the module by its name.
struct with_module : temporary_directory {
    with_module() { std::filesystem::create_symlink(module, *this / "suchfoo.so"); }
    /// Runs `script`; it finds `path` in sys.argv[1].
    ended python(const std::string& script, const std::string& argument = "",
                 const std::vector<std::string>& options = {}) const {
        std::vector<std::string> words{"env", "PYTHONPATH=" + path(),
                                       "PYTHONDONTWRITEBYTECODE=1",
                                       tool_path("/usr/bin/python3")};
        words.insert(words.end(), options.begin(), options.end());
        words.insert(
            words.end(),
            {"-c", "import os, sys\nfrom suchfoo import *\n" + script, argument});
        return run(words);
    }
    /// The exception that `expression` raises, "ValueError: why"; or its value.
    std::string value_of(const std::string& expression,
                         const std::string& argument = "") const {
        const ended result =
            python("try: print(" + expression +
                       ")\n"
                       "except Exception as e: print(type(e).__name__ + ':', e)",
                   argument);
        return result.how == "exit status 0"
                   ? result.out.substr(0, result.out.size() - 1)
                   : result.how;
    }
};

/// What is in a file of eight bytes between any two instructions of a Python process
/// that carries out `operation` on it: m is the mapping, all ones at first.
std::set<std::string> seen_during(const std::string& operation) {
    const temporary_directory directory;
    const std::string path = directory / "foo";
    write_file(path, std::string(8, '\1'));
    const std::string script =
        "import ctypes, mmap, os, signal, struct\n"
        "m = mmap.mmap(os.open('" +
        path +
        "', os.O_RDWR), 8)\n"
        "class CFoo(ctypes.Structure):\n"
        "    _fields_ = [('bar', ctypes.c_int32), ('baz', ctypes.c_int32)]\n"
        "f, words = CFoo.from_buffer(m), memoryview(m).cast('q')\n"
        "two = b'\\2' * 8\n"
        "def go():\n    " +
        operation +
        "\n"
        "go(); m[0:8] = b'\\1' * 8\n"  // what is done once is done before
        "stop = lambda: os.kill(os.getpid(), signal.SIGSTOP)\n"
        "stop(); go(); stop()\n";
    std::fflush(nullptr);
    const pid_t pid = check(::fork(), "fork");
    if (pid == 0) {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        ::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr);
        ::execl("/usr/bin/python3", "python3", "-Ic", script.c_str(), nullptr);
        ::_exit(1);
    }
    int status = 0;
    const auto wait = [&] { check(::waitpid(pid, &status, 0), "waitpid"); };
    const auto go_on = [&](__ptrace_request how) {
        check(::ptrace(how, pid, nullptr, nullptr), "ptrace");
        wait();
    };
    wait();
    while (WIFSTOPPED(status) && WSTOPSIG(status) != SIGSTOP) go_on(PTRACE_CONT);
    REQUIRE(WIFSTOPPED(status));
    const mapped<foo> memory = map_shared<foo>(
        unique_fd(check(::open(path.c_str(), O_RDWR | O_CLOEXEC), "open")).get(), path);
    std::set<std::string> seen;
    for (int steps = 0; steps < 1'000'000; ++steps) {
        go_on(PTRACE_SINGLESTEP);
        if (!WIFSTOPPED(status) || WSTOPSIG(status) == SIGSTOP) break;
        const volatile foo& now = *memory;
        seen.insert(foo_text(foo{now.bar, now.baz}));
    }
    ::kill(pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
    return seen;
}

const std::string ones = "Foo(16843009, 16843009)", twos = "Foo(33686018, 33686018)";

}  // namespace

TEST_SUITE("lab") {
    // Weighs 3.
    TEST_CASE("program: the session of the post") {
        const with_module here;
        const std::string path = here / "foo";
        CHECK(here.value_of("foo_from_mmap(sys.argv[1])", path) ==
              "FileNotFoundError: [Errno 2] No such file or directory: '" + path + "'");
        write_file(path, "");
        CHECK(here.value_of("foo_from_mmap(sys.argv[1])", path) ==
              "ValueError: \"" + path + "\" has 0 bytes, not the 8 of a foo");
        any_foo f;
        CHECK(here.python("open(sys.argv[1], 'wb').write(" + foo_text(f) + ".as_bytes)",
                          path)
                  .how == "exit status 0");
        child other({shares_file, path});
        other.write("f\n");
        CHECK(other.read_line() == foo_text(f));
        const std::string before = foo_text(f);
        f.bar = drawn();
        const ended session =
            here.python("f = foo_from_mmap(sys.argv[1]); print(f); f.bar = " +
                            std::to_string(f.bar) + "; print(f, len(f))",
                        path);
        CHECK(session.out == before + "\n" + foo_text(f) + " 8\n");
        other.write("f\n");
        CHECK(other.read_line() == foo_text(f));
        f.baz = drawn();
        other.write("f.baz = " + std::to_string(f.baz) + "\n");
        CHECK(other.wait().how == "exit status 0");
        CHECK(here.value_of("foo_from_mmap(sys.argv[1])", path) == foo_text(f));
    }

    TEST_CASE("program: errors of the system are those of Python") {
        const with_module here;
        const std::string path = here / "foo";
        const ended result = here.python(
            "try: foo_from_mmap(sys.argv[1])\n"
            "except OSError as e: print(e.errno, e.filename == sys.argv[1])\n"
            "import pathlib\n"
            "try: foo_from_mmap(pathlib.Path(sys.argv[1]))\n"
            "except FileNotFoundError as e: print(e.filename)\n",
            path);
        CHECK(result.out == "2 True\n" + path + "\n");
        CHECK(here.value_of("foo_from_mmap(sys.argv[1])", here.path()) ==
              "ValueError: \"" + here.path() + "\" is not a regular file");
        CHECK(here.value_of("foo_from_mmap('a\\0b')") ==
              "ValueError: embedded null byte");
        CHECK(here.value_of("foo_from_mmap(3)").starts_with("TypeError: "));
        CHECK(
            here.value_of("foo_from_shm('a/b')").starts_with("ValueError: the name "));
        const ended no_room = here.python(
            "import resource\n"
            "open(sys.argv[1], 'wb').write(bytes(8))\n"
            "resource.setrlimit(resource.RLIMIT_NOFILE, (3, 3))\n"
            "try: foo_from_mmap(sys.argv[1])\n"
            "except OSError as e: print(e.strerror)",
            path);
        CHECK(no_room.out == "Too many open files\n");
    }

    TEST_CASE("program: what is no int of 32 bits is refused and changes nothing") {
        const with_module here;
        const std::string foo = foo_text(any_foo{});
        const ended result = here.python(
            "f = " + foo +
            "\n"
            "for value in (2**31, -2**31 - 1, 2**63, 2**64 + 5, 1.5, 'x', None):\n"
            "    try: f.bar = value\n"
            "    except Exception as e: print(type(e).__name__, f)\n"
            "f.bar, f.baz = -2**31, 2**31 - 1\n"
            "print(f)\n");
        std::string expected;
        for (int i = 0; i < 4; ++i) expected += "OverflowError " + foo + "\n";
        for (int i = 0; i < 3; ++i) expected += "TypeError " + foo + "\n";
        CHECK(result.out == expected + "Foo(-2147483648, 2147483647)\n");
        CHECK(here.value_of("Foo(0, 2**31)").starts_with("OverflowError: "));
    }

    TEST_CASE("program: bytes are copied out and in") {
        const with_module here;
        CHECK(here.value_of("Foo(1, 2).as_bytes") ==
              "b'\\x01\\x00\\x00\\x00\\x02\\x00\\x00\\x00'");
        const std::string foo = foo_text(any_foo{});
        CHECK(here.value_of("Foo.from_bytes(" + foo + ".as_bytes)") == foo);
        for (const std::string wrong : {"b''", "bytes(7)", "bytes(9)"}) {
            CHECK(here.value_of("Foo.from_bytes(" + wrong + ")")
                      .starts_with("ValueError: from_bytes: got "));
        }
        CHECK(here.value_of("Foo.from_bytes('12345678')").starts_with("TypeError: "));
        const ended result = here.python(
            "f = Foo(1, 2); before = f.as_bytes; g = Foo.from_bytes(before)\n"
            "f.bar = 3; print(before[0], g)\n");
        CHECK(result.out == "1 Foo(1, 2)\n");
    }

    TEST_CASE("program: a view is where the ints are and keeps them there") {
        const with_module here;
        const std::string path = here / "foo";
        const int bar = drawn();
        write_file(path, foo_bytes(bar, 98));
        const ended result = here.python(
            "import gc\n"
            "def mapped(): gc.collect(); return any(sys.argv[1] in l for l in "
            "open('/proc/self/maps'))\n"
            "f = foo_from_mmap(sys.argv[1]); v = memoryview(f)\n"
            "print(v.tolist(), v.format, v.readonly)\n"
            "f.baz = 7; v[0] = 5; print(f, v.tolist())\n"
            "del f; print(v.tolist(), mapped())\n"
            "v.release(); print(mapped())\n",
            path);
        CHECK(result.out ==
              "[" + std::to_string(bar) +
                  ", 98] i False\nFoo(5, 7) [5, 7]\n[5, 7] True\nFalse\n");
        CHECK(read_file(path) == foo_bytes(5, 7));
    }

    TEST_CASE("program: while one thread waits the others run") {
        if (!has_shm()) return;
        const with_module here;
        const own_name object("python");
        // The object is empty: who opens it waits until it has a size, and the other
        // thread gives it one.
        const ended result = here.python(
            "import threading\n"
            "path = '/dev/shm' + sys.argv[1]\n"
            "fd = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)\n"
            "seen = []\n"
            "t = threading.Thread(target=lambda: "
            "seen.append(foo_from_shm(sys.argv[1])))\n"
            "t.start(); os.truncate(path, 8); t.join()\n"
            "print(seen)\n",
            object.name);
        CHECK(result.out == "[Foo(0, 0)]\n");
    }
}

TEST_CASE("program: an object is shared with the session of step 07") {
    if (!has_shm()) return;
    const with_module here;
    const own_name object("python");
    child other({shares_object, object.name});
    other.write("f.bar = 31337\nf\n");
    CHECK(other.read_line() == "Foo(31337, 0)");
    CHECK(here.python("f = foo_from_shm(sys.argv[1]); f.baz = 98; print(f)",
                      object.name.substr(1))
              .out == "Foo(31337, 98)\n");
    other.write("f\n");
    CHECK(other.read_line() == "Foo(31337, 98)");
}

TEST_CASE("program: the four ways see what the sessions see") {
    if (!has_shm()) return;
    const with_module here;
    const own_name object("python");
    const std::string path = here / "foo";
    const std::string script =
        std::filesystem::path(__FILE__).parent_path().parent_path() / "steps" /
        "21_from_python" / "four_ways.py";
    const bool numpy =
        run({"/usr/bin/python3", "-c", "import numpy"}).how == "exit status 0";
    if (!numpy) skip("NumPy is not installed: sh common/setup.sh extras");
    child file({shares_file, (write_file(path, foo_bytes(42, 98)), path)});
    child shm({shares_object, object.name});
    int bar = 0;
    for (const std::string way : {"struct", "ctypes", "numpy", "shared_memory"}) {
        CAPTURE(way);
        if (way == "numpy" && !numpy) continue;
        child& other = way == "shared_memory" ? shm : file;
        const std::string where = way == "shared_memory" ? object.name.substr(1) : path;
        other.write("f.baz = 98\nf.baz\n");
        CHECK(other.read_line() == "98");
        const std::string foo = "Foo(" + std::to_string(++bar) + ", 98)\n";
        CHECK(run({"/usr/bin/python3", script, way, where, std::to_string(bar)}).out ==
              foo);
        other.write("f\n");
        CHECK(other.read_line() + "\n" == foo);
    }
    CHECK(run({"/usr/bin/python3", script, "struct", path + ".none"})
              .err.find("No such file") != std::string::npos);
}

TEST_CASE("dying: the bus error on request") {
    const with_module here;
    const std::string path = here / "foo";
    write_file(path, "");
    const std::string script =
        "f = foo_from_mmap(sys.argv[1], check=False)\nprint(f)\n";
    CHECK(here.python(script, path).how == "killed by SIGBUS");
    const ended told = here.python(script, path, {"-X", "faulthandler"});
    CHECK(told.how == "killed by SIGBUS");
    CHECK(told.err.starts_with("Fatal Python error: Bus error\n"));
    CHECK(told.err.find("line 4 in <module>") != std::string::npos);
}

TEST_CASE("program: nothing leaks") {
    const with_module here;
    const std::string path = here / "foo";
    write_file(path, foo_bytes(42, 98));
    const ended result = here.python(
        "def have(): return len(os.listdir('/proc/self/fd')), "
        "open('/proc/self/maps').read().count('foo\\n')\n"
        "before = have()\n"
        "for i in range(100):\n"
        "    foo_from_mmap(sys.argv[1])\n"
        "    try: foo_from_mmap(sys.argv[1] + '.none')\n"
        "    except OSError: pass\n"
        "print(have() == before)\n",
        path);
    CHECK(result.out == "True\n");
}

TEST_CASE("program: help and stubs name the same things") {
    const with_module here;
    const std::string names = here.value_of(
        "sorted(n for n in dir(__import__('suchfoo')) if not n.startswith('_'))");
    CHECK(names == "['Foo', 'foo_from_mmap', 'foo_from_shm']");
    const auto stub = std::filesystem::path(__FILE__).parent_path().parent_path() /
                      "steps" / "21_from_python" / "suchfoo.pyi";
    const ended both = here.python(
        "import ast, suchfoo\n"
        "tree = ast.parse(open(sys.argv[1]).read())\n"
        "def told(body): return {d.name for d in body if hasattr(d, 'name')} | "
        "{d.target.id for d in body if isinstance(d, ast.AnnAssign)}\n"
        "foo = next(d for d in tree.body if isinstance(d, ast.ClassDef))\n"
        "print(told(tree.body) - set(dir(suchfoo)), told(foo.body) - set(dir(Foo)) - "
        "{'__buffer__'})\n"
        "print(all(n in told(foo.body) for n in dir(Foo) if not n.startswith('_')))\n"
        "print(ast.get_docstring(tree) == suchfoo.__doc__, "
        "bool(foo_from_shm.__doc__))\n",
        stub);
    CHECK(both.out == "set() set()\nTrue\nTrue True\n");
}

TEST_CASE("fact: which way of writing is one change") {
    if (!may_step()) return;
    const std::set<std::string> at_once{ones, twos};
    CHECK(seen_during("words[0] = int.from_bytes(two, 'little')") == at_once);
    CHECK(seen_during("m[0:8] = two") == at_once);
    CHECK(seen_during("f.bar = 33686018; f.baz = 33686018") ==
          std::set<std::string>{ones, "Foo(33686018, 16843009)", twos});
    // struct.pack_into writes zeros first.
    CHECK(seen_during("struct.pack_into('=ii', m, 0, 33686018, 33686018)")
              .contains("Foo(0, 0)"));
}

TEST_CASE("fact: the resource tracker unlinks what it does not own") {
    if (!has_shm()) return;
    const own_name object("python");
    const auto attach = [&](const std::string& how) {
        const unique_fd fd(
            check(::shm_open(object.name.c_str(), O_RDWR | O_CREAT, 0600), "shm_open"));
        reserve(fd.get(), 8, object.name);
        // The tracker outlives the process that started it, by a moment.
        const ended result =
            run({"sh", "-c",
                 "\"$@\" || exit 2; for i in $(seq 50); do "
                 "test -e \"$0\" || exit 0; sleep 0.01; done; exit 1",
                 object.path, "/usr/bin/python3", "-c",
                 "import sys\nfrom unittest import mock\n"
                 "from multiprocessing import resource_tracker, shared_memory\n"
                 "name = sys.argv[1]\n" +
                     how + "\nm.close()",
                 object.name.substr(1)});
        return result.how == "exit status 0"   ? "gone"
               : result.how == "exit status 1" ? "there"
                                               : result.err;
    };
    if (run({"/usr/bin/python3", "-c",
             "import sys; sys.exit(sys.version_info >= (3, 13))"})
            .how == "exit status 0") {
        CHECK(attach("m = shared_memory.SharedMemory(name)") == "gone");
    }
    CHECK(attach("with mock.patch.object(resource_tracker, 'register'):\n"
                 "    m = shared_memory.SharedMemory(name)") == "there");
}

TEST_CASE("fact: fork shares a mapped Foo and spawn wants the path") {
    const with_module here;
    const std::string path = here / "foo";
    write_file(path, foo_bytes(42, 98));
    write_file(
        here / "forks.py",
        "import multiprocessing, sys, suchfoo\n"
        "def change(f): f.bar = 31337\n"
        "def again(path): suchfoo.foo_from_mmap(path).baz = -1\n"
        "if __name__ == '__main__':\n"
        "    f, own = suchfoo.foo_from_mmap(sys.argv[1]), suchfoo.Foo(1, 2)\n"
        "    fork, spawn = map(multiprocessing.get_context, ('fork', 'spawn'))\n"
        "    for one in f, own:\n"
        "        p = fork.Process(target=change, args=(one,)); p.start(); p.join()\n"
        "    print(f, own)\n"
        "    try: spawn.Process(target=change, args=(f,)).start()\n"
        "    except TypeError as e: print(e)\n"
        "    p = spawn.Process(target=again, args=(sys.argv[1],)); p.start(); "
        "p.join()\n"
        "    print(f)\n");
    const ended result = run({"env", "PYTHONPATH=" + here.path(), "/usr/bin/python3",
                              here / "forks.py", path});
    CHECK(result.out ==
          "Foo(31337, 98) Foo(1, 2)\ncannot pickle 'suchfoo.Foo' object\n"
          "Foo(31337, -1)\n");
}

TEST_CASE("fact: two bugs of the post as Python sees them") {
    const with_module here;
    CHECK(here.value_of("open(sys.argv[1], 'ra+b')", here / "x") ==
          "ValueError: must have exactly one of create/read/write/append mode");
    CHECK(here.value_of("len(str(Foo(42, 98).as_bytes))") == "29");
}
