#!/usr/bin/env bash
# Sets up, builds, runs a suite on all four backends, shows the table and writes the results.
#
#   scripts/bench.sh [suite] [flags of `kvstate run`]      such as: scripts/bench.sh quick --backends=hashmap,lmdb
#
# The suite is quick when none is given. Results: results/latest/<suite>.json, unless --out names another file.
set -euo pipefail
caller=$PWD
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."
# shellcheck source=scripts/common.sh
source scripts/common.sh

suite=quick
if (($# > 0)) && [[ $1 != -* ]]; then
  suite=$1
  shift
fi
out=results/latest/$suite.json
for flag in "$@"; do
  if [[ $flag =~ ^--?out(=|$) ]]; then out=; fi
done

scripts/bootstrap.sh build
if [[ ! -f build/release/build.ninja ]]; then
  # The tests' libraries need not be there for this; `cmake --preset release` and test.sh turn them on.
  quietly bench-configure cmake --preset release -DKVSTATE_TESTS=OFF -DKVSTATE_BENCHMARKS=OFF
fi
if [[ ! -x build/release/kvstate && -t 2 ]]; then echo "building kvstate…" >&2; fi
quietly bench-build cmake --build build/release --target kvstate


root=$PWD
if [[ -n $out ]]; then
  mkdir -p "$(dirname -- "$out")"
  set -- "--out=$root/$out" "$@"
fi
# In the caller's directory, so that a relative path in a flag means what the caller means.
cd -- "$caller"
"$root/build/release/kvstate" run "--suite=$suite" "$@"
if [[ -n $out ]]; then echo "results: $root/$out"; fi
