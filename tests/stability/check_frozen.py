#!/usr/bin/env python3
"""Frozen files change only together with api/STABILITY.md, which holds their checksums.

Usage: check_frozen.py            exits 1, naming the file, when a checksum does not hold
       check_frozen.py --update   writes the checksums into api/STABILITY.md
"""

import hashlib
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGE = ROOT / "api" / "STABILITY.md"
LINE = re.compile(r"^\| `(?P<file>[^`]+)` \| `(?P<sum>[0-9a-f]{64}|-)` \|$", re.MULTILINE)
FROZEN = {"tests/stability/frozen_client.cc", "tests/stability/frozen_checkpoint_client.cc",
          "tests/stability/frozen_null_backend.cc", "tests/stability/frozen_null_backend.h", "api/abi/kvstate.abi"}


def sum_of(name):
    return hashlib.sha256((ROOT / name).read_bytes()).hexdigest()


def main():
    page = PAGE.read_text(encoding="utf-8")
    if sys.argv[1:] == ["--update"]:
        PAGE.write_text(LINE.sub(lambda m: f"| `{m['file']}` | `{sum_of(m['file'])}` |", page), encoding="utf-8")
        return 0
    listed = {match["file"]: match["sum"] for match in LINE.finditer(page)}
    failures = [f"api/STABILITY.md has no checksum of {name}" for name in sorted(FROZEN - listed.keys())]
    failures += [f"{name} is frozen and has changed: api/STABILITY.md says when it may" for name, recorded in
                 listed.items() if sum_of(name) != recorded]
    print("\n".join(failures))
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
