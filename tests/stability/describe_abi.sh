#!/usr/bin/env bash
# describe_abi.sh <library> <folder of public headers>: the binary interface as XML on stdout, without any path.
set -euo pipefail
abidw --headers-dir "$2" --drop-private-types --exported-interfaces-only --type-id-style hash --no-show-locs \
  --no-corpus-path --no-comp-dir-path --no-elf-needed --no-parameter-names "$1" |
  sed -E "s#path='[^']*/([^'/]*)'#path='\1'#"
