#!/usr/bin/env python3
"""Runs Clang's compiler warnings over every translation unit, and clang-tidy over those that are not tests.

A file is checked again only when it, a header of this project that it reaches, its compile command or .clang-tidy has
changed: the hash of all that is remembered under the user's cache directory.
"""

import argparse
import concurrent.futures
import hashlib
import json
import os
import pathlib
import re
import shlex
import subprocess
import sys
import time

CLANG = "clang++-14"
TIDY = "clang-tidy-14"
INCLUDE = re.compile(rb'^\s*#\s*include\s+"([^"]+)"', re.MULTILINE)
DAYS_KEPT = 60
FOREIGN = "-Wno-unknown-warning-option"  # GCC's own, in GCC's compile commands.


class Unit:
    """One translation unit: what is run on it, and the hash of all that decides the outcome."""

    def __init__(self, root, build, entry, reader):
        self.path = pathlib.Path(entry["file"])
        self.name = str(self.path.relative_to(root))
        self.directory = entry["directory"]
        words = shlex.split(entry["command"])
        out = words.index("-o")
        flags = words[1:out] + words[out + 2 :]
        self.is_test = self.name.startswith("tests/") or self.name.endswith(("_test.cc", "_benchmark.cc"))
        if self.is_test:
            self.command = [CLANG, "-fsyntax-only", FOREIGN] + flags
        else:
            # With assertions on, the analyzer knows what they rule out.
            self.command = [TIDY, "-p", str(build), "--quiet", "--extra-arg=-UNDEBUG",
                            f"--extra-arg={FOREIGN}", str(self.path)]
        digest = hashlib.sha256()
        relative = [word.replace(str(root), ".") for word in flags]
        digest.update(json.dumps([self.name, self.command[0], relative, reader.tools]).encode())
        for reached in sorted(reader.reach(self.path)):
            digest.update(str(reached.relative_to(root)).encode())
            digest.update(reader.hash_of(reached))
        self.key = digest.hexdigest()

    def check(self):
        """Empty when all is well, else what the tool said."""
        done = subprocess.run(self.command, cwd=self.directory, capture_output=True, text=True, check=False)
        if done.returncode == 0 and "warning:" not in done.stdout:
            return ""
        return done.stdout + done.stderr


class Reader:
    """Reads each file once and knows which of the project's headers a file reaches."""

    def __init__(self, root):
        self.roots = [root / "api" / "include", root]
        self.cache = {}
        config = (root / ".clang-tidy").read_bytes() + pathlib.Path(__file__).read_bytes()
        versions = [subprocess.run([tool, "--version"], capture_output=True, text=True, check=True).stdout
                    for tool in (CLANG, TIDY)]
        self.tools = hashlib.sha256(config + "".join(versions).encode()).hexdigest()

    def _read(self, path):
        if path not in self.cache:
            text = path.read_bytes()
            found = []
            for name in INCLUDE.findall(text):
                for base in [path.parent] + self.roots:
                    candidate = base / name.decode()
                    if candidate.is_file():
                        found.append(candidate.resolve())
                        break
            self.cache[path] = (hashlib.sha256(text).digest(), found)
        return self.cache[path]

    def hash_of(self, path):
        return self._read(path)[0]

    def reach(self, path):
        seen, todo = set(), [path]
        while todo:
            at = todo.pop()
            if at not in seen:
                seen.add(at)
                todo.extend(self._read(at)[1])
        return seen


def remembered_directory():
    base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    directory = pathlib.Path(base) / "kvstate" / "clang-checks"
    directory.mkdir(parents=True, exist_ok=True)
    for old in directory.iterdir():
        if old.stat().st_mtime < time.time() - DAYS_KEPT * 86400:
            old.unlink()
    return directory


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("build", type=pathlib.Path, help="directory that holds compile_commands.json")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--fresh", action="store_true", help="check every file, remembered or not")
    parser.add_argument("--slowest", type=int, default=0, help="show the files that took longest")
    parser.add_argument("files", nargs="*", help="only these files, relative to the repository")
    args = parser.parse_args()

    root = pathlib.Path(__file__).resolve().parent.parent
    build = args.build.resolve()
    entries = json.loads((build / "compile_commands.json").read_text())
    entries = {entry["file"]: entry for entry in entries if not entry["file"].startswith(str(build))}
    reader = Reader(root)
    units = [Unit(root, build, entry, reader) for entry in entries.values()]
    if args.files:
        units = [unit for unit in units if unit.name in args.files]
    directory = remembered_directory()
    todo = [unit for unit in units if args.fresh or not (directory / unit.key).exists()]

    def timed(unit):
        begin = time.monotonic()
        return unit.check(), time.monotonic() - begin

    failures, times = 0, []
    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        for unit, (said, seconds) in zip(todo, pool.map(timed, todo)):
            times.append((seconds, unit.name))
            if said:
                failures += 1
                print(f"--- {unit.name}\n{said}")
            else:
                (directory / unit.key).touch()
    for seconds, name in sorted(times, reverse=True)[: args.slowest]:
        print(f"{seconds:6.1f} s  {name}")
    print(f"{len(todo)} of {len(units)} files checked, the others as before; {failures} with findings")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
