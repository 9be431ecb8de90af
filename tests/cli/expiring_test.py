#!/usr/bin/env python3
"""`kvstate savepoint` over states with a time to live, and timers: shown, verified, printed and converted."""

import json
import subprocess

import cli_testing
from cli_testing import BACKENDS, CliTest

KEYS = 20
SUM = "--reduce=count=sum_int64"
WRITTEN = 5000
DAY = 86400000


def timed(value):
    return {"time": WRITTEN, "value": value}


def content():
    """What savepoint_maker writes: values by (state, key), and timers as (queue, key, namespace, milliseconds)."""
    values, timers = {}, set()
    for i in range(KEYS):
        key = f"key-{i}"
        values[("seen", key)] = timed(i)
        values[("events", key)] = [timed(f"a{i}"), timed("b")]
        values[("marks", key)] = ("m", timed(None))
        timers.add(("alarms", key, "null", 1000 + i))
        timers.add(("ends", key, json.dumps({"start": 0, "end": 10}), 10))
    return values, timers


class ExpiringTest(CliTest):
    def make(self, backend, kind="incremental"):
        place = self.directory / f"{backend}-{kind}"
        subprocess.run([cli_testing.SAVEPOINT_MAKER, backend, place, kind, "2", "1", str(KEYS), "expiring"], check=True)
        return place / "snapshots" / ("savepoint-1" if kind == "savepoint" else "chk-1")

    def dump(self, path):
        values, timers = {}, set()
        for line in self.good("savepoint", "dump", path, SUM).splitlines():
            entry = json.loads(line)
            if entry["state"] in ("seen", "events", "marks"):
                value = entry["value"] if "user_key" not in entry else (entry["user_key"], entry["value"])
                place = (entry["state"], entry["key"])
                self.assertNotIn(place, values)
                values[place] = value
            elif entry["state"].startswith("kvstate.timers."):
                self.assertIsNone(entry["value"])
                timer = (entry["state"].split(".")[-1], entry["key"], json.dumps(entry["namespace"]),
                         entry["user_key"])
                self.assertNotIn(timer, timers)
                timers.add(timer)
        return values, timers

    def info(self, path):
        return json.loads(self.good("savepoint", "info", path, "--json"))

    def test_info_says_how_long_values_live_and_what_queues_there_are(self):
        for backend in BACKENDS:
            path = self.make(backend)
            text = self.good("savepoint", "info", path)
            self.assertRegex(text, rf"seen +value +void_namespace +– +ttl<int64, {DAY} ms>\n")
            self.assertRegex(text, rf"events +list +void_namespace +– +list<ttl<string, {DAY} ms>>\n")
            self.assertRegex(text, rf"marks +map +void_namespace +string +ttl<int32, {DAY} ms>\n")
            self.assertRegex(text, r"kvstate\.timers\.heap\.alarms +map +void_namespace +timer ")
            self.assertRegex(text, r"kvstate\.timers\.(heap|store)\.ends +map +time_window +timer ")
            self.assertIn("sound", self.good("savepoint", "verify", path))

    def test_dump_has_every_value_with_its_time_and_every_timer(self):
        for backend in BACKENDS:
            for kind in ("full", "incremental", "savepoint"):
                self.assertEqual(self.dump(self.make(backend, kind)), content(), (backend, kind))

    def test_a_queue_is_chosen_as_a_state_is(self):
        lines = self.good("savepoint", "dump", self.make("lmdb"), "--states=kvstate.timers.*", "--limit=5").splitlines()
        self.assertEqual(len(lines), 5)
        self.assertEqual({json.loads(line)["state"].split(".")[1] for line in lines}, {"timers"})

    def test_convert_keeps_times_and_timers(self):
        for backend in BACKENDS:
            path = self.make(backend)
            for target in ("savepoint", *BACKENDS):
                out = self.directory / f"{backend}-to-{target}"
                self.good("savepoint", "convert", path, f"--to={target}", f"--out={out}", "--parallelism=3", SUM)
                self.assertIn("sound", self.good("savepoint", "verify", out))
                self.assertEqual(self.dump(out), content(), (backend, target))
                self.assertEqual(sorted(state["value"] for state in self.info(out)["states"]),
                                 sorted(state["value"] for state in self.info(path)["states"]))

    def test_verify_names_a_damaged_file_of_timers(self):
        path = self.make("rocksdb")
        files = [file for handle in self.info(path)["handles"] for file in handle["files"]
                 if file["name"] == "timers.stream"]
        self.assertEqual(len(files), 2)
        for file in files:
            place = path.parent / file["path"]
            place.write_bytes(place.read_bytes()[:-1] + b"\xff")
        result = self.call("savepoint", "verify", path)
        self.assertEqual(result.returncode, 1)
        for file in files:
            self.assertIn(file["path"], result.stderr)


if __name__ == "__main__":
    cli_testing.main()
