#!/usr/bin/env bash
# Sets up, builds and runs every test and check. The last line is '<n> passed, <n> failed'.
#
#   scripts/test.sh                     all of it
#   scripts/test.sh --quick             the release build and its tests alone
#   scripts/test.sh --preset=asan       that preset's build and tests alone: release, debug, asan or tsan
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."
# shellcheck source=scripts/common.sh
source scripts/common.sh

jobs=$(nproc)
passed=0
failed=0
summary=()

# phase <name> <command>…: runs the command and counts it as one check, unless it counts tests by itself (see tests_of).
counted=no
phase() {
  local name=$1 begin=$SECONDS before_failed=$failed verdict=ok
  shift
  echo "== $name"
  counted=no
  if "$@"; then
    if [[ $counted == no ]]; then passed=$((passed + 1)); fi
  elif [[ $counted == no || $failed == "$before_failed" ]]; then
    failed=$((failed + 1))
  fi
  if ((failed > before_failed)); then verdict=FAILED; fi
  summary+=("$(printf '%-28s %-7s %5d s' "$name" "$verdict" $((SECONDS - begin)))")
}

# tests_of <preset> [ctest flags]: counts each test of an already built preset.
tests_of() {
  local preset=$1 log=$logs/$1-tests.log status=0
  shift
  ctest --test-dir "build/$preset" --no-tests=error --parallel "$jobs" --timeout 300 --output-on-failure "$@" \
    >"$log" 2>&1 || status=$?
  local line
  line=$(grep -E '^[0-9]+% tests passed' "$log" || true)
  if [[ $line =~ ([0-9]+)\ tests\ failed\ out\ of\ ([0-9]+) ]]; then
    counted=yes
    failed=$((failed + BASH_REMATCH[1]))
    passed=$((passed + BASH_REMATCH[2] - BASH_REMATCH[1]))
    echo "$line"
  fi
  if ((status != 0)); then
    grep -E -m 40 '(\[  FAILED  \]|: Failure|ERROR: |runtime error|WARNING: Thread|\*\*\*)' "$log" >&2 || tail -n 30 "$log" >&2
    echo "all of it: $PWD/$log" >&2
  fi
  return "$status"
}

build_of() {
  local preset=$1
  shift
  quietly "$preset-configure" cmake --preset "$preset" && quietly "$preset-build" cmake --build "build/$preset" "$@"
}

# A preset's build is a check of its own; its tests run only when it stands.
build_and_test() {
  local preset=$1 before=$failed
  shift
  phase "build $preset" build_of "$preset"
  if ((failed == before)); then phase "tests $preset" tests_of "$preset" "$@"; fi
}

# Only the tests in which threads meet say something under ThreadSanitizer, and only their targets are built for it.
threads_under_tsan() {
  phase "build tsan" build_of tsan --target threads_test
  phase "tests tsan" tests_of tsan --label-regex '^threads$'
}

headers_stand_alone() { quietly headers cmake --build build/release --target all_verify_interface_header_sets; }

formatted() {
  # From a file, so that a failure does not show hundreds of names.
  git ls-files -z '*.cc' '*.h' >"$logs/format.files"
  quietly format xargs -0 -a "$logs/format.files" clang-format-14 --dry-run --Werror
}

# Clang's warnings over the whole tree, clang-tidy's over the sources.
clang_is_content() { python3 scripts/check_clang.py build/release --jobs "$jobs"; }

# A short run of the fuzzers that need only the api, so that they keep building; every corpus is replayed by ctest too.
fuzzers_run() { scripts/fuzz.sh --seconds=2 byte_reader scalar_codec compound_codec list_serializer snapshot canary; }

mode=all
for flag in "$@"; do
  case "$flag" in
    --quick) mode=release ;;
    --preset=release | --preset=debug | --preset=asan | --preset=tsan) mode=${flag#--preset=} ;;
    *)
      sed -n '2,6s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2
      exit 2
      ;;
  esac
done

phase "set-up" scripts/bootstrap.sh test
case "$mode" in
  tsan) threads_under_tsan ;;
  all)
    build_and_test release
    phase "headers stand alone" headers_stand_alone
    phase "format" formatted
    phase "clang and clang-tidy" clang_is_content
    build_and_test asan
    threads_under_tsan
    phase "fuzzers" fuzzers_run
    ;;
  *) build_and_test "$mode" ;;
esac

echo
printf '%s\n' "${summary[@]}"
printf '%-28s %7s %5d s\n' "all" "" "$SECONDS"
echo "$passed passed, $failed failed"
((failed == 0))
