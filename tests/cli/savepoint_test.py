#!/usr/bin/env python3
"""`kvstate savepoint`: snapshots of known content, of every backend, listed, shown, verified, converted and dumped."""

import json
import os
import pty
import shutil
import signal
import subprocess
import time

import cli_testing
from cli_testing import BACKENDS, CliTest

KEYS = 60
VERSIONS = 3
SUM = "--reduce=count=sum_int64"


def content(versions, keys=KEYS):
    """What savepoint_maker writes, as `dump` shows it: value by (state, key, namespace, user key)."""
    entries = {}
    for version in range(1, versions + 1):
        for i in range(0, keys, version):
            key = f"key-{i}"

            def put(state, value, namespace=None, user_key="none", key=key):
                entries[(state, key, json.dumps(namespace), user_key)] = value

            def get(state, default, namespace=None, key=key):
                return entries.get((state, key, json.dumps(namespace), "none"), default)

            if version == 2 and i % 10 == 0:
                entries.pop(("total", key, "null", "none"), None)
            else:
                put("total", 2**63 + 1000 * i + version)
            put("bid", {"bidder": f"b{i}", "cents": -i - version, "rates": [version / 2] + ["NaN"] * (i == 0)})
            put("opaque", {"hex": f"01{version:02x}", "type": "celsius"})
            window = {"start": version * 1000 - 1005, "end": version * 1000 - 5}
            put("pages", [f"p{i}"] + [{"hex": "ff"}] * (i == 0), window)
            put("days", f"day {version}", user_key=version)
            put("days", None, user_key=-version)
            put("days", None, user_key=100)
            entries.pop(("days", key, "null", version - 1), None)
            put("count", get("count", 0) + i + version)
            mean = get("mean", [0, 0])
            put("mean", [mean[0] + i, mean[1] + 1])
            put("digits", get("digits", "") + str(version))
    return entries


def parsed(text):
    """The same of what `dump` printed; each entry once."""
    entries = {}
    for line in text.splitlines():
        entry = json.loads(line)
        key = (entry["state"], entry["key"], json.dumps(entry["namespace"]), entry.get("user_key", "none"))
        assert key not in entries, line
        entries[key] = entry["value"]
    return entries


class SavepointTest(CliTest):
    def make(self, backend, kind="incremental", parallelism=2, versions=VERSIONS, keys=KEYS, operators=False):
        """A storage directory with the snapshots of each version."""
        place = self.directory / f"{backend}-{kind}"
        subprocess.run([cli_testing.SAVEPOINT_MAKER, backend, place, kind, str(parallelism), str(versions), str(keys),
                        *["operators"] * operators],
                       check=True)
        return place / "snapshots"

    def on_terminal(self, *arguments):
        """What a call writes to stderr when that is a terminal."""
        primary, secondary = pty.openpty()
        with subprocess.Popen([cli_testing.KVSTATE, *map(str, arguments)], stdout=subprocess.DEVNULL, stderr=secondary,
                              env=self.environment()) as process:
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
            self.assertEqual(process.wait(timeout=120), 0, seen)
        os.close(primary)
        return seen.decode()

    def dump(self, path, *flags):
        return parsed(self.good("savepoint", "dump", path, *flags))


