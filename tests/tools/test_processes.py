"""Interrupted at the worst moment, a tool leaves nothing."""

import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
import unittest
from unittest import mock

import tool
from shared import driver, processes


class Signals(unittest.TestCase):
    def test_a_signal_without_a_name_is_no_traceback(self):
        self.assertEqual(processes.signal_name(9), "SIGKILL")
        status, _ = processes.run_limited(["sh", "-c", f"kill -{signal.SIGRTMIN + 1} $$"], 10)
        self.assertEqual(driver.describe_status(status), f"dies of signal {signal.SIGRTMIN + 1}")


TOOL = """
import os, signal, sys
sys.path.insert(0, "common/tools")
from shared import processes
signal.signal(signal.SIGINT, signal.SIG_IGN)  # a shell's background job
processes.end_on_signals()
processes.no_core_files()
os.umask(0o077)
print(processes.run_limited(["sh", "-c", "umask; ulimit -c; kill -INT $$"], 10), flush=True)
os.kill(os.getpid(), signal.SIGINT)
print("goes on", flush=True)
signal.signal(signal.SIGINT, signal.SIG_DFL)
processes.end_on_signals()
try:
    os.kill(os.getpid(), signal.SIGINT)
except KeyboardInterrupt:
    print("ends")
"""


class Started(unittest.TestCase):
    def test_whom_a_tool_starts_has_what_it_has_at_a_terminal(self):
        result = tool.run(sys.executable, "-c", TOOL)
        self.assertEqual(result.stdout, "(-2, '0022\\n0\\n')\ngoes on\nends\n", result.stderr)


class Names(unittest.TestCase):
    def test_what_a_test_that_is_killed_has_in_dev_shm_is_gone_and_no_other(self):
        if not os.access("/dev/shm", os.W_OK | os.X_OK):
            self.skipTest("there is no /dev/shm here, or not for us")
        with tempfile.NamedTemporaryFile(prefix=f"suchfoo.{os.getpid()}.", dir="/dev/shm") as other:
            status, printed = processes.run_limited(
                ["sh", "-c", "echo $$; > /dev/shm/suchfoo.$$.test; ls /dev/shm; kill -KILL $$"], 60)
            self.assertEqual(status, -signal.SIGKILL)
            left = f"suchfoo.{printed.split()[0]}.test"
            self.assertIn(left, printed)
            self.assertFalse(os.path.exists(f"/dev/shm/{left}"))
            self.assertTrue(os.path.exists(other.name))


class Interrupted(unittest.TestCase):
    def setUp(self):
        for number in processes.ENDING:
            self.addCleanup(signal.signal, number, signal.getsignal(number))
        processes.end_on_signals()
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = temporary.name
        # As at the start of a program: Python does not know yet where it may write.
        self.enterContext_(mock.patch.object(tempfile, "tempdir", None))
        self.enterContext_(mock.patch.dict(os.environ, {"TMPDIR": self.folder}))
        self.addCleanup(setattr, processes, "_stopping", False)

    def enterContext_(self, context):  # TestCase has it from Python 3.11 on
        context.__enter__()
        self.addCleanup(context.__exit__, None, None, None)

    def interrupting(self, call):
        """`call`, after which a Ctrl-C comes before anybody has seen its result."""
        def then_interrupted(*words, **more):
            result = call(*words, **more)
            if str(words[0]).startswith(self.folder):
                os.kill(os.getpid(), signal.SIGINT)
            return result
        return then_interrupted

    def interrupted_in(self, function):
        """Interrupts `function` after each of its calls that makes a file or a folder."""
        for name in ("open", "mkdir"):
            tempfile.tempdir = None
            with self.subTest(call=name), \
                    mock.patch.object(os, name, self.interrupting(getattr(os, name))):
                with self.assertRaises(KeyboardInterrupt):
                    function()
            self.assertEqual(os.listdir(self.folder), [])

    def test_while_a_folder_is_made(self):
        def use():
            with processes.temporary_folder("suchfoo-test-"):
                time.sleep(60)  # never: the signal comes before
        self.interrupted_in(use)

    def test_while_a_driver_begins(self):
        self.interrupted_in(lambda: driver.play(lambda d: time.sleep(60)))

    def test_while_a_program_starts(self):
        started = []
        real = processes.subprocess.Popen

        def then_interrupted(*words, **more):
            started.append(real(*words, **more))
            os.kill(os.getpid(), signal.SIGINT)
            return started[0]
        with mock.patch.object(processes.subprocess, "Popen", then_interrupted):
            with self.assertRaises(KeyboardInterrupt):
                processes.run_limited(["sleep", "60"], 60)
        self.assertEqual(processes._running, set())
        with started[0] as process:
            self.assertEqual(process.wait(10), -signal.SIGKILL)

    def test_of_a_program_that_starts_others_nothing_is_left(self):
        # One after the other, each in a group of its own, as tests start programs: whoever
        # looks once misses the newest.
        text = ("import os, signal\nwhile True:\n if os.fork() == 0:\n"
                "  os.setpgid(0, 0); signal.pause()")
        process = subprocess.Popen([sys.executable, "-c", text], start_new_session=True)
        time.sleep(0.1)
        processes.kill_session(process.pid)
        process.wait(20)
        self.assertEqual(processes.groups(process.pid), set())

    def test_by_a_signal_that_another_thread_gets(self):
        # The mask of the main thread does not hold it.
        waiting = threading.Event()
        other = threading.Thread(target=waiting.wait)
        other.start()
        self.addCleanup(other.join)
        self.addCleanup(waiting.set)
        reached = False
        with self.assertRaises(KeyboardInterrupt):
            with processes.signals_held():
                os.kill(os.getpid(), signal.SIGINT)
                time.sleep(0.01)  # Python's handlers run between its instructions
                reached = True
        self.assertTrue(reached)


if __name__ == "__main__":
    unittest.main()
