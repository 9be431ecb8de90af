#include "backends/interface_tax/comparison.h"

#include <time.h>

#include <algorithm>
#include <filesystem>

#include "backends/interface_tax/kvstate_side.h"

namespace kvstate::interface_tax {

const std::vector<Contestant>& Contestants() {
  // Slices of about a millisecond: long against a timer call, short against what else the machine does.
  static const std::vector<Contestant> contestants = {
      {"hashmap", MakeDirectHashMap, 2.00, 16384},
      {"rocksdb", MakeDirectRocksdb, 1.05, 512},
      {"leveldb", MakeDirectLeveldb, 1.05, 512},
      {"lmdb", MakeDirectLmdb, 1.10, 2048},
  };
  return contestants;
}

namespace {

double SecondsOf(clockid_t clock) {
  timespec now = {};
  clock_gettime(clock, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

size_t SliceOperations(const Contestant& contestant, Operation operation, uint64_t keys) {
  size_t operations = contestant.slice_operations;
  if (operation == Operation::kScan10) operations /= 8;
  return std::clamp<size_t>(operations, 1, std::max<uint64_t>(keys / kMapEntries, 1));
}

}  // namespace

Match::Match(const Contestant& contestant, Shape shape, size_t value_bytes, const ComparisonOptions& options)
    : plan_(shape, options.keys), directory_(options.directory + "/data") {
  const SideOptions direct{shape, value_bytes, directory_ + "/direct"};
  const SideOptions kvstate{shape, value_bytes, directory_ + "/kvstate"};
  std::filesystem::create_directories(direct.directory);
  std::filesystem::create_directories(kvstate.directory);
  direct_ = contestant.make_direct(direct);
  kvstate_ = options.noise_floor ? contestant.make_direct(kvstate) : MakeKvstateSide(contestant.backend, kvstate);
  direct_->Load(plan_);
  kvstate_->Load(plan_);
  Settle();
}

Match::~Match() {
  direct_.reset();
  kvstate_.reset();
  std::error_code ignored;
  std::filesystem::remove_all(directory_, ignored);
}

void Match::Settle() {
  direct_->Settle();
  kvstate_->Settle();
}

void Match::AddedToLists(uint64_t bytes) {
  constexpr uint64_t kMostBytes = uint64_t{1} << 30;
  added_bytes_ += bytes;
  if (added_bytes_ < kMostBytes) return;
  direct_->ResetLists(plan_);
  kvstate_->ResetLists(plan_);
  added_bytes_ = 0;
}

Comparison::Comparison(const Contestant& contestant, Operation operation, size_t value_bytes,
                       const ComparisonOptions& options)
    : contestant_(contestant),
      operation_(operation),
      value_bytes_(value_bytes),
      slice_operations_(SliceOperations(contestant, operation, options.keys)) {}

std::string Comparison::name() const {
  return std::string(contestant_.backend) + "/" + std::string(OperationName(operation_)) + "/" +
         std::to_string(value_bytes_);
}

void Comparison::WarmUp(Match& match) {
  NextSlice(match);
  const Digest direct = match.direct().Run(operation_, accesses_, slice_);
  CheckDigests(direct, match.kvstate().Run(operation_, accesses_, slice_));
}

void Comparison::NextSlice(Match& match) { accesses_ = match.plan().Slice(operation_, slice_++, slice_operations_); }

Digest Comparison::RunTimed(Side& side, Time* time) {
  const double wall_start = SecondsOf(CLOCK_MONOTONIC);
  const double cpu_start = SecondsOf(CLOCK_THREAD_CPUTIME_ID);
  const Digest digest = side.Run(operation_, accesses_, slice_);
  time->cpu_seconds = SecondsOf(CLOCK_THREAD_CPUTIME_ID) - cpu_start;
  time->wall_seconds = SecondsOf(CLOCK_MONOTONIC) - wall_start;
  return digest;
}

void Comparison::CheckDigests(const Digest& direct, const Digest& kvstate) const {
  const uint64_t expected = operation_ == Operation::kScan10                          ? accesses_.size() * kMapEntries
                            : Writes(operation_) || operation_ == Operation::kGetMiss ? 0
                                                                                      : accesses_.size();
  if (direct == kvstate && direct.found == expected) return;
  Fail(name() + ": the sides differ: found " + std::to_string(direct.found) + " and " + std::to_string(kvstate.found) +
       " of " + std::to_string(expected) + ", sums " + std::to_string(direct.sum) + " and " +
       std::to_string(kvstate.sum));
}

void Comparison::CheckWrites(Match& match) {
  if (!Writes(operation_)) return;
  const auto written = accesses_.first(std::min<size_t>(accesses_.size(), 512));
  const Digest direct = match.direct().ReadBack(ShapeOf(operation_), written);
  const Digest kvstate = match.kvstate().ReadBack(ShapeOf(operation_), written);
  if (direct == kvstate && direct.found >= written.size()) return;
  Fail(name() + ": what was written reads back differently: " + std::to_string(direct.found) + " and " +
       std::to_string(kvstate.found) + " values after " + std::to_string(written.size()) + " writes, sums " +
       std::to_string(direct.sum) + " and " + std::to_string(kvstate.sum));
}

}  // namespace kvstate::interface_tax
