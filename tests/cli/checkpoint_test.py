#!/usr/bin/env python3
"""`run` and `replay` with checkpoints: what the results hold, what stays in a directory, and calls that are wrong."""

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
ONE = [SMALL, "--workloads=value_rmw*", "--repetitions=2"]


def files_below(directory):
    return sorted(str(path.relative_to(directory)) for path in directory.rglob("*") if path.is_file())


def incomplete_checkpoints(directory):
    """Folders of checkpoints without `_metadata`, and other files that no complete checkpoint can have."""
    folders = {path for path in directory.rglob("*") if path.is_dir() and path.name.startswith(("chk-", "savepoint-"))}
    return [str(path) for path in folders if any(path.iterdir()) and not (path / "_metadata").is_file()]


def completed_below(directory):
    """Whether there is a complete checkpoint; walked so that folders may go meanwhile."""
    return any("_metadata" in files for _, _, files in os.walk(directory))


class CheckpointTest(CliTest):
    def results(self, *arguments):
        out = self.directory / "results.json"
        table = self.good(*arguments, f"--out={out}")
        results = json.loads(out.read_text())
        self.assertEqual(violations(results, json.loads(SCHEMA.read_text())), [])
        return table, results

    def rows(self, results, kind):
        """{backend: its rows with checkpoints}."""
        found = {}
        for row in results["benchmarks"]:
            if row["run_name"].endswith("/checkpoints") and row["run_type"] == kind:
                found.setdefault(row["run_name"].split("/")[1], []).append(row)
        return found

    def test_each_kind_on_all_backends(self):
        for kind in ("full", "incremental", "savepoint"):
            table, results = self.results("run", *ONE, "--checkpoint_interval=250", f"--checkpoint_kind={kind}")
            self.assertIn(f"checkpoints, {kind}, each 250 operations: 4", table)
            asked = results["context"]["workloads"][0]["checkpoints"]
            self.assertEqual((asked["kind"], asked["interval_operations"], asked["planned"]), (kind, 250, 4))
            medians = self.rows(results, "aggregate")
            self.assertEqual(sorted(medians), sorted(BACKENDS))
            for backend, (median,) in medians.items():
                self.check_awaited(median, backend)
                # Everything in an increment or not, a checkpoint restores to what there was.
                self.assertGreater(median["restore_bytes"], 0)
                self.assertGreater(median["restore_time_ns"], 0)
                self.assertGreater(median["first_read_time_ns"], median["restore_time_ns"])
                self.assertGreater(median["operations_per_second_ratio"], 0)
                written = [checkpoint["bytes_written"] for checkpoint in median["checkpoints"]]
                if kind != "incremental":
                    self.assertEqual(median["checkpoint_bytes_reused"], 0)
                    self.assertGreater(median["restore_bytes"], 0)
                self.assertEqual(median["checkpoint_bytes_written"], sum(written))
            for backend, repetitions in self.rows(results, "iteration").items():
                self.assertEqual(len(repetitions), 2, backend)
                for row in repetitions:
                    self.assertEqual(row["checkpoints_taken"] + row["checkpoints_skipped"], 4)
                    self.assertEqual(row["checkpoints_taken"], len(row["checkpoints"]))
                    self.assertEqual(row["checkpoints"][-1]["operations"], row["iterations"])

    def check_awaited(self, median, backend):
        operations = [checkpoint["operations"] for checkpoint in median["checkpoints"]]
        self.assertEqual(operations, [250, 500, 750, 800], backend)
        self.assertEqual([checkpoint["delayed"] for checkpoint in median["checkpoints"]], [0, 0, 0, 0])
        for checkpoint in median["checkpoints"]:
            self.assertGreater(checkpoint["bytes_written"], 0, backend)
            self.assertGreater(checkpoint["bytes_changed"], 0)
            self.assertLessEqual(checkpoint["entries_changed"], checkpoint["entries"])
            self.assertAlmostEqual(checkpoint["amplification_ratio"],
                                   checkpoint["bytes_written"] / checkpoint["bytes_changed"])
            self.assertGreater(checkpoint["copy_time_ns"], 0)

    def test_what_changed_depends_on_the_seed_and_on_no_backend(self):
        changed = []
        for seed in (1, 1, 2):
            _, results = self.results("run", SMALL, "--workloads=map_point*", "--repetitions=1", f"--seed={seed}",
                                      "--checkpoint_interval=100")
            of_backends = {tuple((checkpoint["operations"], checkpoint["entries_changed"], checkpoint["bytes_changed"])
                                 for checkpoint in rows[0]["checkpoints"])
                           for rows in self.rows(results, "aggregate").values()}
            self.assertEqual(len(of_backends), 1)
            changed.append(of_backends)
        self.assertEqual(changed[0], changed[1])
        self.assertNotEqual(changed[0], changed[2])

    def test_replays_without_checkpoints_are_there_as_before(self):
        _, results = self.results("run", *ONE, "--checkpoint_interval=250")
        runs = [row["run_name"].split("/", 1)[1] for row in results["benchmarks"] if row["run_type"] == "aggregate"]
        self.assertEqual(runs, [*BACKENDS, "hashmap/again", *(f"{backend}/checkpoints" for backend in BACKENDS)])
        table, results = self.results("run", *ONE)
        self.assertNotIn("checkpoint", table + json.dumps(results["benchmarks"]))

    def test_replay_by_the_time_of_the_trace(self):
        rows = "".join(f"k{i % 7},{1000 + 10 * i}\n" for i in range(100))
        trace = self.directory / "in.trace"
        self.good("import", f"--input={self.write('in.csv', rows)}", f"--output={trace}")
        _, results = self.results("replay", trace, "--repetitions=1", "--checkpoint_interval_ms=400",
                                  "--backends=hashmap")
        median = self.rows(results, "aggregate")["hashmap"][0]
        self.assertEqual([checkpoint["operations"] for checkpoint in median["checkpoints"]], [80, 160, 200])
        self.assertEqual([checkpoint["time_ms"] for checkpoint in median["checkpoints"]], [1390, 1790, 1990])
        self.assertEqual(results["context"]["workloads"][0]["checkpoints"]["interval_ms"], 400)

    def test_a_suite_says_for_each_workload(self):
        suite = self.write("mine.yaml", "suite: mine\nrepetitions: 1\nworkloads:\n"
                           "  - name: dedup\n    source: {events: 300}\n"
                           "    checkpoint: {interval: 200, kind: full}\n"
                           "  - name: value_rmw\n    source: {events: 300}\n")
        _, results = self.results("run", f"--suite={suite}", "--backends=hashmap")
        asked = [workload.get("checkpoints", {}).get("kind") for workload in results["context"]["workloads"]]
        self.assertEqual(asked, ["full", None])
        _, results = self.results("run", f"--suite={suite}", "--backends=hashmap", "--checkpoint_kind=savepoint")
        asked = [workload.get("checkpoints", {}).get("kind") for workload in results["context"]["workloads"]]
        self.assertEqual(asked, ["savepoint", None])

    def test_a_directory_keeps_the_retained_checkpoints_of_each_backend(self):
        kept = self.directory / "kept"
        self.good("run", *ONE, "--checkpoint_interval=250", "--checkpoint_retained=2", f"--checkpoint_dir={kept}")
        (workload,) = kept.iterdir()
        self.assertEqual(sorted(path.name for path in workload.iterdir()), sorted(BACKENDS))
        for backend in workload.iterdir():
            complete = [path for path in backend.glob("chk-*/_metadata")]
            self.assertIn(len(complete), (1, 2), backend)  # One, when checkpoints were so slow that they were skipped.
        self.assertEqual(incomplete_checkpoints(kept), [])

    def test_wrong_values(self):
        for flag in ("--checkpoint_interval=often", "--checkpoint_interval=-1", "--checkpoint_interval=1.5",
                     "--checkpoint_interval_ms=1h", "--checkpoint_retained=all"):
            self.fails(2, "run", *ONE, flag, says=[flag.split("=")[0], flag.split("=")[1]])
        self.fails(2, "run", *ONE, "--checkpoint_interval=5", "--checkpoint_kind=fast",
                   says=["--checkpoint_kind", "fast", "full", "incremental", "savepoint"])
        self.fails(2, "run", *ONE, "--checkpoint_interval=5", "--checkpoint_retained=1001", says=["1001", "1000"])
        self.fails(2, "run", *ONE, "--checkpoint_interval=1000000000001",
                   says=["--checkpoint_interval", "1000000000000"])
        self.fails(2, "replay", "x", "--checkpoint_kind=fast", "--checkpoint_interval=1", says=["fast"])

    def test_two_intervals_or_none(self):
        for call in (["run", *ONE], ["replay", "x"]):
            self.fails(2, *call, "--checkpoint_interval=5", "--checkpoint_interval_ms=5",
                       says=["--checkpoint_interval ", "--checkpoint_interval_ms"])
            for flag in ("--checkpoint_kind=full", "--checkpoint_retained=2", f"--checkpoint_dir={self.directory}"):
                self.fails(2, *call, flag, says=[flag.split("=")[0], "--checkpoint_interval"])

    def test_an_absurdly_short_interval(self):
        self.fails(1, "run", "--set=*.source.events=20000", "--workloads=value_rmw*", "--repetitions=1",
                   "--backends=hashmap", "--checkpoint_interval=1", says=["10000", "longer"])

    def test_a_directory_that_can_not_be_used(self):
        call = ["run", *ONE, "--checkpoint_interval=100"]
        self.fails(1, *call, f"--checkpoint_dir={self.directory}/none/below", says=["--checkpoint_dir", "none"])
        self.fails(1, *call, f"--checkpoint_dir={self.write('plain', '')}", says=["--checkpoint_dir", "plain"])
        full = self.directory / "full"
        full.mkdir()
        (full / "mine").write_text("kept")
        self.fails(1, *call, f"--checkpoint_dir={full}", says=["--checkpoint_dir", "full", "not empty"])
        self.assertEqual((full / "mine").read_text(), "kept")

    def interrupt_midway(self, backend, *arguments, where):
        """Interrupts a call once it has completed a checkpoint below `where`."""
        call = [cli_testing.KVSTATE, "run", "--suite=checkpoint", "--workloads=uniform_50_percent", "--repetitions=2",
                "--set=*.source.events=20000,*.source.keys=500,*.source.epoch_events=500",
                f"--backends={backend}", "--checkpoint_interval=20", *arguments]
        with subprocess.Popen(call, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                              env=self.environment(), cwd=self.directory) as process:
            deadline = time.monotonic() + 120
            while process.poll() is None and time.monotonic() < deadline and not completed_below(where):
                time.sleep(0.01)
            time.sleep(0.1)
            os.kill(process.pid, signal.SIGINT)
            _, err = process.communicate(timeout=120)
        self.assertEqual(process.returncode, 130, err)
        self.assert_nothing_left()

    def test_interrupted_midway_nothing_stays_but_complete_checkpoints(self):
        for backend in BACKENDS:
            self.interrupt_midway(backend, where=self.scratch)
            kept = self.directory / f"kept-{backend}"
            kept.mkdir()
            self.interrupt_midway(backend, f"--checkpoint_dir={kept}", where=kept)
            self.assertEqual(incomplete_checkpoints(kept), [])
            self.assertEqual([name for name in files_below(kept) if name.endswith(".copy")], [])


if __name__ == "__main__":
    cli_testing.main()