class OperatorsTest(SavepointTest):
    """Operator state and raw streams: listed, verified, printed and copied."""

    def make_with_operators(self):
        return self.make("hashmap", versions=1, keys=3, operators=True) / "chk-1"

    def test_info_shows_them(self):
        path = self.make_with_operators()
        text = self.good("savepoint", "info", path)
        self.assertRegex(text, r"source +offsets +split +– +int64 +2 +4\n")
        self.assertRegex(text, r"source +rules +broadcast +string +double +2 +2\n")
        self.assertRegex(text, r"window +64–127 +1 +9\n")
        self.assertRegex(text, r"sink +1 of 2 +1 +3\n")
        shown = json.loads(self.good("savepoint", "info", path, "--json"))
        self.assertEqual([(s["name"], s["mode"], s["entries"]) for s in shown["operator_states"]],
                         [("offsets", "split", 4), ("rules", "broadcast", 2)])
        self.assertEqual([s["streams"] for s in shown["raw_keyed_streams"]], [1, 1])
        self.assertEqual([s["partitions"] for s in shown["raw_operator_streams"]], [1, 1])
        self.assertEqual(len(shown["operator_files"]), 6)
        listed = json.loads(self.good("savepoint", "list", path.parent, "--json"))
        self.assertEqual(listed[0]["states"], 10)

    def test_verify_names_the_damaged_file_of_each_kind(self):
        path = self.make_with_operators()
        self.assertIn("sound", self.good("savepoint", "verify", path))
        for file in json.loads(self.good("savepoint", "info", path, "--json"))["operator_files"]:
            place = path.parent / file["path"]
            intact = place.read_bytes()
            place.write_bytes(intact[:14] + bytes([intact[14] ^ 1]) + intact[15:])
            result = self.call("savepoint", "verify", path)
            self.assertEqual(result.returncode, 1)
            self.assertIn(file["path"], result.stderr)
            place.write_bytes(intact)

    def operator_lines(self, path, *flags):
        lines = [json.loads(line) for line in self.good("savepoint", "dump", path, *flags).splitlines()]
        return [line for line in lines if "operator" in line]

    def test_dump_prints_operator_state(self):
        path = self.make_with_operators()
        lines = self.operator_lines(path)
        self.assertEqual([line["value"] for line in lines if line["state"] == "offsets"], [0, 1, 10, 11])
        self.assertEqual(lines[-1], {"operator": "source", "state": "rules", "subtask": 1, "key": "limit", "value": 2.5})
        self.assertEqual(self.operator_lines(path, "--key_groups=0-127"), [])
        only = self.operator_lines(path, "--states=offsets", "--limit=3")
        self.assertEqual([line["value"] for line in only], [0, 1, 10])

    def test_convert_copies_them(self):
        path = self.make_with_operators()
        out = self.directory / "converted"
        self.good("savepoint", "convert", path, "--to=lmdb", f"--out={out}", "--parallelism=3")
        (folder,) = [entry for entry in out.iterdir() if entry.name.startswith("chk-")]
        self.assertIn("sound", self.good("savepoint", "verify", folder))
        self.assertEqual(self.operator_lines(folder), self.operator_lines(path))
        before, after = (json.loads(self.good("savepoint", "info", place, "--json")) for place in (path, folder))
        for kind in ("operator_states", "raw_keyed_streams", "raw_operator_streams"):
            self.assertEqual(before[kind], after[kind])


class ListAndInfoTest(SavepointTest):
    def test_list_has_a_row_for_each(self):
        place = self.make("lmdb")
        lines = self.good("savepoint", "list", place).splitlines()
        self.assertEqual([line.split()[0] for line in lines], ["folder", "chk-1", "chk-2", "chk-3"])
        self.assertIn("incremental", lines[1])
        listed = json.loads(self.good("savepoint", "list", place, "--json"))
        self.assertEqual([row["id"] for row in listed], [1, 2, 3])
        self.assertEqual({(row["handles"], row["states"]) for row in listed}, {(2, 8)})
        self.assertTrue(all(row["bytes"] > 0 and row["files"] >= 2 for row in listed))
        self.assertRegex(listed[0]["time_utc"], r"^20\d\d-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}$")

    def test_list_goes_on_past_a_damaged_one(self):
        place = self.make("hashmap")
        metadata = place / "chk-2" / "_metadata"
        metadata.write_bytes(metadata.read_bytes()[:-1])
        result = self.call("savepoint", "list", place)
        self.assertEqual(result.returncode, 1)
        self.assertIn("chk-1", result.stdout)
        self.assertIn("chk-3", result.stdout)
        self.assertRegex(result.stdout, r"chk-2 cannot be read: .*chk-2/_metadata")
        listed = json.loads(self.call("savepoint", "list", place, "--json").stdout)
        self.assertIn("chk-2/_metadata", listed[1]["error"])

    def test_info_shows_states_handles_and_shared_files(self):
        for backend in BACKENDS:
            place = self.make(backend)
            shown = json.loads(self.good("savepoint", "info", place / "chk-3", "--json"))
            self.assertEqual((shown["id"], shown["kind"], shown["max_parallelism"], shown["key"]),
                             (3, "incremental", 128, "string"))
            states = {state["name"]: state for state in shown["states"]}
            self.assertEqual(states["bid"]["value"], "Bid{bidder: string, cents: int32, rates: vector<double>}")
            self.assertEqual(states["days"], {"name": "days", "kind": "map", "namespace": "void_namespace",
                                              "value": "optional<string>", "user_key": "int32"})
            self.assertEqual(states["pages"]["namespace"], "time_window")
            self.assertEqual([handle["key_groups"] for handle in shown["handles"]], [[0, 63], [64, 127]])
            files = [file for handle in shown["handles"] for file in handle["files"]]
            self.assertTrue(all((place / file["path"]).stat().st_size == file["bytes"] for file in files))
            self.assertTrue(all(file["shared"] for file in files if file["also_in"]))
            self.assertIn("chk-2", [folder for file in files for folder in file["also_in"]])
            text = self.good("savepoint", "info", str(place / "chk-3") + "/")
            for expected in ("max parallelism 128", "Bid{bidder", f"by {backend}", "key groups 64–127", "chk-2"):
                self.assertIn(expected, text)

    def test_info_of_a_directory_with_one_needs_no_folder(self):
        place = self.make("hashmap", kind="savepoint", versions=1)
        self.assertIn("savepoint-1: savepoint", self.good("savepoint", "info", place))
        place = self.make("hashmap", versions=2)
        self.fails(2, "savepoint", "info", place, says=["chk-1, chk-2"])


