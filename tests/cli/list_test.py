#!/usr/bin/env python3
"""`kvstate list`: what there is, as text and as JSON."""

import json

import cli_testing
from cli_testing import BACKENDS, CliTest


class ListTest(CliTest):
    def test_text_names_backends_options_workloads_parameters_and_suites(self):
        out = self.good("list")
        for text in (*BACKENDS, "rocksdb.write_buffer_size=", "value_rmw", "source.events=", "quick"):
            self.assertIn(text, out)

    def test_json_has_the_same(self):
        listed = json.loads(self.good("list", "--json"))
        self.assertEqual([backend["name"] for backend in listed["backends"]], list(BACKENDS))
        options = {option["name"] for backend in listed["backends"] for option in backend["options"]}
        self.assertIn("write_buffer_size", options)
        for workload in listed["workloads"]:
            self.assertTrue(workload["description"], workload["name"])
            self.assertIn("events", {parameter["name"] for parameter in workload["source"]})
        quick = next(suite for suite in listed["suites"] if suite["name"] == "quick")
        self.assertGreaterEqual(len(quick["workloads"]), 6)


if __name__ == "__main__":
    cli_testing.main()
