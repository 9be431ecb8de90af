#!/usr/bin/env bash
# The canary of the ABI check: a library of the interfaces alone is described and compared with itself, which must pass,
# and with one that has a further virtual function and a further member of a struct, both of which must be reported.
#
#   abi_canary.sh <repository> <C++ compiler>
set -euo pipefail
root=$1 compiler=$2
here=$(dirname -- "${BASH_SOURCE[0]}")
place=$(mktemp -d)
trap 'rm -rf -- "$place"' EXIT

library() {  # library <folder of headers>
  "$compiler" -std=c++20 -g -fPIC -shared -fvisibility=hidden -I"$1" "$root/api/src/interfaces.cc" -o "$1.so"
}

change() {  # change <header> <sed script>
  sed -i -e "$2" "$place/changed/kvstate/$1"
  if ! cmp -s "$place/changed/kvstate/$1" "$root/api/include/kvstate/$1"; then return; fi
  echo "the canary no longer changes $1: mend its pattern" >&2
  exit 1
}

cp -r -- "$root/api/include" "$place/plain"
cp -r -- "$root/api/include" "$place/changed"
change keyed_state_backend.h 's/^  virtual Status Dispose() = 0;/&\n  virtual Status AddedVirtual() = 0;/'
change state_descriptor.h 's/^  std::string queryable_name;/&\n  int added_member = 0;/'
library "$place/plain"
library "$place/changed"
bash "$here/describe_abi.sh" "$place/plain.so" "$place/plain" >"$place/plain.abi"

bash "$here/check_abi.sh" "$place/plain.abi" "$place/plain.so"
if bash "$here/check_abi.sh" "$place/plain.abi" "$place/changed.so" >"$place/log" 2>&1; then
  echo "the change was not reported" >&2
  exit 1
fi
for change in AddedVirtual added_member; do
  if ! grep -q "$change" "$place/log"; then
    cat "$place/log" >&2
    echo "$change was not reported" >&2
    exit 1
  fi
done
