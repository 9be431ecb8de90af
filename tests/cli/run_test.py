#!/usr/bin/env python3
"""`kvstate run`: every workload, tiny, on all backends; the table, the JSON, and directories that can not be used."""

import json
import os
import pathlib
import unittest

import cli_testing
from cli_testing import BACKENDS, SMALL, CliTest
from json_schema import violations

SCHEMA = pathlib.Path(__file__).parents[2] / "results" / "schema" / "results.schema.json"


class RunTest(CliTest):
    def test_every_workload_agrees_on_all_backends(self):
        listed = json.loads(self.good("list", "--json"))
        names = [workload["name"] for workload in listed["workloads"]]
        # What is set up before the events has a size of its own, or is so many of the events as there are keys.
        small = {"events": 300, "events_per_second": 100, "keys": 100, "setup_keys": 50, "new_keys": 50}
        entries = ""
        for workload in listed["workloads"]:
            there_are = [parameter["name"] for parameter in workload["source"]]
            sizes = ", ".join(f"{name}: {size}" for name, size in small.items() if name in there_are)
            entries += f"  - name: {workload['name']}\n    source: {{{sizes}}}\n"
        suite = self.write("all.yaml", "suite: all\nrepetitions: 2\nworkloads:\n" + entries)
        out = self.directory / "results.json"
        table = self.good("run", f"--suite={suite}", f"--out={out}")
        results = json.loads(out.read_text())
        self.assertEqual(violations(results, json.loads(SCHEMA.read_text())), [])
        self.assertEqual([workload["name"] for workload in results["context"]["workloads"]], names)
        for name in names:
            self.assertIn(f"{name}: ", table)
            rows = [row for row in results["benchmarks"] if row["run_name"].startswith(f"{name}/")]
            runs = {row["run_name"] for row in rows}
            self.assertEqual(runs, {f"{name}/{backend}" for backend in BACKENDS} | {f"{name}/hashmap/again"})
            for run in runs:
                types = [row["run_type"] for row in rows if row["run_name"] == run]
                self.assertEqual(types, ["iteration", "iteration", "aggregate"])

    def test_what_a_backend_has_no_such_thing_of_is_absent(self):
        out = self.directory / "results.json"
        self.good("run", SMALL, "--workloads=value_rmw", "--repetitions=1", f"--out={out}")
        medians = {row["run_name"].split("/", 1)[1]: row for row in json.loads(out.read_text())["benchmarks"]
                   if row["run_type"] == "aggregate"}
        self.assertNotIn("write_amplification_ratio", medians["hashmap"])
        self.assertNotIn("disk_bytes", medians["hashmap"])
        self.assertNotIn("compaction_bytes_written", medians["lmdb"])
        self.assertGreater(medians["rocksdb"]["write_amplification_ratio"], 0)
        self.assertGreater(medians["leveldb"]["serialize_calls_per_operation"], 0)
        self.assertEqual(medians["hashmap"]["serialize_calls_per_operation"], 0)
        for row in medians.values():
            self.assertGreater(row["latency_ns_p50"], 0)
            self.assertLessEqual(row["latency_ns_p50"], row["latency_ns_p99"])

    def test_the_same_seed_gives_the_same_digests_and_another_other_ones(self):
        digests = []
        for seed in (1, 1, 2):
            out = self.directory / "results.json"
            self.good("run", SMALL, "--workloads=list_append*", "--backends=hashmap", "--repetitions=1",
                      f"--seed={seed}", f"--out={out}")
            workload = json.loads(out.read_text())["context"]["workloads"][0]
            digests.append((workload["state_digest"], workload["read_digest"], workload["output_digest"]))
        self.assertEqual(digests[0], digests[1])
        self.assertNotEqual(digests[0], digests[2])

    def test_only_what_is_asked_for_is_run(self):
        table = self.good("run", SMALL, "--workloads=dedup*", "--backends=lmdb,hashmap", "--repetitions=1")
        self.assertIn("lmdb (again)", table)
        self.assertNotIn("rocksdb", table)
        self.assertNotIn("value_rmw", table)
        self.assertNotIn("\033", table)

    def test_engine_options_reach_the_engine(self):
        out = self.directory / "results.json"
        self.good("run", SMALL, "--workloads=dedup*", "--backends=rocksdb", "--repetitions=1", f"--out={out}",
                  "--engine_options=rocksdb.write_buffer_size=1048576")
        workload = json.loads(out.read_text())["context"]["workloads"][0]
        self.assertEqual(workload["engine_options"], {"rocksdb": {"write_buffer_size": "1048576"}})

    def test_what_fills_state_is_not_measured(self):
        out = self.directory / "results.json"
        table = self.good("run", "--set=*.source.events=400,*.source.keys=100,*.source.fill=yes", "--fill_events=100",
                          "--workloads=value_rmw*", "--repetitions=1", f"--out={out}")
        self.assertIn("200 operations fill state, checkpoint incremental, settled; then 600 operations", table)
        results = json.loads(out.read_text())
        self.assertEqual(violations(results, json.loads(SCHEMA.read_text())), [])
        workload = results["context"]["workloads"][0]
        self.assertEqual(workload["fill"], {"operations": 200, "checkpoint": "incremental", "settled": True})
        self.assertEqual(workload["operations"], 600)
        # All keys are there by then: each event finds its own.
        self.assertEqual(workload["hits"], 300)
        table = self.good("run", SMALL, "--fill_events=100", "--fill_checkpoint=none", "--settle=no",
                          "--workloads=value_rmw*", "--repetitions=1")
        self.assertIn("no checkpoint, not settled", table)

    def test_a_scaled_and_swept_suite(self):
        table = self.good("run", "--scale=0.001", "--workloads=value_rmw*", "--backends=hashmap", "--repetitions=1",
                          "--sweep=value_rmw*.source.zipf_theta=0.5:0.9")
        self.assertIn("value_rmw_zipf/zipf_theta=0.5: 200 events", table)
        self.assertIn("value_rmw_zipf/zipf_theta=0.9: 200 events", table)

    def test_mistakes_in_sizes_sweeps_and_filling(self):
        self.fails(2, "run", "--scale=-1", says=["--scale", "0.000001 to 1000000"])
        self.fails(2, "run", "--sweep=dedup", says=["--sweep", "<workload>"])
        self.fails(2, "run", "--sweep=dedup*.source.keys=1:x", says=["--sweep", "keys"])
        self.fails(2, "run", "--settle=perhaps", says=["--settle", "perhaps"])
        self.fails(2, "run", "--fill_checkpoint=some", says=["--fill_checkpoint", "some"])
        self.fails(1, "run", SMALL, "--fill_events=400", says=["nothing is left to measure"])

    def test_a_work_directory_is_used_and_left_empty(self):
        work = self.directory / "work"
        work.mkdir()
        self.good("run", SMALL, "--workloads=dedup*", "--repetitions=1", f"--directory={work}")
        self.assertEqual(list(work.iterdir()), [])

    def test_a_work_directory_that_can_not_be_used(self):
        plain = self.write("plain", "")
        self.fails(1, "run", f"--directory={self.directory}/none", says=["--directory", "none"])
        self.fails(1, "run", f"--directory={plain}", says=["--directory", "plain"])

    @unittest.skipIf(os.geteuid() == 0, "root may write everywhere")
    def test_a_work_directory_that_can_not_be_written(self):
        locked = self.directory / "locked"
        locked.mkdir(mode=0o500)
        self.fails(1, "run", f"--directory={locked}", says=["--directory", "locked"])

    def test_results_that_can_not_be_written_fail_before_the_run(self):
        self.fails(1, "run", f"--out={self.directory}/none/results.json", says=["--out", "none/results.json"])
        self.fails(1, "run", f"--out={self.directory}", says=["--out"])

    def test_a_failed_run_leaves_old_results_alone(self):
        out = self.write("results.json", "old")
        self.fails(2, "run", "--engine_options=lmdb.none=1", f"--out={out}", says=["none"])
        self.assertEqual(out.read_text(), "old")


if __name__ == "__main__":
    cli_testing.main()
