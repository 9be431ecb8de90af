#include "backends/rocksdb/rocksdb_table.h"

#include <algorithm>
#include <cassert>
#include <utility>

#include "backends/common/composite_key.h"
#include "backends/rocksdb/rocksdb_iterator.h"
#include "backends/rocksdb/rocksdb_merge.h"
#include "backends/rocksdb/rocksdb_status.h"

namespace kvstate::backends::rocksdb {

namespace {

// Each read of a value combines all operands that memory holds for it, again and again: on a hot key that is
// quadratic. Beyond so many, one write costs less than the next read would.
size_t MostOperands(AppendKind append) {
  switch (append) {
    case AppendKind::kConcat:
      return 64;
    case AppendKind::kReduce:
      return 8;
    case AppendKind::kNone:
      break;
  }
  return 0;
}

// Of a time to live, from one look at the files to the next.
constexpr int64_t kLooks = 32;
// From one count of what lives to the next.
constexpr int64_t kCounts = 16;

// A job's clock and the world's go at one pace. Who waits for a sweep has a clock that ran at least so much faster.
constexpr int64_t kFast = 2;
constexpr std::chrono::milliseconds kClockTick{10};
constexpr std::chrono::nanoseconds kLongestWait = std::chrono::seconds(1);

}  // namespace

RocksDbTable::RocksDbTable(RocksDbStore& store, FamilyPtr family, AppendKind append)
    : store_(store),
      db_(store.db()),
      shared_family_(std::move(family)),
      family_(shared_family_->handle()),
      most_operands_(MostOperands(append)) {}

Status RocksDbTable::Claim(const TableOptions& options) {
  most_operands_ = MostOperands(options.append);
  if (!shared_family_->unbound()) return Status();
  if (options.append == AppendKind::kReduce) {
    shared_family_->reduce()->Bind(options.reduce);
  } else {
    KVSTATE_RETURN_IF_ERROR(FoldAll(options));
    // Else a compaction of old files alone would fail for want of the function.
    shared_family_->reduce()->Retire();
  }
  return store_.ResumeCompactions(*shared_family_);
}

Status RocksDbTable::StartTtl(std::shared_ptr<const TableTtl> ttl) {
  if (!ttl->cleanup.compaction_filter.value_or(true)) return Status();
  if (ttl->filter.ttl_millis() == INT64_MAX) return Status();
  assert(shared_family_->ttl() != nullptr);
  const int64_t period = ttl->cleanup.periodic_compaction_seconds;
  if (period > 0) {
    const ::rocksdb::Status set = db_.SetOptions(family_, {{"periodic_compaction_seconds", std::to_string(period)}});
    if (!set.ok()) return FromRocksDb(set, "set periodic_compaction_seconds=" + std::to_string(period));
  }
  last_look_ = ttl->clock->NowMillis();
  last_counted_ = last_look_;
  if (ttl->filter.kind() != StateKind::kList) sample_.emplace();
  asked_at_ = last_look_;
  asked_at_time_ = std::chrono::steady_clock::now();
  shared_family_->ttl()->Start(std::move(ttl));
  store_.WatchAccesses();
  return Status();
}

void RocksDbTable::Tick() {
  FamilyTtl& ttl = *shared_family_->ttl();
  const int64_t now = ttl.ttl()->clock->NowMillis();
  ttl.NoteWrites(now, std::exchange(bytes_since_tick_, 0));
  if (now < last_look_) last_look_ = now;
  const bool is_over = now >= ttl.promised_until();
  if (is_over || IsExpired(last_look_, ttl.ttl_millis() / kLooks + 1, now)) Look(now);
  if (is_over) WaitForSweep(now);
}

void RocksDbTable::Look(int64_t now) {
  last_look_ = now;
  CountLive(now);
  if (!store_.sweeper().Request(shared_family_, Sweeper::Reason::kDue)) return;
  asked_at_ = now;
  asked_at_time_ = std::chrono::steady_clock::now();
}

void RocksDbTable::CountLive(int64_t now) {
  FamilyTtl& ttl = *shared_family_->ttl();
  if (now < last_counted_) last_counted_ = now;
  if (!sample_ || !IsExpired(last_counted_, ttl.ttl_millis() / kCounts + 1, now)) return;
  last_counted_ = now;
  const uint64_t bytes = sample_->LiveBytes(ttl.ttl_millis(), now);
  // Before that some may live that was written when nobody sampled it.
  if (IsExpired(ttl.started_at(), ttl.ttl_millis(), now)) ttl.set_most_live_bytes(bytes);
}

void RocksDbTable::WaitForSweep(int64_t now) {
  const auto start = std::chrono::steady_clock::now();
  int64_t millis = 0;
  if (__builtin_sub_overflow(now, asked_at_, &millis)) return;
  // The sweep gets the time it would have had if the clock had gone at the world's pace: where it does, that is over.
  const auto wait = std::min<std::chrono::nanoseconds>(
      kLongestWait,
      std::chrono::milliseconds(std::min<int64_t>(millis, 1 << 20) / kFast) - kClockTick - (start - asked_at_time_));
  if (wait.count() <= 0) return;
  store_.sweeper().WaitForPromise(*shared_family_, now, wait);
  store_.CountStall(std::chrono::steady_clock::now() - start);
}

Status RocksDbTable::SweepExpired() {
  if (!drops_expired()) return Status();
  Tick();
  store_.sweeper().Request(shared_family_, Sweeper::Reason::kAsked);
  return store_.sweeper().TakeFailure();
}

void RocksDbTable::AddTtlFigures(TtlFigures* figures) const {
  if (drops_expired()) shared_family_->ttl()->AddFigures(figures);
}

Status RocksDbTable::FoldAll(const TableOptions& options) {
  RocksDbIterator iterator(db_, shared_family_, ::rocksdb::ReadOptions(), {});
  KVSTATE_RETURN_IF_ERROR(iterator.Seek({}));
  while (iterator.Valid()) {
    const std::vector<std::string>& operands = iterator.operands();
    if (!operands.empty()) {
      if (!options.reduce) return shared_family_->NotFoldedError();
      std::string folded = operands.front();
      for (size_t i = 1; i < operands.size(); ++i) KVSTATE_RETURN_IF_ERROR(options.reduce(&folded, operands[i]));
      KVSTATE_RETURN_IF_ERROR(Put(iterator.key(), folded));
    }
    KVSTATE_RETURN_IF_ERROR(iterator.Next());
  }
  return Status();
}

Result<bool> RocksDbTable::Get(ByteView key, ByteView* value) {
  value_.Reset();
  store_.CountAccess();
  if (appends()) TakeMergedOperands();
  const ::rocksdb::Status status = db_.Get(read_options_, family_, ToSlice(key), &value_);
  if (status.ok()) {
    if (appends() && TakeMergedOperands() > most_operands_) CollapseOperands(key);
    *value = ToView(value_);
    return true;
  }
  if (status.IsNotFound()) return false;
  return shared_family_->FromRead(status, "get");
}

void RocksDbTable::CollapseOperands(ByteView key) {
  batch_.Clear();
  // The value is the same with and without: where it cannot be written, as on a full disk, reads go on as before.
  if (batch_.Put(family_, ToSlice(key), value_).ok()) store_.Write(batch_, 0).IgnoreError();
}

Status RocksDbTable::Put(ByteView key, ByteView value) {
  batch_.Clear();
  const ::rocksdb::Status status = batch_.Put(family_, ToSlice(key), ToSlice(value));
  if (!status.ok()) return FromRocksDb(status, "put");
  bytes_since_tick_ += key.size() + value.size();
  if (sample_) sample_->Put(key, key.size() + value.size(), *shared_family_->ttl()->ttl()->clock);
  return store_.Write(batch_, key.size() + value.size());
}

Status RocksDbTable::Delete(ByteView key) {
  batch_.Clear();
  const ::rocksdb::Status status = batch_.Delete(family_, ToSlice(key));
  if (!status.ok()) return FromRocksDb(status, "delete");
  if (sample_) sample_->Delete(key);
  return store_.Write(batch_, key.size());
}

Status RocksDbTable::DeleteMany(std::span<const ByteView> keys, uint64_t* deleted) {
  batch_.Clear();
  size_t bytes = 0;
  for (const ByteView key : keys) {
    const ::rocksdb::Status status = batch_.Delete(family_, ToSlice(key));
    if (!status.ok()) return FromRocksDb(status, "delete");
    if (sample_) sample_->Delete(key);
    bytes += key.size();
  }
  KVSTATE_RETURN_IF_ERROR(store_.Write(batch_, bytes));
  *deleted += keys.size();
  return Status();
}

Status RocksDbTable::Append(ByteView key, ByteView operand) {
  batch_.Clear();
  const ::rocksdb::Status status = batch_.Merge(family_, ToSlice(key), ToSlice(operand));
  if (!status.ok()) return FromRocksDb(status, "merge");
  bytes_since_tick_ += key.size() + operand.size();
  return store_.Write(batch_, key.size() + operand.size());
}

Result<std::unique_ptr<StoreIterator>> RocksDbTable::NewIterator(ByteView /*lower*/, ByteView upper) {
  store_.CountAccess();
  // RocksDB uses a lower bound only when it goes backwards.
  return std::unique_ptr<StoreIterator>(
      std::make_unique<RocksDbIterator>(db_, shared_family_, ::rocksdb::ReadOptions(), upper));
}

Result<bool> RocksDbTable::ConcurrentGet(ByteView key, std::string* value) {
  const ::rocksdb::Status status = db_.Get(::rocksdb::ReadOptions(), family_, ToSlice(key), value);
  if (status.ok()) return true;
  value->clear();
  if (status.IsNotFound()) return false;
  return shared_family_->FromRead(status, "get");
}

Status RocksDbTable::ConcurrentScan(ByteView prefix, const std::function<void(ByteView key, ByteView value)>& visit) {
  std::string upper;
  UpperBoundOfPrefix(prefix, &upper);
  RocksDbIterator iterator(db_, shared_family_, ::rocksdb::ReadOptions(), upper);
  KVSTATE_RETURN_IF_ERROR(iterator.Seek(prefix));
  while (iterator.Valid()) {
    visit(iterator.key(), iterator.value());
    KVSTATE_RETURN_IF_ERROR(iterator.Next());
  }
  return Status();
}

}  // namespace kvstate::backends::rocksdb