class VerifyTest(SavepointTest):
    def test_sound_ones(self):
        for backend in BACKENDS:
            place = self.make(backend)
            self.assertEqual(self.good("savepoint", "verify", place).count(": sound; "), 3)
            self.assertTrue(self.good("savepoint", "verify", place / "chk-2").startswith("chk-2: sound; "))

    def test_entries_are_read(self):
        place = self.make("lmdb", kind="savepoint", versions=1)
        # The type of one state is nobody's but its program's: its keys are read all the same.
        self.assertIn(f", {len(content(1))} entries\n", self.good("savepoint", "verify", place))

    def test_each_bad_file_is_named(self):
        for backend in BACKENDS:
            place = self.make(backend)
            files = sorted(path for path in place.rglob("*") if path.is_file())
            last = json.loads(self.good("savepoint", "info", place / "chk-3", "--json"))
            needed = {file["path"] for handle in last["handles"] for file in handle["files"]} | {"chk-3/_metadata"}
            for number, file in enumerate(files):
                sound = file.read_bytes()
                if number % 3 == 0:
                    middle = len(sound) // 2
                    file.write_bytes(sound[:middle] + bytes([sound[middle] ^ 1]) + sound[middle + 1:])
                elif number % 3 == 1:
                    file.write_bytes(sound[:-1])
                else:
                    file.unlink()
                name = str(file.relative_to(place))
                result = self.call("savepoint", "verify", place / "chk-3")
                self.assertEqual(result.returncode, 1 if name in needed else 0, (name, result.stderr))
                if name in needed:
                    gone = not file.exists() and name.endswith("_metadata")
                    self.assertIn("'chk-3' has no _metadata" if gone else name,
                                  result.stderr.replace("'" + str(place) + "/", "'"))
                    self.assertNotIn("sound", result.stdout)
                file.write_bytes(sound)
            self.good("savepoint", "verify", place)

    def test_several_bad_files_are_all_named(self):
        place = self.make("lmdb", kind="savepoint", versions=1)
        files = sorted(place.glob("savepoint-1/*.stream")) or sorted(
            path for path in place.glob("savepoint-1/*") if path.name != "_metadata")
        self.assertEqual(len(files), 2)
        for file in files:
            file.write_bytes(file.read_bytes()[:-3])
        result = self.call("savepoint", "verify", place)
        self.assertEqual(result.returncode, 1)
        for file in files:
            self.assertIn(file.name, result.stderr)


class DumpTest(SavepointTest):
    def test_has_every_entry_of_every_kind_of_snapshot(self):
        for backend in BACKENDS:
            for kind in ("full", "incremental", "savepoint"):
                place = self.make(backend, kind=kind)
                folder = "savepoint-" if kind == "savepoint" else "chk-"
                for version in range(1, VERSIONS + 1):
                    self.assertEqual(self.dump(place / f"{folder}{version}", SUM), content(version),
                                     (backend, kind, version))

    def test_takes_states_key_groups_and_a_limit(self):
        for backend in ("lmdb", "leveldb"):
            path = self.make(backend) / "chk-3"
            everything = content(VERSIONS)
            self.assertEqual(self.dump(path, "--states=b*,total"),
                             {key: value for key, value in everything.items() if key[0] in ("bid", "total")})
            lines = self.good("savepoint", "dump", path).splitlines()
            groups = [json.loads(line)["key_group"] for line in lines]
            self.assertEqual(groups, sorted(groups))
            chosen = self.good("savepoint", "dump", path, "--key_groups=60-70").splitlines()
            self.assertEqual(chosen, [line for line, group in zip(lines, groups) if 60 <= group <= 70])
            self.assertTrue(chosen)
            self.assertEqual(self.good("savepoint", "dump", path, f"--key_groups={groups[0]}", "--limit=2").splitlines(),
                             lines[:2])
            self.assertEqual(len(self.good("savepoint", "dump", path, "--limit=7", "--states=count").splitlines()), 7)

    def test_a_reader_that_has_enough_ends_it_quietly(self):
        path = self.make("hashmap", kind="savepoint", versions=1, keys=3000) / "savepoint-1"
        with subprocess.Popen([cli_testing.KVSTATE, "savepoint", "dump", path], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, env=self.environment()) as process:
            process.stdout.readline()
            process.stdout.close()
            self.assertEqual(process.stderr.read(), b"")
            self.assertEqual(process.wait(timeout=60), 1)

    def test_wrong_choices_are_refused(self):
        path = self.make("hashmap") / "chk-3"
        self.fails(2, "savepoint", "dump", path, "--states=nothing*", says=["nothing*", "total"])
        for groups in ("5-3", "x", "3-", "1-2-3", "-1"):
            self.fails(2, "savepoint", "dump", path, f"--key_groups={groups}", says=["--key_groups"])
        self.fails(2, "savepoint", "dump", path, "--key_groups=100-128", says=["0-127"])


