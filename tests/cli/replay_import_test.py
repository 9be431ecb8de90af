#!/usr/bin/env python3
"""`kvstate import` and `kvstate replay`: a stream from a file to a trace to all backends, and files that are wrong."""

import gzip
import json
import os
import unittest

import cli_testing
from cli_testing import BACKENDS, CliTest


def rows(count, keys=17):
    return "".join(f"key{i * 7 % keys},{i * 1000 - i % 5},value {i}\n" for i in range(count))


def stored_zstd(content, frame_bytes=30000):
    """Frames of zstd with blocks that are as they are: Python packs none itself."""
    frames = b""
    for at in range(0, len(content), frame_bytes):
        part = content[at:at + frame_bytes]
        frames += (0xfd2fb528).to_bytes(4, "little") + b"\xa0" + len(part).to_bytes(4, "little")
        frames += (1 | len(part) << 3).to_bytes(3, "little") + part
    return frames


def rocksdb_trace():
    """Two column families: two puts and a merge, a get, a seek."""
    def record(kind, payload):
        return (10**15).to_bytes(8, "little") + bytes([kind]) + len(payload).to_bytes(4, "little") + payload

    batch = bytes(8) + (3).to_bytes(4, "little") + b"\x01\x02ab\x011\x01\x02ac\x012\x06\x03\x01l\x0233"
    return (record(1, b"feedcafedeadbeef\tTrace Version: 0.2\tRocksDB Version: 7.8\tFormat: any\n") +
            record(3, (2).to_bytes(8, "little") + bytes([len(batch)]) + batch) +
            record(4, (12).to_bytes(8, "little") + bytes(4) + b"\x02ab") +
            record(5, (48).to_bytes(8, "little") + bytes(4) + b"\x01a") + record(2, b""))


