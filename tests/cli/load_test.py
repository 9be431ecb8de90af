#!/usr/bin/env python3
"""Replays at a pace, on parallel instances, and the search for capacity: results, wrong flags, interrupts."""

import json
import os
import pathlib
import signal
import subprocess
import time

import cli_testing
from cli_testing import BACKENDS, SMALL, CliTest
from json_schema import violations

SCHEMA = pathlib.Path(__file__).parents[2] / "results" / "schema" / "results.schema.json"
PACED = ("response_time_ns_p50", "response_time_ns_p90", "response_time_ns_p99", "response_time_ns_p999",
         "response_time_ns_max", "late_ratio", "backlog_operations_max", "busy_ratio", "fed_late_ratio",
         "offered_operations_per_second", "achieved_operations_per_second", "achieved_ratio")


class LoadTest(CliTest):
    def trace(self, workload="value_rmw", events=2000):
        """1,000 events a second of the trace's time, two operations each."""
        path = self.directory / "recorded.trace"
        if not path.exists():
            self.good("record", workload, f"--set=*.source.events={events}", f"--output={path}")
        return path

    def results(self, *arguments):
        out = self.directory / "results.json"
        table = self.good(*arguments, "--repetitions=1", f"--out={out}")
        results = json.loads(out.read_text())
        self.assertEqual(violations(results, json.loads(SCHEMA.read_text())), [])
        return table, results

    def medians(self, results):
        return {row["run_name"]: row for row in results["benchmarks"] if row["run_type"] == "aggregate"}

    def test_at_a_rate_the_response_times_of_every_backend_are_in_the_results(self):
        table, results = self.results("replay", self.trace(), "--rate=20000", "--arrivals=poisson", "--seed=7")
        self.assertEqual(results["context"]["workloads"][0]["load"],
                         {"pace": "rate", "parallelism": 1, "rate": 20000, "arrivals": "poisson", "seed": 7})
        self.assertIn("20.0 k operations a second, poisson", table)
        self.assertIn("keeps up", table)
        for backend in BACKENDS:
            row = self.medians(results)[f"recorded/{backend}/load"]
            for figure in PACED:
                self.assertIn(figure, row, backend)
            # Chance: 4,000 gaps, four standard errors.
            self.assertAlmostEqual(row["offered_operations_per_second"], 20000, delta=20000 * 4 / 4000 ** 0.5)
            self.assertLessEqual(row["achieved_operations_per_second"], row["offered_operations_per_second"])
            self.assertGreaterEqual(row["response_time_ns_max"], row["response_time_ns_p50"])
            self.assertEqual(row["threads"], 1)
            self.assertNotIn("response_time_ns_p50", self.medians(results)[f"recorded/{backend}"])

    def test_above_what_a_backend_can_do_it_is_said_to_fall_behind(self):
        table, results = self.results("replay", self.trace(events=50000), "--rate=1e9", "--backends=rocksdb,lmdb")
        for backend in ("rocksdb", "lmdb"):
            row = self.medians(results)[f"recorded/{backend}/load"]
            self.assertLess(row["achieved_ratio"], 0.5)
            self.assertGreater(row["late_ratio"], 0.9)
            # The last operations have waited for nearly all others.
            self.assertGreater(row["response_time_ns_max"], 1000 * row["latency_ns_p50"])
            self.assertIn(f"{backend} cannot keep up", table)

    def test_the_traces_own_time_is_a_pace(self):
        trace = self.trace()
        for speed, factor in (("real", 1), ("x10", 10)):
            _, results = self.results("replay", trace, f"--speed={speed}", "--backends=hashmap")
            load = results["context"]["workloads"][0]["load"]
            self.assertEqual((load["pace"], load["speed"]), ("trace", factor))
            row = self.medians(results)["recorded/hashmap/load"]
            self.assertGreater(row["offered_operations_per_second"], 0)

    def test_parallel_instances_end_as_one_does(self):
        for arguments in (["--workloads=*"], ["--workloads=tumbling*,value*", "--rate=50000"]):
            table, results = self.results("run", SMALL, "--parallelism=2", *arguments)
            self.assertIn("2 parallel instances", table)
            for workload in results["context"]["workloads"]:
                self.assertEqual(workload["load"]["parallelism"], 2)
                for backend in BACKENDS:
                    row = self.medians(results)[f"{workload['name']}/{backend}/load"]
                    self.assertEqual(row["threads"], 2)
                    self.assertLessEqual(row["instance_operations_min"], row["instance_operations_max"])
                    self.assertGreater(row["instance_operations_per_second_min"], 0)

    def test_timers_and_times_to_live_are_split_too(self):
        for workloads, *cleanup in (["timers_1"], ["cold_keys", "--ttl_cleanup=default"]):
            self.results("run", "--suite=ttl", "--parallelism=3", f"--workloads={workloads}",
                         "--set=*.source.events=3000", *cleanup)

    def test_the_memory_budget_is_shared(self):
        self.results("replay", self.trace(), "--parallelism=2", "--backends=rocksdb",
                     "--engine_options=rocksdb.managed_memory_bytes=67108864")

    def test_the_capacity_lies_between_a_rate_that_held_and_one_that_did_not(self):
        table, results = self.results("replay", self.trace(events=20000), "--backends=rocksdb", "--find_capacity",
                                      "--latency_objective_ms=20", "--latency_quantile=p90")
        self.assertIn("at most 20 ms at p90", table)
        load = results["context"]["workloads"][0]["load"]
        self.assertEqual((load["pace"], load["latency_objective_ms"], load["latency_quantile"]), ("capacity", 20, "p90"))
        row = self.medians(results)["recorded/rocksdb/capacity"]
        self.assertGreater(row["capacity_probes"], 3)
        held = row["capacity_operations_per_second"]
        failed = row["capacity_failed_operations_per_second"]
        self.assertGreater(failed, held)
        self.assertLessEqual(failed / held, 1.031)
        self.assertLessEqual(row["response_time_ns_p90"], 20e6)
        self.assertAlmostEqual(row["offered_operations_per_second"] / held, 1, delta=0.01)

    def test_an_objective_that_nothing_keeps_has_no_capacity(self):
        table, results = self.results("replay", self.trace(), "--backends=rocksdb", "--find_capacity",
                                      "--latency_objective_ms=0.0001")
        row = self.medians(results)["recorded/rocksdb/capacity"]
        self.assertNotIn("capacity_operations_per_second", row)
        self.assertIn("capacity_failed_operations_per_second", row)
        self.assertIn("rocksdb keeps the objective at no rate", table)

    def test_wrong_flags_are_refused_with_what_is_allowed(self):
        trace = self.trace()
        for flag, *says in (
                ("--rate=0", "--rate", "'0'", "0.001"), ("--rate=-5", "--rate", "'-5'"), ("--rate=fast", "'fast'"),
                ("--rate=nan", "'nan'"), ("--rate=1e300", "1e300"), ("--speed=x0", "--speed", "'0'"),
                ("--speed=10", "'10'", "max", "real", "x10"), ("--speed=x", "--speed"),
                ("--parallelism=129", "--parallelism", "129", "128", "key group"),
                ("--parallelism=2000", "2000", "128"), ("--parallelism=-1", "--parallelism"),
                ("--arrivals=poisson", "--arrivals", "--rate"), ("--latency_objective_ms=5", "--find_capacity"),
                ("--latency_quantile=p99", "--find_capacity"), ("--find_capacity", "--latency_objective_ms")):
            self.fails(2, "replay", trace, flag, says=says)
            if flag != "--parallelism=2000":
                self.fails(2, "run", flag, says=says)
        self.fails(2, "replay", trace, "--rate=5", "--speed=real", says=["--rate", "--speed"])
        self.fails(2, "replay", trace, "--rate=5", "--arrivals=bursts", says=["bursts", "constant", "poisson"])
        capacity = ("replay", trace, "--find_capacity", "--latency_objective_ms=5")
        self.fails(2, *capacity, "--rate=5", says=["--find_capacity", "--rate"])
        self.fails(2, *capacity, "--speed=real", says=["--find_capacity", "--speed"])
        self.fails(2, *capacity, "--latency_quantile=p95", says=["p95", "p99"])
        self.fails(2, "replay", trace, "--find_capacity", "--latency_objective_ms=0", says=["--latency_objective_ms"])

    def test_a_trace_whose_time_stands_still_sets_no_pace(self):
        csv = self.write("events.csv", "a,5\nb,5\nc,5\n")
        trace = self.directory / "still.trace"
        self.good("import", f"--input={csv}", f"--output={trace}")
        result = self.call("replay", trace, "--repetitions=1", "--speed=real", "--backends=hashmap")
        self.assertEqual(result.returncode, 1)
        self.assertIn("stands still", result.stderr)
        self.assert_nothing_left()

    def test_an_interrupt_in_a_wait_ends_it_at_once(self):
        trace = self.trace()
        for pace in ("--rate=0.01", "--speed=x0.00001"):
            with subprocess.Popen([cli_testing.KVSTATE, "replay", trace, "--repetitions=1", pace, "--parallelism=2"],
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=self.directory,
                                  env=self.environment()) as process:
                # By then the replays without a pace are done; were they not, the end would come as fast.
                time.sleep(4)
                self.assertIsNone(process.poll())
                told = time.monotonic()
                os.kill(process.pid, signal.SIGINT)
                _, err = process.communicate(timeout=120)
                self.assertEqual(process.returncode, 130, err)
                self.assertIn("interrupted", err)
                # At that pace the next operation is a minute away.
                self.assertLess(time.monotonic() - told, 30)
            self.assert_nothing_left()


if __name__ == "__main__":
    cli_testing.main()