class ConvertTest(SavepointTest):
    def test_every_backend_to_every_other(self):
        expected = content(VERSIONS)
        for backend in BACKENDS:
            place = self.make(backend)
            for target in ("savepoint", *BACKENDS):
                out = self.directory / f"{backend}-to-{target}"
                said = self.good("savepoint", "convert", place / "chk-3", f"--to={target}", f"--out={out}",
                                 "--parallelism=3", SUM)
                self.assertIn("3 handles", said)
                shown = json.loads(self.good("savepoint", "info", out, "--json"))
                self.assertEqual(shown["kind"], "savepoint" if target == "savepoint" else "full")
                self.assertEqual({handle["backend"] for handle in shown["handles"]},
                                 {backend if target == "savepoint" else target})
                self.good("savepoint", "verify", out)
                self.assertEqual(self.dump(out, SUM), expected, (backend, target))
                shutil.rmtree(out)

    def test_ranges_of_key_groups_stay_unless_others_are_asked_for(self):
        place = self.make("leveldb")
        for flag, ranges in ((None, [[0, 63], [64, 127]]), ("--parallelism=1", [[0, 127]])):
            out = self.directory / f"out{flag}"
            self.good("savepoint", "convert", place / "chk-1", "--to=savepoint", f"--out={out}", *([flag] if flag else []))
            shown = json.loads(self.good("savepoint", "info", out, "--json"))
            self.assertEqual([handle["key_groups"] for handle in shown["handles"]], ranges)

    def test_compressed_is_smaller_and_the_same(self):
        place = self.make("hashmap", keys=2000, versions=1)
        sizes = {}
        for compress in ("--nocompress", "--compress"):
            out = self.directory / f"out{compress}"
            self.good("savepoint", "convert", place, "--to=savepoint", f"--out={out}", compress)
            sizes[compress] = json.loads(self.good("savepoint", "info", out, "--json"))["bytes"]
            self.assertEqual(self.dump(out), content(1, 2000))
        self.assertLess(sizes["--compress"], sizes["--nocompress"] / 2)

    def test_inputs_that_only_a_function_can_combine_need_it(self):
        place = self.make("rocksdb")
        out = self.directory / "out"
        for arguments in (["convert", place / "chk-3", "--to=savepoint", f"--out={out}"], ["dump", place / "chk-3"]):
            self.fails(1, "savepoint", *arguments, says=["'count'", "--reduce=<state>=<function>"])
            self.fails(2, "savepoint", *arguments, "--reduce=count=product", says=["product", "sum_int64"])
            self.fails(2, "savepoint", *arguments, "--reduce=total=sum_int64", says=["'total'"])
            self.fails(2, "savepoint", *arguments, "--reduce=count", says=["<state>=<function>"])
        self.assertFalse(out.exists())

    def test_what_cannot_be_is_refused_and_leaves_nothing(self):
        path = self.make("hashmap") / "chk-3"
        out = self.directory / "out"
        convert = ["savepoint", "convert", path]
        self.fails(2, *convert, f"--out={out}", says=["--to", "savepoint", "rocksdb"])
        self.fails(2, *convert, "--to=lmdb", says=["--out"])
        self.fails(2, *convert, "--to=tikv", f"--out={out}", says=["tikv", "hashmap, rocksdb, leveldb, lmdb"])
        self.fails(2, *convert, "--to=lmdb", f"--out={out}", "--parallelism=129", says=["129", "128"])
        self.fails(2, *convert, "--to=lmdb", f"--out={path.parent}", says=["not empty"])
        self.fails(2, *convert, "--to=lmdb", f"--out={path}/_metadata", says=["no directory"])
        self.fails(1, *convert, "--to=lmdb", f"--out={self.directory}/no/where", says=["there is no directory"])
        self.fails(1, *convert, "--to=lmdb", f"--out={out}", "--directory=/nowhere", says=["/nowhere"])
        stream = next(path.parent.glob("shared/*"))
        stream.write_bytes(stream.read_bytes()[:-9])
        self.fails(1, *convert, "--to=lmdb", f"--out={out}", says=[stream.name])
        self.assertFalse(out.exists())
        out.mkdir()
        self.fails(1, *convert, "--to=lmdb", f"--out={out}", says=[stream.name])
        self.assertEqual(list(out.iterdir()), [])

    def test_interrupted_leaves_nothing(self):
        path = self.make("hashmap", kind="full", parallelism=1, versions=1, keys=100_000) / "chk-1"
        out = self.directory / "out"
        with subprocess.Popen([cli_testing.KVSTATE, "savepoint", "convert", path, "--to=lmdb", f"--out={out}"],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                              env=self.environment()) as process:
            deadline = time.monotonic() + 60
            while not any(self.scratch.rglob("*-lmdb")) and process.poll() is None and time.monotonic() < deadline:
                time.sleep(0.005)
            self.assertIsNone(process.poll(), "the call ended before it was interrupted")
            os.kill(process.pid, signal.SIGINT)
            _, err = process.communicate(timeout=120)
        self.assertEqual(process.returncode, 130, err)
        self.assertFalse(out.exists())
        self.assert_nothing_left()


    def test_a_terminal_sees_progress(self):
        path = self.make("leveldb", versions=1) / "chk-1"
        seen = self.on_terminal("savepoint", "convert", path, "--to=lmdb", f"--out={self.directory}/out")
        self.assertIn("[1/8] restoring key groups 0..63 in leveldb", seen)
        self.assertIn("[8/8] writing key groups 64..127: full of lmdb", seen)
        self.assertRegex(seen, r"about \d+:\d\d left")
        self.assertIn("verifying chk-1", self.on_terminal("savepoint", "verify", path))