class ReplayImportTest(CliTest):
    def make_trace(self, name="trace.kvtrace", *, count=500, operator="value_rmw", **flags):
        source = self.write("in.csv", rows(count))
        out = self.good("import", f"--input={source}", f"--output={self.directory / name}", "--time_unit=us",
                        f"--operator={operator}", *(f"--{flag}={value}" for flag, value in flags.items()))
        self.assertIn(f"{count} events", out)
        return self.directory / name

    def replay(self, *traces, repetitions=1):
        out = self.directory / "results.json"
        table = self.good("replay", *traces, f"--repetitions={repetitions}", f"--out={out}")
        return table, json.loads(out.read_text())

    def test_a_stream_is_imported_and_replayed_on_all_backends(self):
        trace = self.make_trace()
        table, results = self.replay(trace, repetitions=2)
        self.assertIn("trace: ", table)
        for backend in BACKENDS:
            self.assertIn(f"\n{backend} ", table)
        self.assertEqual(results["context"]["workloads"][0]["entries"], 17)
        self.assertEqual(len(results["benchmarks"]), 5 * 3)

    def test_operators_take_a_file_but_those_of_events_of_their_own(self):
        source = self.write("in.csv", rows(3))
        for workload in json.loads(self.good("list", "--json"))["workloads"]:
            if not workload["takes_any_events"]:
                self.fails(2, "import", f"--input={source}", f"--output={self.directory}/none.kvtrace",
                           f"--operator={workload['name']}", says=["--operator", workload["name"], "kvstate record"])
                continue
            trace = self.make_trace(f"{workload['name']}.kvtrace", operator=workload["name"], value_column=2,
                                    time_unit="ms")
            self.replay(trace)

    def test_a_column_says_of_which_stream_an_event_is(self):
        lines = "".join(f"{key},{1000 + key},{side}\n" for key in range(20) for side in (0, 1))
        trace = self.directory / "join.kvtrace"
        flags = (f"--input={self.write('in.csv', lines)}", f"--output={trace}", "--operator=continuous_join")
        self.good("import", *flags, "--stream_column=2")
        info = json.loads(self.good("trace", "info", "--json", str(trace)))
        self.assertIn("right", json.dumps(info))
        self.fails(1, "import", *flags, "--stream_column=1", says=["stream 1000", "0 (left) and 1 (right)"])

    def test_gzip_headers_and_names_give_the_same_trace(self):
        plain = self.write("plain.csv", rows(300))
        named = self.write("named.csv.gz", gzip.compress(("who,when,what\n" + rows(300)).encode()))
        digests = []
        for flags in ([f"--input={plain}", "--value_column=2"],
                      [f"--input={named}", "--header", "--key_column=who", "--time_column=when",
                       "--value_column=what"]):
            trace = self.directory / "trace.kvtrace"
            self.good("import", *flags, f"--output={trace}", "--time_unit=us", "--operator=list_append")
            digests.append(trace.read_bytes())
        self.assertEqual(digests[0], digests[1])

    def test_json_lines_and_zstd_give_the_same_trace(self):
        fields = [row.split(",") for row in rows(300).splitlines()]
        lines = "".join(json.dumps({"what": what, "who": {"name": who}, "when": int(when)}) + "\n"
                        for who, when, what in fields)
        column_flags = ["--format=jsonl", "--key_column=who.name", "--time_column=when", "--value_column=what"]
        traces = []
        for name, content, flags in (("in.csv", rows(300).encode(), ["--value_column=2"]),
                                     ("in.csv.zst", stored_zstd(rows(300).encode()), ["--value_column=2"]),
                                     ("in.jsonl", lines.encode(), column_flags),
                                     ("in.jsonl.gz", gzip.compress(lines.encode()), column_flags),
                                     ("in.jsonl.zst", stored_zstd(lines.encode()), column_flags)):
            trace = self.directory / "trace.kvtrace"
            self.good("import", f"--input={self.write(name, content)}", *flags, f"--output={trace}", "--time_unit=us",
                      "--operator=list_append")
            traces.append(trace.read_bytes())
        self.assertEqual(len(set(traces)), 1)

    def test_bad_json_lines_are_errors_with_their_line_or_counted(self):
        source = self.write("bad.jsonl", '{"k":"a","t":1}\n{"k":"b"}\n{"k":"c","t":3}\nd,4\n')
        trace = self.directory / "trace.kvtrace"
        flags = ["import", "--format=jsonl", f"--input={source}", f"--output={trace}", "--key_column=k",
                 "--time_column=t"]
        self.fails(1, *flags, says=["bad.jsonl:2:", "no 't'"])
        self.assertFalse(trace.exists())
        out = self.good(*flags, "--skip_bad_rows")
        self.assertIn("2 events", out)
        self.assertIn("2 bad rows", out)

    def import_accesses(self, name, content, *flags):
        trace = self.directory / f"{name}.kvtrace"
        out = self.good("import", f"--input={self.write(name, content)}", f"--output={trace}", *flags)
        _, results = self.replay(trace)
        return out, results["context"]["workloads"][0]["entries"]

    def test_accesses_of_other_programs_are_imported_and_replayed(self):
        out, entries = self.import_accesses(
            "gadget.log", "1 get 7 00 g g\n1 put 7 00 g g\n2 put 8  g g\n3 seek 7 0 g g\n4 delete 8 0 g g\n",
            "--format=gadget")
        self.assertIn(" 4 operations on 1 states", out)
        self.assertIn("left out: 1 seeks in value states", out)
        self.assertEqual(entries, 1)
        out, entries = self.import_accesses(
            "ycsb.out.gz", gzip.compress(b"YCSB Client 0.17.0\n"
                                         b"INSERT usertable user1 [ field0=abc field1= x ]\n"
                                         b"READ usertable user1 [ <all fields>]\n"
                                         b"UPDATE usertable user2 [ field0=abc ]\n[OVERALL], RunTime(ms), 310\n"),
            "--format=ycsb")
        self.assertIn(" 4 operations on 1 states", out)
        self.assertEqual(entries, 3)
        out, entries = self.import_accesses("queries.trace", rocksdb_trace(), "--format=rocksdb_trace")
        self.assertIn(" 4 operations on 2 states", out)
        self.assertEqual(entries, 3)
        out, entries = self.import_accesses("maps.trace", rocksdb_trace(), "--format=rocksdb_trace",
                                            "--key_prefix_bytes=1", "--seek_steps=3")
        self.assertIn(" 5 operations on 2 states", out)
        self.assertEqual(entries, 3)

    def test_bad_accesses_are_errors_with_their_place_or_counted(self):
        trace = self.directory / "trace.kvtrace"
        for name, content, place in (("gadget", "1 get 7 0\n2 got 7 0\n", "bad:2:"),
                                     ("ycsb", "DELETE t k\n\nREAD t k [ f\n", "bad:3:"),
                                     ("rocksdb_trace", rocksdb_trace()[:-5], "bad at offset ")):
            flags = ["import", f"--format={name}", f"--input={self.write('bad', content)}", f"--output={trace}"]
            self.fails(1, *flags, says=[place])
            self.assertFalse(trace.exists())
            self.assertIn("1 bad rows were skipped", self.good(*flags, "--skip_bad_rows"))
            trace.unlink()

    def test_a_bad_row_is_an_error_with_its_line_or_counted(self):
        source = self.write("bad.csv", "a,1\nb,two\nc,3\nd\ne\"x,5\nf,6\n")
        trace = self.directory / "trace.kvtrace"
        self.fails(1, "import", f"--input={source}", f"--output={trace}", says=["bad.csv:2:", "two"])
        self.assertFalse(trace.exists())
        out = self.good("import", f"--input={source}", f"--output={trace}", "--skip_bad_rows")
        self.assertIn("3 events", out)
        self.assertIn("3 bad rows", out)
        self.assertIn("bad.csv:2:", out)

    def test_import_usage(self):
        source = self.write("in.csv", rows(3))
        trace = self.directory / "trace.kvtrace"
        good = [f"--input={source}", f"--output={trace}"]
        self.fails(2, "import", says=["--input"])
        self.fails(2, "import", f"--input={source}", says=["--output"])
        self.fails(2, "import", *good, "--format=parquet", says=["parquet", "csv", "jsonl"])
        self.fails(2, "import", *good, "--format=jsonl", says=["--key_column", "--time_column"])
        self.fails(2, "import", *good, "--format=jsonl", "--key_column=k", "--time_column=t", "--header",
                   says=["--header"])
        self.fails(2, "import", *good, "--key_prefix_bytes=4", says=["--key_prefix_bytes", "rocksdb_trace and gadget"])
        self.fails(2, "import", *good, "--format=gadget", "--seek_steps=4", says=["--seek_steps", "rocksdb_trace"])
        self.fails(2, "import", *good, "--format=ycsb", "--operator=value_rmw", says=["--operator", "csv and jsonl"])
        self.fails(2, "import", *good, "--format=ycsb", "--time_unit=s", says=["--time_unit", "gadget"])
        self.fails(2, "import", *good, "--format=gadget", "--key_prefix_bytes=70000", says=["65535"])
        self.fails(1, "import", *good, "--format=rocksdb_trace", says=["in.csv", "no trace of RocksDB"])
        self.fails(2, "import", *good, "--time_unit=min", says=["min", "us, ms and s"])
        self.fails(2, "import", *good, "--operator=none", says=["none", "value_rmw"])
        self.fails(2, "import", *good, "--set=none=1", says=["none"])
        self.fails(2, "import", *good, "--key_column=who", says=["who"])
        self.fails(1, "import", *good, "--time_column=7", says=["in.csv:1:", "3 columns"])
        self.fails(1, "import", f"--input={source}.none", f"--output={trace}", says=["in.csv.none"])
        self.fails(1, "import", f"--input={source}", f"--output={self.directory}/none/t", says=["--output"])
        self.assertFalse(trace.exists())

    def test_cut_short_gzip_is_an_error(self):
        whole = gzip.compress(rows(5000).encode())
        source = self.write("short.gz", whole[:len(whole) // 2])
        self.fails(1, "import", f"--input={source}", f"--output={self.directory}/t", "--time_unit=us",
                   says=["short.gz", "cut short"])

    def test_cut_short_zstd_is_an_error(self):
        whole = stored_zstd(rows(5000).encode())
        source = self.write("short.zst", whole[:len(whole) // 2])
        self.fails(1, "import", f"--input={source}", f"--output={self.directory}/t", "--time_unit=us",
                   says=["short.zst", f"after {len(whole) // 2} bytes", "cut short"])

    def test_damaged_traces_are_refused_with_block_and_offset(self):
        whole = self.make_trace(count=30000).read_bytes()
        self.fails(1, "replay", self.write("short.kvtrace", whole[:-10]), says=["short.kvtrace", "cut short"])
        damaged = bytearray(whole)
        damaged[len(whole) // 2] ^= 1
        self.fails(1, "replay", self.write("damaged.kvtrace", bytes(damaged)),
                   says=["damaged.kvtrace", "block", "offset", "checksum"])
        newer = bytearray(whole)
        newer[11] += 1
        self.fails(1, "replay", self.write("newer.kvtrace", bytes(newer)), says=["newer.kvtrace", f"version {newer[11]}"])
        self.fails(1, "replay", self.write("foreign.kvtrace", "a,1\n"), says=["foreign.kvtrace", "not a kvstate trace"])
        self.fails(1, "replay", self.write("empty.kvtrace", ""), says=["empty.kvtrace"])
        self.fails(1, "replay", self.directory / "none.kvtrace", says=["none.kvtrace"])

    def test_replay_usage(self):
        self.fails(2, "replay", says=["trace file"])
        trace = self.make_trace()
        self.fails(2, "replay", trace, "--backends=redis", says=["redis", *BACKENDS])

    def test_an_empty_stream_says_so(self):
        source = self.write("empty.csv", "")
        self.good("import", f"--input={source}", f"--output={self.directory}/t")
        self.fails(1, "replay", f"{self.directory}/t", says=["no operations"])

    @unittest.skipUnless(os.environ.get("KVSTATE_TRIAL_DATA"), "KVSTATE_TRIAL_DATA names no directory of trial data")
    def test_trial_data(self):
        source = os.path.join(os.environ["KVSTATE_TRIAL_DATA"], "borg_jobs.csv.gz")
        for key, entries in ((0, 9365), (3, 166)):
            trace = self.directory / f"borg{key}.kvtrace"
            out = self.good("import", f"--input={source}", f"--output={trace}", "--time_unit=us",
                            f"--key_column={key}")
            self.assertIn("26250 events", out)
            _, results = self.replay(trace)
            self.assertEqual(results["context"]["workloads"][0]["entries"], entries)


if __name__ == "__main__":
    cli_testing.main()
