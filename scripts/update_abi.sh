#!/usr/bin/env bash
# Writes api/abi/kvstate.abi anew from the release library and the checksums of the frozen files into api/STABILITY.md.
# For a deliberate change of the public interface alone: say in api/STABILITY.md, in the same commit, what changed.
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."
# shellcheck source=scripts/common.sh
source scripts/common.sh

if [[ ! -f build/release/build.ninja ]]; then quietly abi-configure cmake --preset release; fi
quietly abi-build cmake --build build/release --target libkvstate.so
mkdir -p api/abi
bash tests/stability/describe_abi.sh build/release/backends/libkvstate.so api/include >api/abi/kvstate.abi
python3 tests/stability/check_frozen.py --update
git --no-pager diff --stat -- api/abi api/STABILITY.md
