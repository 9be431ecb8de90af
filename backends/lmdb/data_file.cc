#include "backends/lmdb/data_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cassert>
#include <cerrno>
#include <cstdio>
#include <fstream>
#include <string_view>

#include "backends/lmdb/lmdb_error.h"

namespace kvstate::backends::lmdb {

namespace {

constexpr int kGuardFlags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE;

size_t GuardBytes() { return static_cast<size_t>(sysconf(_SC_PAGESIZE)); }

}  // namespace

DataFile::~DataFile() {
  for (const Mapping& mapping : kept_) munmap(mapping.address, mapping.bytes);
}

Status DataFile::Reserve(uint64_t bytes) {
  if (bytes <= reserved_bytes_) return Status();
  int error = 0;
  do {
    error = posix_fallocate(fd_, static_cast<off_t>(reserved_bytes_), static_cast<off_t>(bytes - reserved_bytes_));
  } while (error == EINTR);
  if (error != 0) {
    return LmdbError(error, "cannot reserve " + std::to_string(bytes - reserved_bytes_) + " bytes of disk for " +
                                path_ + "; free some, then call again");
  }
  reserved_bytes_ = bytes;
  return Status();
}

Status DataFile::CheckMappable(uint64_t bytes) const {
  const std::string what = "cannot grow the map of " + path_ + " to " + std::to_string(bytes) + " bytes";
  struct stat status = {};
  if (fstat(fd_, &status) != 0) return LmdbError(errno, what);
  if (static_cast<uint64_t>(status.st_size) < bytes && ftruncate(fd_, static_cast<off_t>(bytes)) != 0) {
    return LmdbError(errno, what);
  }
  void* trial = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd_, 0);
  if (trial == MAP_FAILED) return LmdbError(errno, what);
  munmap(trial, bytes);
  return Status();
}

void DataFile::FindMap() {
  map_ = {};
  struct stat status = {};
  if (fstat(fd_, &status) != 0) return;
  std::ifstream maps("/proc/self/maps");
  std::string line;
  while (std::getline(maps, line)) {
    // proc(5): address range, permissions, offset, device, inode, path.
    void* begin = nullptr;
    void* end = nullptr;
    unsigned long inode = 0;
    char permissions[5] = {};
    if (std::sscanf(line.c_str(), "%p-%p %4s %*x %*x:%*x %lu", &begin, &end, permissions, &inode) != 4) continue;
    if (inode != status.st_ino || std::string_view(permissions) != "rw-s") continue;
    if (line.find(path_) == std::string::npos) continue;
    map_.address = static_cast<char*>(begin);
    map_.bytes = static_cast<uint64_t>(static_cast<char*>(end) - map_.address);
  }
}

void DataFile::GuardHole() {
  guards_[0] = guards_[1] = MAP_FAILED;
  if (map_.bytes == 0) return;
  // Where a guard cannot be placed, something else is mapped already and guards as well.
  guards_[0] = mmap(map_.address - GuardBytes(), GuardBytes(), PROT_NONE, kGuardFlags, -1, 0);
  guards_[1] = mmap(map_.address + map_.bytes, GuardBytes(), PROT_NONE, kGuardFlags, -1, 0);
}

void DataFile::KeepMapped() {
  for (void* guard : guards_) {
    if (guard != MAP_FAILED) munmap(guard, GuardBytes());
  }
  if (map_.bytes == 0) return;
  void* kept = mmap(map_.address, map_.bytes, PROT_READ, MAP_SHARED | MAP_FIXED_NOREPLACE, fd_, 0);
  if (kept == MAP_FAILED) return;  // Another thread's memory is there already: the views are lost.
  assert(kept == map_.address);
  kept_.push_back(map_);
}

}  // namespace kvstate::backends::lmdb
