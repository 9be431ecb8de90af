# For bench.sh and test.sh to source. REQUIRES: the current directory is the repository's.

readonly logs=build/logs
# Objects of one clone serve another: paths inside the repository are made relative before they are hashed.
export CCACHE_BASEDIR=$PWD CCACHE_NOHASHDIR=1

# quietly <log name> <command>…: the output goes to build/logs/<log name>.log; what failed is shown.
quietly() {
  local log=$logs/$1.log
  shift
  mkdir -p "$logs"
  if "$@" >"$log" 2>&1; then return 0; fi
  echo "failed: $*" >&2
  # The first error says more than the last line does.
  grep -nE -m 20 '(^|[^a-z])(error|Error|FAILED|Failed)' "$log" >&2 || true
  echo "…" >&2
  tail -n 30 "$log" >&2
  echo "all of it: $PWD/$log" >&2
  return 1
}
