#!/usr/bin/env python3
"""`kvstate record` and `kvstate trace info`: a workload's accesses in a file, and what they are like."""

import json
import unittest

import cli_testing
from cli_testing import BACKENDS, CliTest


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
        self.good("replay", sizes, "--repetitions=1")

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
        self.fails(1, "trace", "info", trace, says=["cut short"])


if __name__ == "__main__":
    cli_testing.main()