class PathTest(SavepointTest):
    def test_a_path_that_is_none_is_an_error_that_says_what_would_be(self):
        empty = self.directory / "empty"
        empty.mkdir()
        file = self.write("file", "text")
        for command in ("list", "info", "verify", "dump"):
            self.fails(1, "savepoint", command, self.directory / "nothing", says=["nothing"])
            self.fails(1, "savepoint", command, empty, says=["chk-<id>", "_metadata"])
            self.fails(1, "savepoint", command, file, says=["no directory"])
            self.fails(2, "savepoint", command, says=["one path"])
            self.fails(2, "savepoint", command, empty, empty, says=["one path"])

    def test_one_that_was_never_completed_or_is_named_otherwise_says_so(self):
        place = self.make("hashmap", kind="savepoint", versions=1)
        (place / "chk-9").mkdir()
        (place / "chk-9" / "data").write_bytes(b"half")
        self.fails(1, "savepoint", "info", place / "chk-9", says=["never completed"])
        self.fails(1, "savepoint", "verify", place / "chk-9", says=["never completed"])
        self.assertIn("savepoint-1", self.good("savepoint", "list", place))
        shutil.copytree(place / "savepoint-1", self.directory / "copy")
        self.fails(1, "savepoint", "info", self.directory / "copy", says=["named"])
        self.fails(2, "savepoint", "list", place / "savepoint-1", says=["info"])

    def test_a_copied_storage_is_as_good(self):
        place = self.make("lmdb", kind="savepoint", versions=1)
        copy = self.directory / "copied"
        shutil.copytree(place, copy)
        shutil.rmtree(place)
        for path in (copy, copy / "savepoint-1", copy / "savepoint-1" / "_metadata"):
            self.assertEqual(self.dump(path), content(1))
        result = subprocess.run([cli_testing.KVSTATE, "savepoint", "verify", "savepoint-1"], cwd=copy, check=False,
                                capture_output=True, text=True)
        self.assertEqual((result.returncode, result.stderr), (0, ""))

    def test_help_shows_what_there_is(self):
        text = self.good("help", "savepoint")
        self.assertEqual(text, self.good("savepoint", "--help"))
        for word in ("list DIR", "info PATH", "verify PATH", "convert PATH", "dump PATH", "--key_groups", "--to"):
            self.assertIn(word, text)
        self.fails(2, "savepoint", "fly", says=["list, info, verify, convert, dump"])
        self.fails(2, "savepoint", says=["list, info, verify, convert, dump"])
        self.fails(2, "help", "fly", says=["savepoint"])


if __name__ == "__main__":
    cli_testing.main()
