#!/usr/bin/env bash
# Installs what is missing, from Debian's packages, with sudo when not root. Does nothing when all is there.
#
#   scripts/bootstrap.sh          what it takes to build, run and test
#   scripts/bootstrap.sh build    what it takes to build and run alone
set -euo pipefail

build_packages=(
  cmake ninja-build g++ pkg-config ccache
  librocksdb-dev libleveldb-dev liblmdb-dev libxxhash-dev libabsl-dev
  libgflags-dev libyaml-cpp-dev nlohmann-json3-dev libzstd-dev zlib1g-dev libssl-dev
)
test_packages=(
  libgtest-dev libgmock-dev libbenchmark-dev librapidcheck-dev
  clang-14 clang-tidy-14 clang-format-14 libclang-rt-14-dev abigail-tools python3
)

case "${1:-test}" in
  build) packages=("${build_packages[@]}") ;;
  test) packages=("${build_packages[@]}" "${test_packages[@]}") ;;
  *)
    echo "usage: scripts/bootstrap.sh [build|test]" >&2
    exit 2
    ;;
esac

if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
  cat >&2 <<TEXT
bootstrap: this system has no apt-get. Install these by its own means, then build with 'cmake --preset release' and
'cmake --build --preset release':
  a C++20 compiler (GCC 12 or Clang 14), CMake 3.25, Ninja, pkg-config, ccache (optional)
  RocksDB 7.8, LevelDB 1.23, LMDB 0.9.24, xxHash, Abseil
  gflags, yaml-cpp, nlohmann-json, zstd, zlib, OpenSSL 3
  for the tests: GoogleTest with gmock, Google Benchmark, rapidcheck, Clang 14 with clang-tidy, clang-format and
  compiler-rt, libabigail's tools, Python 3
On Debian they are: ${packages[*]}
TEXT
  exit 1
fi

# One dpkg-query for all of them takes about 20 ms; an unknown package is on no line of its output.
installed=$(dpkg-query --show --showformat='${db:Status-Status} ${binary:Package}\n' "${packages[@]}" 2>/dev/null || true)
missing=()
for package in "${packages[@]}"; do
  grep -qE "^installed ${package//+/\\+}(:|\$)" <<<"$installed" || missing+=("$package")
done
if ((${#missing[@]} == 0)); then exit 0; fi

as_root=()
if ((EUID != 0)); then
  if ! command -v sudo >/dev/null; then
    echo "bootstrap: not root, and there is no sudo. As root: apt-get install ${missing[*]}" >&2
    exit 1
  fi
  as_root=(sudo)
fi
echo "bootstrap: installing ${missing[*]}" >&2
install=(env DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends -qq "${missing[@]}")
"${as_root[@]}" apt-get update -qq >&2
if ! "${as_root[@]}" "${install[@]}" >&2; then
  echo "bootstrap: apt-get could not install: ${missing[*]}; what it said stands above" >&2
  exit 1
fi
