#!/usr/bin/env python3
"""Wrong calls: exit code 2 and a message that lists what exists."""

import cli_testing
from cli_testing import BACKENDS, CliTest


class UsageTest(CliTest):
    def test_a_swept_entry_is_recorded_by_its_variants_name(self):
        self.fails(2, "record", "value", "--suite=state-micro", "--output=none.trace",
                   says=["sweeps 'value'", "value/access=get"])

    def test_help_lists_the_commands(self):
        for arguments in (["help"], ["--help"]):
            out = self.good(*arguments)
            for command in ("list", "run", "record", "replay", "import", "trace info"):
                self.assertIn(f"\n  {command}", out)

    def test_no_command_shows_the_overview_as_an_error(self):
        result = self.call()
        self.assertEqual(result.returncode, 2)
        self.assertIn("kvstate <command>", result.stderr)

    def test_help_of_a_command_lists_its_own_flags_alone(self):
        run = self.good("run", "--help")
        for flag in ("--suite", "--backends", "--repetitions", "--out", "--directory"):
            self.assertIn(f"\n  {flag} (", run)
        for foreign in ("--key_column", "--json", "--flagfile", "--v "):
            self.assertNotIn(foreign, run)
        self.assertIn("--key_column", self.good("import", "--help"))

    def test_unknown_command(self):
        self.fails(2, "frobnicate", says=["frobnicate", "list", "run", "replay", "import", "help"])

    def test_unknown_flag(self):
        self.fails(2, "run", "--repetition=3", says=["--repetition;", "--repetitions", "--backends"])
        self.fails(2, "list", "--suite=quick", says=["--suite;", "--json"])
        self.fails(2, "run", "--fromenv=HOME", says=["--fromenv"])

    def test_wrong_flag_values(self):
        for flag in ("--repetitions=many", "--repetitions=-1", "--repetitions=1.5", "--seed=x"):
            self.fails(2, "run", flag, says=[flag.split("=")[0], flag.split("=")[1]])
        self.fails(2, "run", "--repetitions=1001", says=["1001", "1000"])
        self.fails(2, "list", "--json=perhaps", says=["--json", "perhaps"])
        self.fails(2, "run", "--out", says=["--out needs a value"])

    def test_arguments_where_none_are_taken(self):
        self.fails(2, "run", "quick", says=["quick", "--suite"])

    def test_unknown_backend_lists_the_backends(self):
        for command in (["run"], ["replay", "x"]):
            if command[0] == "replay":
                continue
            self.fails(2, *command, "--backends=hashmap,redis", says=["redis", *BACKENDS])
        self.fails(2, "run", "--backends=lmdb,lmdb", says=["lmdb", "twice"])

    def test_unknown_suite_workload_and_parameter(self):
        self.fails(2, "run", "--suite=slow", says=["slow", "quick"])
        self.fails(2, "run", "--workloads=zzz*", says=["zzz*", "value_rmw"])
        self.fails(2, "run", "--set=*.source.event=5", says=["event", "events"])
        self.fails(2, "run", "--set=*.source.events=few", says=["events", "few"])
        self.fails(2, "run", "--set=events=5", says=["<workload>.source.<parameter>=<value>"])
        self.fails(2, "run", "--set=zzz.source.events=5", says=["zzz", "value_rmw"])

    def test_wrong_engine_options(self):
        self.fails(2, "run", "--engine_options=rocksdb.write_buffers=1", says=["write_buffers", "write_buffer_size"])
        self.fails(2, "run", "--engine_options=rocksdb.write_buffer_size=big", says=["write_buffer_size", "big"])
        self.fails(2, "run", "--engine_options=redis.x=1", says=["redis", *BACKENDS])
        self.fails(2, "run", "--engine_options=write_buffer_size=1", says=["<backend>.<option>=<value>"])
        self.fails(2, "run", "--backends=lmdb", "--engine_options=rocksdb.block_size=1", says=["--backends"])

    def test_suite_file_mistakes_have_their_line(self):
        suite = self.write("mine.yaml", "suite: mine\nworkloads:\n  - name: dedup\n    sorce: {events: 1}\n")
        self.fails(2, "run", f"--suite={suite}", says=["mine.yaml:4:", "sorce", "source"])
        suite = self.write("mine.yaml", "suite: mine\nrepetitions: [1]\nworkloads: [{name: dedup}]\n")
        self.fails(2, "run", f"--suite={suite}", says=["mine.yaml:2:", "repetitions"])
        self.fails(1 + 1, "run", "--suite=./none.yaml", says=["none.yaml"])


if __name__ == "__main__":
    cli_testing.main()
