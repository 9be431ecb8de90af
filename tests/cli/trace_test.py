#!/usr/bin/env python3
"""`kvstate record` and `kvstate trace info`: a workload's accesses in a file, and what they are like."""

import json
import os
import pathlib
import shutil
import subprocess
import time
import unittest

import cli_testing
from cli_testing import BACKENDS, CliTest
from json_schema import violations

SCHEMA = pathlib.Path(__file__).parents[2] / "results" / "schema" / "results.schema.json"


class TraceTest(CliTest):
    def record(self, workload, *flags, name="some.trace"):
        path = self.directory / name
        out = self.good("record", workload, f"--output={path}", *flags)
        self.assertTrue(out.startswith(f"{path}: "), out)
        return path

    def info(self, *arguments):
        return json.loads(self.good("trace", "info", "--json", *arguments))

    def test_a_recorded_workload_replays_and_ends_as_the_run_of_the_suite_does(self):
        small = "--set=*.source.events=400"
        trace = self.record("session_merge", small)
        replayed, ran = self.directory / "replayed.json", self.directory / "ran.json"
        self.good("replay", trace, "--repetitions=1", f"--out={replayed}")
        self.good("run", "--workloads=session_merge", small, "--repetitions=1", f"--out={ran}")
        of_replay, of_run = (json.loads(path.read_text())["context"]["workloads"][0] for path in (replayed, ran))
        for figure in ("entries", "operations", "state_digest", "read_digest"):
            self.assertEqual(of_replay[figure], of_run[figure], figure)

    def test_any_workload_is_recorded_by_name_with_its_own_defaults(self):
        trace = self.record("map_point", "--set=map_point.source.events=300,*.operator.user_keys=5")
        names = [state["name"] for state in self.info(trace)["states"]]
        self.assertEqual(len(names), 1)

    def test_the_same_seed_gives_the_same_file_and_another_one_another(self):
        small = "--set=*.source.events=300"
        first, again, other = (self.record("value_rmw_zipf", small, f"--seed={seed}", name=f"{i}.trace").read_bytes()
                               for i, seed in enumerate((7, 7, 8)))
        self.assertEqual(first, again)
        self.assertNotEqual(first, other)

    def test_info_tells_what_the_operator_does(self):
        trace = self.record("dedup_miss", "--set=*.source.events=1000,*.source.keys=100")
        info = self.info(trace)
        mix = info["states"][0]["operations"]
        self.assertEqual(mix["get"], 1000)
        self.assertEqual(mix["update"], info["keys"])
        self.assertLessEqual(info["keys"], 100)
        self.assertEqual(info["live_at_end"], info["keys"])
        self.assertEqual(info["key_bytes"]["max"], 16)
        self.assertEqual(info["file_bytes"], trace.stat().st_size)
        self.assertEqual(sum(part["operations"] for part in info["slices"]), info["operations"])
        text = self.good("trace", "info", trace)
        for part in ("get", "update", "stack distance", "keys so far", "of the accesses"):
            self.assertIn(part, text)
        self.assertIn("sample of 50% of the keys", self.good("trace", "info", trace, "--sample_percent=50"))

    def test_a_trace_of_sizes_shows_no_value_and_costs_alike(self):
        small = ("--set=*.source.events=500,*.source.keys=50,*.source.value_bytes=200,*.source.value_random_percent=100,"
                 "*.operator.keep_payload=yes")
        full = self.record("value_rmw", small, name="full.trace")
        sizes = self.record("value_rmw", small, "--values=sizes", name="sizes.trace")
        of_full, of_sizes = self.info(full), self.info(sizes)
        for figure in ("operations", "keys", "value_bytes", "stack_distance", "popularity", "states", "slices"):
            self.assertEqual(of_full[figure], of_sizes[figure], figure)
        self.assertTrue(of_sizes["values_are_sizes"])
        self.assertFalse(of_full["values_are_sizes"])
        self.assertLess(of_sizes["file_bytes"] * 4, of_full["file_bytes"])
        self.assertIn("sizes alone", self.good("trace", "info", sizes))
        out = self.directory / "sizes.json"
        self.assertIn("values are made", self.good("replay", sizes, "--repetitions=1", f"--out={out}"))
        results = json.loads(out.read_text())
        self.assertEqual(violations(results, json.loads(SCHEMA.read_text())), [])
        self.assertTrue(results["context"]["workloads"][0]["values_are_sizes"])
        self.assertNotIn("values are made", self.good("replay", full, "--repetitions=1", "--backends=hashmap"))

    def test_hashed_keys_leave_the_profile_as_it_was(self):
        trace = self.record("session_merge", "--set=*.source.events=800")
        secret = self.write("secret", b"a secret of some length")
        hashed, again = self.directory / "hashed.trace", self.directory / "again.trace"
        for path in (hashed, again):
            self.good("trace", "rewrite", trace, f"--output={path}", f"--hash_keys={secret}")
        self.assertEqual(hashed.read_bytes(), again.read_bytes())
        before, after = self.info(trace), self.info(hashed)
        self.assertTrue(after["keys_are_hashed"])
        for different in ("trace", "file_bytes", "file_bytes_per_operation", "keys_are_hashed"):
            before.pop(different), after.pop(different)
        self.assertEqual(before, after)
        self.assertIn("keys are hashed", self.good("trace", "info", hashed))
        self.good("replay", hashed, "--repetitions=1")
        short = self.write("short", b"short")
        self.fails(1, "trace", "rewrite", trace, f"--output={trace}.2", f"--hash_keys={short}", says=["16", "short"])
        self.fails(1, "trace", "rewrite", trace, f"--output={trace}.2", f"--hash_keys={short}.none", says=["none"])
        self.fails(1, "trace", "rewrite", trace, f"--output={trace}.2", f"--hash_keys={self.directory}",
                   says=["cannot read", str(self.directory)])
        self.fails(1, "trace", "rewrite", trace, f"--output={trace}.2", "--hash_keys=/dev/zero", says=["65536", "/dev/zero"])

    def test_a_part_is_cut_by_operations_and_by_time(self):
        trace = self.record("value_rmw", "--set=*.source.events=9000")
        part = self.directory / "part.trace"
        out = self.good("trace", "rewrite", trace, f"--output={part}", "--from_operation=5001", "--to_operation=15000")
        self.assertIn("9999 of 18000 operations", out)
        info = self.info(part)
        self.assertEqual((info["operations"], info["is_part"]), (9999, True))
        self.good("replay", part, "--repetitions=1")
        self.good("trace", "rewrite", trace, f"--output={part}", "--from_ms=1000", "--to_ms=2000")
        first = self.info(trace)["first_time_ms"]
        info = self.info(part)
        self.assertEqual((info["first_time_ms"], info["last_time_ms"]), (first + 1000, first + 1999))
        self.assertEqual(info["operations"], 2000)
        for wrong, says in ((["--from_operation=5", "--from_ms=5"], "not by both"),
                            (["--from_operation=5", "--to_operation=5"], "ends before it begins"),
                            (["--from_operation=5", "--salvage"], "--salvage"), (["--values=some"], "--values")):
            self.fails(2, "trace", "rewrite", trace, f"--output={part}.2", *wrong, says=[says])
        for beyond in ("--from_operation=18000", "--from_ms=9000"):
            self.fails(1, "trace", "rewrite", trace, f"--output={part}.2", beyond, says=["no operation", "18000", "8999"])
        self.fails(2, "trace", "rewrite", trace, says=["--output"])
        self.fails(2, "trace", "rewrite", f"--output={part}", says=["one trace file"])

    def test_what_is_whole_of_a_damaged_trace_is_saved(self):
        trace = self.record("value_rmw", "--set=*.source.events=9000")
        content = bytearray(trace.read_bytes())
        saved = self.directory / "saved.trace"
        self.assertIn("nothing was damaged", self.good("trace", "rewrite", trace, f"--output={saved}", "--salvage"))
        content[len(content) // 2] ^= 1
        trace.write_bytes(content)
        self.fails(1, "trace", "rewrite", trace, f"--output={saved}", says=["some.trace", "checksum"])
        out = self.good("trace", "rewrite", trace, f"--output={saved}", "--salvage")
        self.assertIn("13904 operations kept, 4096 lost", out)
        self.assertRegex(out, "block [34]: bytes [0-9]+ to [0-9]+")
        info = self.info(saved)
        self.assertEqual((info["operations"], info["is_part"]), (13904, True))
        self.good("replay", saved, "--repetitions=1")
        trace.write_bytes(content[: len(content) // 2])
        out = self.good("trace", "rewrite", trace, f"--output={saved}", "--salvage")
        self.assertIn("how many are lost nobody knows", out)
        self.assertEqual(self.info(saved)["operations"] % 4096, 0)

    def test_what_a_killed_recorder_had_written_is_saved(self):
        target = self.directory / "killed.trace"
        recorder = subprocess.Popen([cli_testing.KVSTATE, "record", "value_rmw", "--set=*.source.events=1000000000",
                                     f"--output={target}"], env=self.environment(), stdout=subprocess.DEVNULL)
        written = []
        while recorder.poll() is None and not (written and written[0].stat().st_size > 1 << 20):
            time.sleep(0.01)
            written = list(self.directory.glob("killed.trace.tmp-*"))
        recorder.kill()
        recorder.wait()
        self.assertFalse(target.exists())
        unfinished = written[0].rename(self.directory / "unfinished")
        shutil.rmtree(self.scratch)
        self.scratch.mkdir()
        out = self.good("trace", "rewrite", unfinished, f"--output={target}", "--salvage")
        self.assertIn("the footer is missing", out)
        self.assertGreater(self.info(target)["operations"], 100000)

    def test_a_trace_that_lost_no_operation_is_no_part(self):
        trace = self.record("value_rmw", "--set=*.source.events=9000")
        whole = trace.read_bytes()
        saved = self.directory / "saved.trace"
        index_damaged = bytearray(whole)
        index_damaged[-80] ^= 1  # Before the footer's 73 bytes.
        for content, says in ((index_damaged, r"0 lost\n  block [0-9]+: bytes"),
                              (whole + b"junk", fr"0 lost\n  what is of no block, before block [0-9]+: bytes {len(whole)}"),
                              (whole[:300] + b"junk" + whole[300:], r"block 1 to 2: bytes|block 2: bytes")):
            trace.write_bytes(content)
            self.fails(1, "trace", "rewrite", trace, f"--output={saved}.none", "--from_ms=1", says=["some.trace"])
            self.assertRegex(self.good("trace", "rewrite", trace, f"--output={saved}", "--salvage"), says)
            self.assertEqual(self.info(saved)["is_part"], content[:300] + content[304:] == whole)

    def test_pipes_are_neither_read_nor_replaced(self):
        pipe = self.directory / "pipe"
        os.mkfifo(pipe)
        self.fails(1, "trace", "info", pipe, says=["not a regular file"])
        self.fails(1, "trace", "rewrite", pipe, f"--output={pipe}.2", "--salvage", says=["not a regular file"])
        self.fails(1, "record", "value_rmw", "--set=*.source.events=10", f"--output={pipe}", says=["--output", "pipe"])
        self.assertTrue(pipe.is_fifo())

    def test_a_result_that_nobody_can_read_is_a_failure(self):
        rows = self.write("in.csv", b"k,1\n")
        accesses = self.write("in.log", b"1 get k 0\n")
        for arguments in (["record", "value_rmw", "--set=*.source.events=10"], ["import", f"--input={rows}"],
                          ["import", f"--input={accesses}", "--format=gadget"]):
            with open("/dev/full", "wb") as full:
                done = subprocess.run([cli_testing.KVSTATE, *arguments, f"--output={self.directory}/some.trace"], stdout=full,
                                      check=False, env=self.environment())
            self.assertEqual(done.returncode, 1, arguments)

    def test_wrong_calls(self):
        trace = self.record("dedup_miss", "--set=*.source.events=10")
        self.fails(2, "record", says=["one workload"])
        self.fails(2, "record", "dedup_miss", says=["--output"])
        self.fails(2, "record", "nothing", f"--output={trace}.2", says=["nothing", "quick", "value_rmw"])
        self.fails(2, "record", "dedup_miss", "--set=*.source.event=1", f"--output={trace}.2", says=["event", "events"])
        self.fails(1, "record", "dedup_miss", f"--output={self.directory}/none/t", says=["--output"])
        self.fails(2, "record", "dedup_miss", f"--output={trace}.2", "--values=some", says=["--values", "full", "sizes"])
        self.fails(2, "trace", "info", says=["one trace file"])
        self.fails(2, "trace", "info", trace, "--sample_percent=0", says=["--sample_percent"])
        self.fails(2, "trace", "frob", says=["info"])
        self.fails(1, "trace", "info", f"{trace}.none", says=["some.trace.none"])
        self.assertFalse((self.directory / "some.trace.2").exists())

    def test_a_damaged_trace_is_told_with_the_block(self):
        trace = self.record("dedup_miss", "--set=*.source.events=9000")
        content = bytearray(trace.read_bytes())
        content[len(content) // 2] ^= 1
        trace.write_bytes(content)
        self.fails(1, "trace", "info", trace, says=["some.trace", "block", "offset", "checksum"])
        trace.write_bytes(content[: len(content) // 2])
        self.fails(1, "trace", "info", trace, says=["some.trace", "block", "offset", "cut short", "--salvage"])


if __name__ == "__main__":
    cli_testing.main()
