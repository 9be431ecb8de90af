#!/usr/bin/env python3
"""Holds the rules of the house: which layer may include what, who may read flags or a clock, how long a file may be.

Usage: check_layering.py [repository]. Prints one line a violation, `<file>:<line>: <rule>: <what>`, and exits 1 if there
is one. docs/architecture.md explains the layers.
"""

import pathlib
import re
import sys

SKIPPED_FOLDERS = {".git", "build", "latest", "__pycache__", ".ccache", ".cache"}
SOURCE = {".cc", ".h", ".in"}
TEXT = SOURCE | {".cmake", ".txt", ".md", ".sh", ".py", ".yaml", ".yml", ".json", ".html", ""}

ENGINE_HEADERS = {  # the one folder that may include headers which match
    "backends/rocksdb/": re.compile(r"rocksdb/"),
    "backends/leveldb/": re.compile(r"leveldb/"),
    "backends/lmdb/": re.compile(r"lmdb\.h$"),
}
ENGINE_WORD = re.compile(r"rocksdb|leveldb|lmdb|hashmap", re.IGNORECASE)

# What each folder of backends may include besides itself; a folder that is not named is an engine's.
BACKEND_MAY_INCLUDE = {
    "common": set(),
    "checkpoint": {"common"},
    "embedded": {"common", "checkpoint"},
    "operators": {"common", "checkpoint"},
    "hashmap": {"common", "checkpoint"},
    "interface_tax": set(),
    "snapshot_costs": set(),
    "timer_costs": set(),
    "ttl_costs": set(),
}
ENGINE_MAY_INCLUDE = {"common", "checkpoint", "embedded"}
# The part of a benchmark program that is in an engine's folder, for the engine's headers; it is in no library.
ENGINE_BENCHMARK = "_interface_tax_benchmark.cc"
BENCHMARK_MAY_INCLUDE = ENGINE_MAY_INCLUDE | {"interface_tax"}

PUBLIC_HEADERS = ("api/include/", "harness/recording/include/")  # What is installed: it includes nothing internal.

# What each layer must not include from this repository.
LAYER_MUST_NOT_INCLUDE = {
    "api": ("backends/", "workloads/", "harness/", "tests/"),
    "backends": ("workloads/", "harness/", "tests/"),
    "workloads": ("backends/", "harness/", "tests/"),
    "harness": ("backends/", "tests/"),
}

FLAGS_AND_ENVIRONMENT = re.compile(r"\bgflags\b|\babsl/flags/|\bDEFINE_(bool|int32|int64|uint64|double|string)\b|"
                                   r"\b(secure_)?getenv\b|\benviron\b")
WALL_CLOCK = re.compile(r"\b(system_clock|steady_clock|high_resolution_clock|utc_clock|clock_gettime|gettimeofday)\b|"
                        r"\btime\s*\(\s*(nullptr|NULL|0)\s*\)|\brandom_device\b|\bSystemClock\b")

MAX_LINES = {"public header": 200, "header": 250, "source": 600, "test": 400}
# A codec for each kind of type stands in one place: split, a reader would have to search.
MAX_LINES_OF = {"api/include/kvstate/codec.h": 410}

MACHINE_PATH = re.compile(r"(?<![\w.$}>~*-])/(home|Users|root|work|workspace|mnt)/\w|/tmp/\w+/")
UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX)\b|\b[Ii]ssue #?\d")

STANDARD_HEADERS = set("""
algorithm any array atomic barrier bit bitset cassert cctype cerrno cfenv cfloat charconv chrono cinttypes climits clocale
cmath codecvt compare complex concepts condition_variable coroutine csetjmp csignal cstdarg cstddef cstdint cstdio cstdlib
cstring ctime cuchar cwchar cwctype deque exception execution filesystem format forward_list fstream functional future
initializer_list iomanip ios iosfwd iostream istream iterator latch limits list locale map memory memory_resource mutex new
numbers numeric optional ostream queue random ranges ratio regex scoped_allocator semaphore set shared_mutex
source_location span sstream stack stdexcept stop_token streambuf string string_view syncstream system_error thread tuple
type_traits typeindex typeinfo unordered_map unordered_set utility valarray variant vector version
""".split())

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


def code_of(line):
    """The line without its comment, good enough for rules about words."""
    return line.split("//", 1)[0]


