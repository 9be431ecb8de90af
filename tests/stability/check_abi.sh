#!/usr/bin/env bash
# check_abi.sh <description> <library>: fails, showing the difference, unless the binary interface of the library is the
# one described. (No --headers-dir here: a description without places would then hide all its types from abidiff.)
set -euo pipefail
if abidiff --no-show-locs "$1" "$2"; then exit 0; fi
cat >&2 <<TEXT
The binary interface has changed. api/STABILITY.md says what is promised. If the change is deliberate and allowed, add a
line there and run scripts/update_abi.sh.
TEXT
exit 1
