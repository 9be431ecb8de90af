#!/usr/bin/env bash
# Fuzzes the decoders with libFuzzer, from their corpora. Findings are written to build/fuzz/findings/.
#
#   scripts/fuzz.sh [--seconds=60] [target…]       all targets of tests/fuzz/CMakeLists.txt when none is named
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."
# shellcheck source=scripts/common.sh
source scripts/common.sh

seconds=60
targets=()
for argument in "$@"; do
  case "$argument" in
    --seconds=*) seconds=${argument#*=} ;;
    -*)
      sed -n '2,4s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2
      exit 2
      ;;
    *) targets+=("$argument") ;;
  esac
done
if ((${#targets[@]} == 0)); then
  mapfile -t targets < <(sed -nE 's/^kvstate_add_fuzz_target\(([a-z_]+).*/\1/p' tests/fuzz/CMakeLists.txt)
fi

scripts/bootstrap.sh test
quietly fuzz-configure cmake --preset fuzz
quietly fuzz-build cmake --build build/fuzz --target "${targets[@]/#/fuzz_}"
findings=build/fuzz/findings
mkdir -p "$findings"
failures=0
for target in "${targets[@]}"; do
  # New inputs go to a scratch corpus; what is worth keeping is copied by hand, shrunk.
  scratch=build/fuzz/corpus/$target
  mkdir -p "$scratch"
  inputs=("$scratch")
  if [[ -d tests/fuzz/corpus/$target ]]; then inputs+=("tests/fuzz/corpus/$target"); fi
  status=0
  "build/fuzz/fuzz_$target" -max_total_time="$seconds" -timeout=25 -rss_limit_mb=2048 \
    -artifact_prefix="$findings/$target-" "${inputs[@]}" >"$logs/fuzz-$target.log" 2>&1 || status=$?
  if [[ $target == canary ]]; then
    if grep -q "the canary must be found" "$logs/fuzz-canary.log"; then status=0; else status=1; fi
  fi
  if ((status != 0)); then
    failures=$((failures + 1))
    tail -n 30 "$logs/fuzz-$target.log" >&2
  fi
  echo "$target: $(if ((status == 0)); then echo ok; else echo "FAILED, see $logs/fuzz-$target.log"; fi)"
done
((failures == 0))
