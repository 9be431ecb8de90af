#include "backends/snapshot_costs/job.h"

#include <fcntl.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <iostream>

#include "kvstate/backends.h"
#include "kvstate/descriptors.h"
#include "kvstate/extension.h"
#include "kvstate/key_group.h"
#include "kvstate/serializers.h"

namespace kvstate::snapshot_costs {

namespace {

constexpr size_t kChunkBytes = size_t{1} << 20;

/// Bijective, so that keys come in no order and none twice.
uint64_t Scatter(uint64_t i) {
  i = (i ^ (i >> 31)) * 0x7fb5d329728ea185ull;
  i = (i ^ (i >> 27)) * 0x81dadef4bc2dd44dull;
  return i ^ (i >> 33);
}

std::unique_ptr<KeyedStateBackend> Open(const Job::Place& place) {
  BackendRegistry registry;
  Check(RegisterBuiltinBackends(registry));
  BackendOptions options;
  options.key_serializer = RawBytesSerializer();
  options.key_groups = KeyGroupRangeOf(kDefaultMaxParallelism, place.parallelism, place.index);
  options.directory = place.directory;
  return Take(registry.Create(place.backend, options));
}

}  // namespace

void Check(const Status& status) {
  if (status.ok()) return;
  std::cerr << "snapshot_costs: " << status.ToString() << "\n";
  std::exit(1);
}

uint64_t TimeOf(const std::function<void()>& work) {
  const auto begin = std::chrono::steady_clock::now();
  work();
  const auto taken = std::chrono::steady_clock::now() - begin;
  return static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(taken).count());
}

uint64_t ThreadNanoseconds() {
  timespec now = {};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<uint64_t>(now.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(now.tv_nsec);
}

TemporaryDirectory::TemporaryDirectory()
    : path_((std::filesystem::temp_directory_path() / "kvstate_snapshot_costs_XXXXXX").string()) {
  if (mkdtemp(path_.data()) == nullptr) Check(InternalError("cannot make a directory like " + path_));
}

TemporaryDirectory::~TemporaryDirectory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

uint64_t TemporaryDirectory::TimeOfCopying(uint64_t bytes) const {
  const auto must = [](bool done, const char* what) {
    if (!done) Check(InternalError(std::string(what) + ": " + std::strerror(errno)));
  };
  const std::string from = Path("copied");
  const std::string to = Path("copy");
  std::string chunk(kChunkBytes, '\0');
  for (size_t i = 0; i < chunk.size(); ++i) chunk[i] = static_cast<char>(Scatter(i));
  const auto write_all = [&](int fd, const std::function<void()>& fill) {
    for (uint64_t written = 0; written < bytes;) {
      fill();
      const ssize_t n = write(fd, chunk.data(), std::min<uint64_t>(chunk.size(), bytes - written));
      must(n > 0, "write");
      written += static_cast<uint64_t>(n);
    }
  };
  const int source = open(from.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  must(source >= 0, "open");
  write_all(source, [] {});
  must(lseek(source, 0, SEEK_SET) == 0, "lseek");
  const uint64_t taken = TimeOf([&] {
    const int copy = open(to.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    must(copy >= 0, "open");
    write_all(copy, [&] { must(read(source, chunk.data(), chunk.size()) > 0, "read"); });
    must(fsync(copy) == 0, "fsync");
    close(copy);
  });
  close(source);
  unlink(from.c_str());
  unlink(to.c_str());
  return taken;
}

Job::Job(const Place& place, const Shape& shape)
    : shape_(shape), backend_(Open(place)), key_(shape.key_bytes, 'k'), value_(shape.value_bytes, 'v') {}

void Job::OpenState() {
  ValueStateDescriptor<std::string> descriptor("state");
  descriptor.value_serializer = RawBytesSerializer();
  state_ = std::make_unique<ValueState<std::string>>(Take(backend_.GetState(descriptor)));
}

uint64_t Job::Random() {
  random_ ^= random_ << 13;
  random_ ^= random_ >> 7;
  random_ ^= random_ << 17;
  return random_;
}

void Job::SetKey(uint64_t number) {
  const uint64_t scattered = Scatter(number);
  std::memcpy(key_.data(), &scattered, sizeof(scattered));
  Check(backend_.backend().SetCurrentKey(EncodeKey(backend_.backend(), key_)));
}

void Job::Load() {
  const KeyedStateBackend& backend = backend_.backend();
  for (uint64_t number = 0; number < shape_.entries; ++number) {
    const uint64_t scattered = Scatter(number);
    std::memcpy(key_.data(), &scattered, sizeof(scattered));
    const uint32_t group = KeyGroupOf(backend.key_serializer().KeyHash(key_), backend.max_parallelism());
    if (!backend.key_group_range().Contains(group)) continue;
    SetKey(number);
    // Values that differ: no engine may gain by what no job's state has.
    for (size_t i = 0; i + 8 <= value_.size(); i += 8) {
      const uint64_t word = Random() & 0x0f0f0f0f0f0f0f0full;
      std::memcpy(value_.data() + i, &word, sizeof(word));
    }
    Check(state_->Update(value_));
  }
}

void Job::Update() {
  SetKey(Random() % shape_.entries);
  const uint64_t word = Random();
  std::memcpy(value_.data(), &word, sizeof(word));
  Check(state_->Update(value_));
}

void Job::Read() {
  SetKey(Random() % shape_.entries);
  if (Take(state_->Get()) == nullptr) Check(InternalError("a key that was put is not there"));
}

uint64_t Job::EntryBytes() const {
  // One byte of key group, one of the key's length, one of the void namespace.
  return 3 + shape_.key_bytes + shape_.value_bytes;
}

Checkpointed TakeCheckpoint(Job& job, CheckpointStore& store, SnapshotKind kind) {
  SnapshotOptions options;
  options.kind = kind;
  const uint64_t id = store.Begin();
  std::unique_ptr<SnapshotTask> task;
  Checkpointed taken;
  taken.synchronous_ns = TimeOf([&] { task = Take(job.snapshots().Snapshot(id, store.storage(), options)); });
  taken.result = Take(task->Run());
  Check(store.Complete(id, kind, {taken.result.handle}));
  Check(job.snapshots().NotifyComplete(id));
  return taken;
}

double Quantile(std::vector<double> numbers, double share) {
  std::sort(numbers.begin(), numbers.end());
  return numbers[static_cast<size_t>(std::lround(share * static_cast<double>(numbers.size() - 1)))];
}

}  // namespace kvstate::snapshot_costs
