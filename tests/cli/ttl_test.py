#!/usr/bin/env python3
"""Ways of cleanup after a time to live: the suite, its results, traces from files, and wrong names."""

import json
import pathlib
import unittest

import cli_testing
from cli_testing import BACKENDS, CliTest
from json_schema import violations

SCHEMA = pathlib.Path(__file__).parents[2] / "results" / "schema" / "results.schema.json"

# A second holds 1,000 events, so 3 seconds of time to live are over several times.
TINY = "--set=ttl_*.source.events=12000,ttl_*.source.keys=2000,ttl_*.operator.ttl_ms=1500"
CLEANUP = ["no_ttl", "no_cleanup", "full_snapshot", "incremental", "sweep", "default"]


class TtlTest(CliTest):
    def results(self, *arguments):
        out = self.directory / "results.json"
        table = self.good("run", *arguments, f"--out={out}")
        results = json.loads(out.read_text())
        self.assertEqual(violations(results, json.loads(SCHEMA.read_text())), [])
        return table, results

    def medians(self, results):
        return {row["run_name"]: row for row in results["benchmarks"] if row["run_type"] == "aggregate"}

    def test_the_suite_compares_every_way_of_cleanup_on_every_backend(self):
        table, results = self.results("--suite=ttl", TINY + ",key_timers.source.events=2000", "--repetitions=1")
        medians = self.medians(results)
        for workload in results["context"]["workloads"]:
            if workload["workload"] == "key_timers":
                self.assertNotIn("ttl", workload)
                continue
            name = workload["name"]
            self.assertIn(f"{name}: ", table)
            self.assertGreater(workload["ttl"]["values_expired"], 0, name)
            for backend in BACKENDS:
                with_filter = ["compaction_filter"] if backend == "rocksdb" else []
                for cleanup in CLEANUP + with_filter:
                    self.assertIn(f"{name}/{backend}/ttl/{cleanup}", medians)
            self.assertNotIn(f"{name}/hashmap/ttl/compaction_filter", medians)
        self.assertIn("expired/live", table)

    def test_what_nobody_cleans_up_stays_and_is_counted(self):
        _, results = self.results("--suite=ttl", TINY, "--repetitions=1", "--workloads=cold_keys",
                                  "--ttl_cleanup=no_ttl,no_cleanup,incremental")
        medians = self.medians(results)
        for backend in BACKENDS:
            kept = medians[f"cold_keys/{backend}/ttl/no_cleanup"]
            cleaned = medians[f"cold_keys/{backend}/ttl/incremental"]
            self.assertGreater(kept["ttl_expired_values_end"], 1500, backend)
            self.assertLess(cleaned["ttl_expired_values_end"], kept["ttl_expired_values_end"], backend)
            self.assertLess(cleaned["ttl_lag_ms_p99"], kept["ttl_lag_ms_p99"], backend)
            self.assertEqual(cleaned["ttl_live_values_end"], kept["ttl_live_values_end"], backend)
            self.assertEqual(kept["ttl_time_bytes_per_value"], 8, backend)
            self.assertGreater(cleaned["ttl_entries_removed"], 0, backend)
            self.assertIn("operations_per_second_ratio_to_no_ttl", cleaned)
            untimed = medians[f"cold_keys/{backend}/ttl/no_ttl"]
            self.assertEqual(untimed["ttl_expired_values_end"], kept["ttl_expired_values_end"], backend)
            self.assertNotIn("ttl_lag_ms_p50", untimed)
            self.assertNotIn("ttl_cleanup_time_ns", untimed)
            moments = kept["ttl_moments"]
            self.assertEqual([moment["live_values"] for moment in moments],
                             [moment["live_values"] for moment in cleaned["ttl_moments"]])
            self.assertEqual(sorted(moment["time_ms"] for moment in moments), [m["time_ms"] for m in moments])

    def test_a_savepoint_leaves_out_what_has_expired_where_it_is_asked_to(self):
        _, results = self.results("--suite=ttl", TINY, "--repetitions=1", "--workloads=cold_keys",
                                  "--ttl_cleanup=no_cleanup,full_snapshot")
        medians = self.medians(results)
        for backend in BACKENDS:
            whole = medians[f"cold_keys/{backend}/ttl/no_cleanup"]["ttl_savepoint_bytes_written"]
            filtered = medians[f"cold_keys/{backend}/ttl/full_snapshot"]["ttl_savepoint_bytes_written"]
            self.assertLess(filtered, whole / 2, backend)

    def test_a_trace_from_a_file_keeps_its_time_to_live(self):
        rows = "".join(f"{i % 700},{i},x\n" for i in range(6000))
        csv = self.write("events.csv", rows)
        trace = self.directory / "events.trace"
        self.good("import", f"--input={csv}", f"--output={trace}", "--operator=ttl_dedup", "--set=ttl_ms=1000")
        out = self.directory / "results.json"
        table = self.good("replay", trace, "--repetitions=1", "--ttl_cleanup=no_cleanup,default", f"--out={out}")
        self.assertIn("expired/live", table)
        results = json.loads(out.read_text())
        self.assertEqual(violations(results, json.loads(SCHEMA.read_text())), [])
        self.assertGreater(results["context"]["workloads"][0]["ttl"]["values_expired"], 1000)
        # Each key comes each 700 ms: let through at 0, dropped at 700, let through at 1400; the first 400 nine times.
        self.assertEqual(results["context"]["workloads"][0]["operations"], 6000 + 400 * 5 + 300 * 4)

    def test_wrong_names_are_told_with_what_is_allowed(self):
        self.fails(2, "run", "--ttl_cleanup=often", says=["--ttl_cleanup", "often", "no_cleanup", "default"])
        self.fails(2, "run", "--ttl_cleanup=sweep,sweep", says=["--ttl_cleanup", "twice"])
        suite = self.write("s.yaml", "suite: s\nworkloads:\n  - name: ttl_dedup\n    ttl: {cleanup: [often]}\n")
        self.fails(2, "run", f"--suite={suite}", says=["s.yaml:4", "often", "compaction_filter"])

    def test_a_workload_without_a_time_to_live_has_nothing_to_clean_up(self):
        result = self.call("run", "--suite=quick", "--set=*.source.events=300", "--repetitions=1",
                           "--workloads=dedup_miss", "--ttl_cleanup=default")
        self.assertEqual(result.returncode, 1)
        self.assertIn("time to live", result.stderr)
        self.assert_nothing_left()


if __name__ == "__main__":
    cli_testing.main()
