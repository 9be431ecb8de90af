#!/usr/bin/env python3
"""Holds the documents to the code: examples are parts of programs that the tests run, commands run, links lead somewhere.

Usage: check_docs.py <repository> [<folder of the program kvstate>]

Each ```cpp block stands behind a comment <!-- path of a source -->, and its lines stand in that source one after another
(indentation aside). Each ```sh block stands behind <!-- run --> or <!-- not run: reason -->; those to run are run in an
empty directory, in order, one shell for each page, when the folder of the program is given.
"""

import os
import pathlib
import re
import subprocess
import sys
import tempfile
import textwrap

BLOCK = re.compile(r"(?:^<!-- (?P<mark>[^\n]*) -->\n)?^```(?P<language>cpp|sh)\n(?P<text>.*?)^```$", re.M | re.S)
FENCED = re.compile(r"^```.*?^```$", re.M | re.S)
LINK = re.compile(r"\]\((?!https?://|#)([^)#\s]+)")


def stripped(text):
    """Lines without indentation, so that a part of a function can stand in a page at the left margin."""
    return "\n".join(line.strip() for line in text.strip().splitlines())


def check_page(root, page, failures):
    """Returns the commands of the page that are to be run."""
    text = page.read_text(encoding="utf-8")
    where = page.relative_to(root)
    commands = []
    for match in BLOCK.finditer(text):
        line = text.count("\n", 0, match.start("language")) + 1
        mark, block = match["mark"] or "", match["text"]
        if match["language"] == "sh":
            if mark == "run":
                commands.append(textwrap.dedent(block))
            elif not mark.startswith("not run: "):
                failures.append(f"{where}:{line}: a block of commands says neither 'run' nor 'not run: <reason>'")
        elif not (root / mark).is_file() or not mark:
            failures.append(f"{where}:{line}: an example names no source that it is a part of")
        elif "\n" + stripped(block) + "\n" not in "\n" + stripped((root / mark).read_text(encoding="utf-8")) + "\n":
            failures.append(f"{where}:{line}: the example does not stand in {mark}")
    for target in LINK.findall(FENCED.sub("", text)):
        if not (page.parent / target).exists():
            failures.append(f"{where}: a link leads nowhere: {target}")
    return commands


def run_commands(where, commands, program_folder, failures):
    program_folder = pathlib.Path(program_folder).resolve()
    environment = dict(os.environ, PATH=f"{program_folder}:{os.environ['PATH']}")
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(["bash", "-euo", "pipefail", "-c", "\n".join(commands)], cwd=folder, env=environment,
                              capture_output=True, text=True, check=False)
    if done.returncode != 0:
        failures.append(f"{where}: its commands end with {done.returncode}:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")


def main():
    root = pathlib.Path(sys.argv[1]).resolve()
    failures = []
    pages = sorted([*root.glob("*.md"), *root.glob("docs/*.md"), *root.glob("api/*.md")])
    for page in pages:
        commands = check_page(root, page, failures)
        if commands and len(sys.argv) > 2:
            run_commands(page.relative_to(root), commands, sys.argv[2], failures)
    print("\n".join(failures) or f"{len(pages)} pages hold")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
