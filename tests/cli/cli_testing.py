"""What the tests of the command line share: calling the program, and looking at what it left."""

import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

KVSTATE = None
SAVEPOINT_MAKER = None

SMALL = "--set=*.source.events=400"
BACKENDS = ("hashmap", "rocksdb", "leveldb", "lmdb")


class CliTest(unittest.TestCase):
    """Each test has a directory of its own, in which the program makes its temporary files too."""

    def setUp(self):
        self.temporary = tempfile.TemporaryDirectory(prefix="kvstate-cli-")
        self.addCleanup(self.temporary.cleanup)
        self.directory = pathlib.Path(self.temporary.name)
        self.scratch = self.directory / "scratch"
        self.scratch.mkdir()

    def environment(self, **more):
        environment = dict(os.environ, TMPDIR=str(self.scratch), **more)
        return environment

    def call(self, *arguments, cwd=None):
        return subprocess.run([KVSTATE, *map(str, arguments)], capture_output=True, text=True, cwd=cwd or self.directory,
                              env=self.environment(), timeout=500, check=False)

    def good(self, *arguments):
        result = self.call(*arguments)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(result.stderr, "")
        self.assert_nothing_left()
        return result.stdout

    def fails(self, code, *arguments, says):
        """The exit code, one line on stderr that holds each of `says`, nothing on stdout, nothing left behind."""
        result = self.call(*arguments)
        self.assertEqual(result.returncode, code, (arguments, result.stdout, result.stderr))
        self.assertEqual(result.stdout, "", arguments)
        self.assertTrue(result.stderr.startswith("kvstate: "), result.stderr)
        self.assertEqual(result.stderr.count("\n"), 1, result.stderr)
        for text in says:
            self.assertIn(text, result.stderr, arguments)
        self.assert_nothing_left()
        return result.stderr

    def assert_nothing_left(self):
        self.assertEqual(sorted(path.name for path in self.scratch.iterdir()), [])
        self.assertEqual([path.name for path in self.directory.rglob("*tmp-*")], [])

    def write(self, name, content):
        path = self.directory / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path


def main():
    global KVSTATE, SAVEPOINT_MAKER  # pylint: disable=global-statement
    KVSTATE = os.path.abspath(sys.argv.pop(1))
    SAVEPOINT_MAKER = os.path.abspath(sys.argv.pop(1))
    unittest.main(module="__main__")
