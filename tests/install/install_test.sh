#!/usr/bin/env bash
# Installs the library to a prefix of its own, moves the prefix, and builds and runs a program outside the tree against
# it, found once by find_package and once by pkg-config.
#
#   install_test.sh <build directory> <example directory> <C++ compiler>
set -euo pipefail
build=$1 example=$2 compiler=$3

place=$(mktemp -d)
trap 'rm -rf -- "$place"' EXIT

cmake --install "$build" --prefix "$place/first" >"$place/install.log"
mv -- "$place/first" "$place/moved"
prefix=$place/moved
if grep -rIl -e "$place/first" -e "$build" "$prefix"; then
  echo "these installed files name the place they were built in or installed to first" >&2
  exit 1
fi

# The example is copied away, so that nothing of the tree can be found beside it.
cp -r -- "$example" "$place/example"
echo "== find_package"
cmake -S "$place/example" -B "$place/by-cmake" -DCMAKE_PREFIX_PATH="$prefix" -DCMAKE_CXX_COMPILER="$compiler" \
  >"$place/configure.log" || { cat "$place/configure.log" >&2; exit 1; }
cmake --build "$place/by-cmake" >"$place/build.log" || { cat "$place/build.log" >&2; exit 1; }
"$place/by-cmake/example" "$place/state" hashmap rocksdb
"$place/by-cmake/recording" "$place/by-cmake.trace"
mkdir "$place/wrong"
cat >"$place/wrong/CMakeLists.txt" <<TEXT
cmake_minimum_required(VERSION 3.25)
project(wrong LANGUAGES CXX)
find_package(kvstate CONFIG COMPONENTS nothing)
if(kvstate_FOUND)
  message(FATAL_ERROR "a component that does not exist is found")
endif()
TEXT
cmake -S "$place/wrong" -B "$place/wrong/build" -DCMAKE_PREFIX_PATH="$prefix" -DCMAKE_CXX_COMPILER="$compiler" \
  >"$place/configure.log" || { cat "$place/configure.log" >&2; exit 1; }

echo "== pkg-config"
pc=$(dirname -- "$(find "$prefix" -name kvstate.pc)")
export PKG_CONFIG_PATH=$pc
read -ra flags <<<"$(pkg-config --cflags --libs kvstate)"
"$compiler" -std=c++20 "$place/example/main.cc" "${flags[@]}" -o "$place/by-pkg-config"
LD_LIBRARY_PATH=$(pkg-config --variable=libdir kvstate) "$place/by-pkg-config" "$place/state" hashmap rocksdb

read -ra flags <<<"$(pkg-config --cflags --libs kvstate-recording)"
"$compiler" -std=c++20 "$place/example/recording.cc" "${flags[@]}" -o "$place/recording-by-pkg-config"
LD_LIBRARY_PATH=$(pkg-config --variable=libdir kvstate) "$place/recording-by-pkg-config" "$place/by-pkg-config.trace"

echo "== a later minor version is refused"
version_file=$(find "$prefix" -name kvstate-config-version.cmake)
cat >"$place/version.cmake" <<TEXT
set(PACKAGE_FIND_VERSION 0.99)
set(PACKAGE_FIND_VERSION_MAJOR 0)
set(PACKAGE_FIND_VERSION_MINOR 99)
set(PACKAGE_FIND_VERSION_COUNT 2)
include("$version_file")
if(PACKAGE_VERSION_COMPATIBLE)
  message(FATAL_ERROR "version 0.99 would be found in \${PACKAGE_VERSION}")
endif()
TEXT
cmake -P "$place/version.cmake"

if [[ -x $prefix/bin/kvstate ]]; then
  echo "== the installed program"
  cd -- "$place"
  "$prefix/bin/kvstate" list >"$place/list.log"
  grep -q rocksdb "$place/list.log"
  grep -q quick "$place/list.log"
  echo "== and the traces that programs have recorded"
  for trace in by-cmake by-pkg-config; do
    "$prefix/bin/kvstate" trace info --json "$trace.trace" >"$place/info.json"
    grep -q '"operations": 2000' "$place/info.json"
    "$prefix/bin/kvstate" replay "$trace.trace" --repetitions=1 >"$place/replay.log"
  done
fi
if [[ -n $(ls -A "$place/state" 2>/dev/null) ]]; then
  echo "the example left files behind: $(find "$place/state" | head -n 5)" >&2
  exit 1
fi
