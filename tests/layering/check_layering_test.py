#!/usr/bin/env python3
"""The canary of the layering check: each rule, broken in a small tree of its own, must be reported."""

import pathlib
import tempfile
import unittest

from check_layering import Checker


def header(guard, body=""):
    return f"#ifndef {guard}\n#define {guard}\n{body}\n#endif\n"


class LayeringTest(unittest.TestCase):
    def violations_of(self, files):
        with tempfile.TemporaryDirectory() as folder:
            for name, text in files.items():
                path = pathlib.Path(folder) / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8")
            return Checker(folder).run()

    def expect(self, rule, name, text):
        found = self.violations_of({name: text})
        self.assertEqual(len(found), 1, found)
        self.assertIn(f": {rule}", found[0])
        self.assertTrue(found[0].startswith(name + ":"), found[0])

    def test_a_good_tree_has_no_violation(self):
        self.assertEqual([], self.violations_of({
            "api/include/kvstate/a.h": header("KVSTATE_A_H_", '#include <map>\n#include "kvstate/b.h"'),
            "backends/rocksdb/a.cc": '#include "rocksdb/db.h"\n#include "backends/embedded/ordered_store.h"\n',
            "backends/lmdb/a.cc": "#include <lmdb.h>\n",
            "backends/rocksdb/a_test.cc": '#include "backends/common/a.h"\n',
            "workloads/a.cc": '#include "kvstate/a.h"\n// There is no system_clock and no getenv here.\n',
            "harness/cli/main.cc": '#include <gflags/gflags.h>\nconst char* home = getenv("HOME");\n',
            "harness/replay/a.cc": '#include "workloads/workload.h"\nauto t = std::chrono::steady_clock::now();\n',
        }))

    def test_the_api_includes_the_standard_library_and_itself_alone(self):
        for included in ("<fmt/format.h>", "<unistd.h>", '"absl/base/config.h"'):
            self.expect("the api includes", "api/src/a.cc", f"#include {included}\n")

    def test_the_api_includes_no_layer_above_it(self):
        found = self.violations_of({"api/src/a.cc": '#include "backends/common/a.h"\n'})
        self.assertTrue(any("api must not include this layer" in line for line in found), found)

    def test_the_api_names_no_engine(self):
        for word in ("RocksDB", "leveldb", "LMDB", "HashMap"):
            self.expect("the api names no engine", "api/src/a.cc", f"// Faster than {word}.\n")

    def test_an_engines_headers_stay_in_its_folder(self):
        for included in ("<rocksdb/db.h>", '"leveldb/env.h"', "<lmdb.h>"):
            self.expect("an engine's headers", "backends/embedded/a.cc", f"#include {included}\n")
        self.expect("an engine's headers", "backends/lmdb/a.cc", "#include <rocksdb/db.h>\n")
        self.expect("an engine's headers", "harness/replay/a.cc", "#include <rocksdb/db.h>\n")
        self.expect("an engine's headers", "tests/unit/a.cc", "#include <leveldb/db.h>\n")

    def test_a_backend_never_includes_another(self):
        self.expect("backends/lmdb must not", "backends/lmdb/a.cc", '#include "backends/rocksdb/a.h"\n')
        self.expect("backends/hashmap must not", "backends/hashmap/a.cc", '#include "backends/embedded/a.h"\n')
        self.expect("backends/common must not", "backends/common/a.cc", '#include "backends/hashmap/a.h"\n')

    def test_layers_look_one_way(self):
        for layer, above in (("backends", "harness"), ("backends", "workloads"), ("workloads", "harness"),
                             ("workloads", "backends"), ("harness", "backends")):
            self.expect(f"{layer} must not", f"{layer}/x/a.cc", f'#include "{above}/x/a.h"\n')

    def test_flags_and_environment_are_read_by_the_command_line_alone(self):
        for line in ("#include <gflags/gflags.h>", 'auto a = std::getenv("A");', "DEFINE_string(out, \"\", \"\");"):
            for folder in ("api/src", "backends/lmdb", "workloads", "harness/replay"):
                found = self.violations_of({f"{folder}/a.cc": line + "\n"})
                self.assertTrue(any("flags and environment" in violation for violation in found), (folder, line))

    def test_workloads_know_no_wall_clock_and_no_chance(self):
        for line in ("std::chrono::steady_clock::now();", "std::random_device seed;", "time(nullptr);", "SystemClock c;"):
            self.expect("workloads know no wall clock", "workloads/a.cc", line + "\n")

    def test_long_files_are_reported(self):
        self.expect("too long", "backends/lmdb/a.cc", "\n" * 601)
        self.expect("too long", "tests/unit/a_test.cc", "\n" * 401)
        self.expect("too long", "workloads/a.h", header("KVSTATE_WORKLOADS_A_H_", "\n" * 250))
        self.expect("too long", "api/include/kvstate/a.h", header("KVSTATE_A_H_", "\n" * 200))

    def test_header_guards_follow_the_path(self):
        self.expect("header guard", "workloads/a.h", header("KVSTATE_A_H_"))
        self.expect("header guard", "workloads/a.h", "#pragma once\n")

    def test_machine_paths_and_unfinished_work_are_reported(self):
        self.expect("machine path", "docs/a.md", "See /" + "home/somebody/notes.\n")
        self.expect("machine path", "scripts/a.sh", "cd /" + "work/place\n")
        self.expect("unfinished", "workloads/a.cc", "// TO" + "DO: more\n")


if __name__ == "__main__":
    unittest.main()