class Checker:
    def __init__(self, root):
        self.root = pathlib.Path(root)
        self.violations = []

    def say(self, path, line, rule, what):
        self.violations.append(f"{path}:{line}: {rule}: {what}")

    def run(self):
        for path in sorted(self.root.rglob("*")):
            parts = path.relative_to(self.root).parts
            if SKIPPED_FOLDERS & set(parts) or not path.is_file() or path.suffix not in TEXT:
                continue
            try:
                lines = path.read_text(encoding="utf-8").splitlines()
            except UnicodeDecodeError:
                continue
            name = "/".join(parts)
            self.check_words(name, lines)
            if path.suffix in SOURCE:
                self.check_source(name, parts[0], lines)
                self.check_length(name, path.suffix, len(lines))
            if path.suffix == ".h":
                self.check_guard(name, lines)
        return self.violations

    def check_words(self, name, lines):
        for number, line in enumerate(lines, 1):
            if MACHINE_PATH.search(line):
                self.say(name, number, "machine path", line.strip())
            if not name.startswith("tests/layering/") and UNFINISHED.search(line):
                self.say(name, number, "unfinished", line.strip())

    def check_source(self, name, layer, lines):
        for number, line in enumerate(lines, 1):
            included = INCLUDE.match(line)
            if included:
                self.check_include(name, layer, number, included.group(1), included.group(2))
            code = code_of(line)
            if layer == "api" and ENGINE_WORD.search(line):
                self.say(name, number, "the api names no engine", line.strip())
            in_product = layer in LAYER_MUST_NOT_INCLUDE and not name.endswith(("_test.cc", "_benchmark.cc"))
            if in_product and not name.startswith("harness/cli/") and FLAGS_AND_ENVIRONMENT.search(code):
                self.say(name, number, "flags and environment are read in harness/cli alone", line.strip())
            if layer == "workloads" and WALL_CLOCK.search(code):
                self.say(name, number, "workloads know no wall clock and no chance", line.strip())

    def check_include(self, name, layer, number, bracket, header):
        for folder, pattern in ENGINE_HEADERS.items():
            if pattern.match(header) and not name.startswith(folder):
                self.say(name, number, "an engine's headers are included in its folder alone", header)
        if header.startswith(LAYER_MUST_NOT_INCLUDE.get(layer, ("\0",))):
            self.say(name, number, f"{layer} must not include this layer", header)
        if layer == "api" or name.startswith(PUBLIC_HEADERS):
            own = bracket == '"' and header.startswith(("kvstate/", "api/src/"))
            if not own and not (bracket == "<" and header in STANDARD_HEADERS):
                self.say(name, number, "the api includes the standard library and itself alone", header)
        if layer == "backends" and header.startswith("backends/") and name.count("/") >= 2:
            own, other = name.split("/")[1], header.split("/")[1]
            allowed = BACKEND_MAY_INCLUDE.get(own, ENGINE_MAY_INCLUDE)
            if name.endswith(ENGINE_BENCHMARK):
                allowed = BENCHMARK_MAY_INCLUDE
            if other != own and other not in allowed:
                self.say(name, number, f"backends/{own} must not include backends/{other}", header)

    def check_length(self, name, suffix, lines):
        if name.endswith("_test.cc"):
            kind = "test"
        elif suffix == ".h":
            kind = "public header" if name.startswith(PUBLIC_HEADERS) else "header"
        else:
            kind = "source"
        allowed = MAX_LINES_OF.get(name, MAX_LINES[kind])
        if lines > allowed:
            self.say(name, lines, "too long", f"{lines} lines; a {kind} has at most {allowed}: give it one noun")

    def check_guard(self, name, lines):
        path = name
        for folder in PUBLIC_HEADERS:
            path = path.removeprefix(folder)
        path = path if path.startswith("kvstate/") else "kvstate/" + path
        guard = re.sub(r"[^A-Za-z0-9]", "_", path).upper() + "_"
        if f"#ifndef {guard}" not in lines or f"#define {guard}" not in lines:
            self.say(name, 1, "header guard", f"expected {guard}")


def main():
    root = sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).resolve().parents[2]
    violations = Checker(root).run()
    for violation in violations:
        print(violation)
    return 1 if violations else 0


if __name__ == "__main__":
    sys.exit(main())
