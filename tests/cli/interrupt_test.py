#!/usr/bin/env python3
"""An interrupted call ends with 130 and leaves nothing behind; a terminal sees progress, a pipe does not."""

import os
import pty
import signal
import subprocess
import time

import cli_testing
from cli_testing import CliTest

LONG = ["run", "--set=*.source.events=5000000", "--repetitions=50"]


class InterruptTest(CliTest):
    def interrupt(self, how, *arguments, after):
        """Starts a call that would take long, sends `how` once `after()` is true, and gives its outcome."""
        with subprocess.Popen([cli_testing.KVSTATE, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                              env=self.environment(), cwd=self.directory) as process:
            deadline = time.monotonic() + 120
            while not after() and process.poll() is None and time.monotonic() < deadline:
                time.sleep(0.02)
            self.assertIsNone(process.poll(), "the call ended before it was interrupted")
            os.kill(process.pid, how)
            out, err = process.communicate(timeout=120)
            return process.returncode, out, err

    def test_interrupted_while_recording_and_while_replaying(self):
        events = "--set=*.source.events=200000"
        for how, arguments in ((signal.SIGINT, LONG), (signal.SIGTERM, ["run", events, "--repetitions=500",
                                                                        "--backends=lmdb,leveldb"])):
            started = []

            def directories_are_there():
                # Once there is an engine's directory, or, for the long recording, the run's own.
                found = [path for path in self.scratch.rglob("*") if path.is_dir()]
                if found:
                    started.append(time.monotonic())
                return bool(started) and time.monotonic() - started[0] > 1

            code, _, err = self.interrupt(how, *arguments, f"--out={self.directory}/results.json",
                                          after=directories_are_there)
            self.assertEqual(code, 130, err)
            self.assertIn("interrupted", err)
            self.assert_nothing_left()
            self.assertFalse((self.directory / "results.json").exists())

    def test_interrupted_import_leaves_no_trace(self):
        source = self.directory / "in.csv"
        with open(source, "w", encoding="ascii") as file:
            for i in range(2_000_000):
                file.write(f"k{i % 999},{i}\n")
        output = self.directory / "out.kvtrace"
        code, _, err = self.interrupt(signal.SIGINT, "import", f"--input={source}", f"--output={output}",
                                      after=lambda: any(self.directory.glob("out.kvtrace.tmp-*")))
        self.assertEqual(code, 130, err)
        self.assertFalse(output.exists())
        self.assert_nothing_left()

    def test_interrupted_import_waits_for_no_pipe(self):
        pipe = self.directory / "pipe"
        os.mkfifo(pipe)
        output = self.directory / "out.kvtrace"
        for fed in (False, True):
            feed = os.open(pipe, os.O_RDWR) if fed else None  # With a writer that writes nothing.
            started = time.monotonic()
            code, _, err = self.interrupt(signal.SIGINT, "import", f"--input={pipe}", f"--output={output}",
                                          after=lambda: time.monotonic() - started > 1)  # pylint: disable=cell-var-from-loop
            if feed is not None:
                os.close(feed)
            self.assertEqual(code, 130, err)
            self.assertFalse(output.exists())

    def test_a_terminal_sees_progress_with_time_left(self):
        primary, secondary = pty.openpty()
        with subprocess.Popen([cli_testing.KVSTATE, "run", cli_testing.SMALL, "--repetitions=1", "--workloads=dedup*"],
                              stdout=subprocess.DEVNULL, stderr=secondary, env=self.environment()) as process:
            os.close(secondary)
            seen = b""
            while True:
                try:
                    part = os.read(primary, 4096)
                except OSError:  # Linux tells the end of a terminal so.
                    break
                if not part:
                    break
                seen += part
            self.assertEqual(process.wait(timeout=120), 0)
        os.close(primary)
        self.assertIn(b"repetition 1 of 1", seen)
        self.assertRegex(seen, rb"about \d+:\d\d left")


if __name__ == "__main__":
    cli_testing.main()
