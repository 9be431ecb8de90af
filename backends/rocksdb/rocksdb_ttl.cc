#include "backends/rocksdb/rocksdb_ttl.h"

#include <rocksdb/compaction_filter.h>
#include <rocksdb/table_properties.h>

#include <algorithm>
#include <cassert>
#include <cstring>
#include <string>
#include <utility>

#include "kvstate/bytes.h"

namespace kvstate::backends::rocksdb {

namespace {

using ::rocksdb::Slice;

// Of a time to live, told apart among what is in memory.
constexpr int64_t kMemoryTimes = 64;
constexpr size_t kMostMemoryTimes = 128;
// Of a time to live, until the files must have been looked at for the first time.
constexpr int64_t kFirstLooks = 32;

ByteView ToView(const Slice& slice) { return {slice.data(), slice.size()}; }

/// Of one job, which has one thread.
class ExpiryFilter final : public ::rocksdb::CompactionFilter {
 public:
  explicit ExpiryFilter(std::shared_ptr<FamilyTtl> ttl)
      : ttl_(std::move(ttl)),
        filter_(ttl_->ttl()->filter),
        query_entries_(std::max<uint32_t>(1, ttl_->ttl()->cleanup.compaction_filter_query_entries)) {}
  ~ExpiryFilter() override {
    Report();
    if (malformed_ == 0) return;
    ttl_->CountMalformed(malformed_);
    ::rocksdb::Log(::rocksdb::InfoLogLevel::WARN_LEVEL, ttl_->logger(),
                   "kvstate: kept %llu entries without looking for what has expired; the first: %s",
                   static_cast<unsigned long long>(malformed_), first_malformed_.ToString().c_str());
  }

  const char* Name() const override { return "kvstate.ttl"; }

  Decision FilterV2(int /*level*/, const Slice& /*key*/, ValueType type, const Slice& existing, std::string* changed,
                    std::string* /*skip_until*/) const override {
    // Operands of a reducing state are from before it had a time to live; their place is taken by a value.
    if (type != ValueType::kValue && (type != ValueType::kMergeOperand || filter_.kind() != StateKind::kList)) {
      return Decision::kKeep;
    }
    if (until_query_ == 0) Query();
    --until_query_;
    if (IsPlainlyAlive(existing)) [[likely]]
      return Decision::kKeep;
    const Result<TtlFilter::Verdict> verdict = filter_.Check(ToView(existing), now_, changed);
    if (!verdict.ok()) [[unlikely]] {
      if (malformed_++ == 0) first_malformed_ = verdict.status();
      return Decision::kKeep;
    }
    switch (*verdict) {
      case TtlFilter::Verdict::kKeep:
        break;
      case TtlFilter::Verdict::kDrop:
        ++removed_;
        // RocksDB leaves a tombstone as long as there may be anything older for it to hide.
        return Decision::kRemove;
      case TtlFilter::Verdict::kReplace:
        return Decision::kChangeValue;
    }
    return Decision::kKeep;
  }

 private:
  static constexpr size_t kTimeBytes = 8;

  /// TtlFilter::Check in a few instructions, for most of what most jobs see. False: Check is to be asked.
  bool IsPlainlyAlive(const Slice& stored) const {
    const char* time = stored.data();
    switch (filter_.kind()) {
      case StateKind::kList:
        return false;
      case StateKind::kMap:
        // A null byte, the time, and a byte that is 0 before a value.
        if (stored.size() <= kTimeBytes + 2 || time[0] != 0 || time[1 + kTimeBytes] != 0) return false;
        ++time;
        break;
      default:
        if (stored.size() < kTimeBytes) return false;
        break;
    }
    uint64_t bits = 0;
    std::memcpy(&bits, time, kTimeBytes);
    return static_cast<int64_t>(ToBigEndian(bits)) > last_expired_;
  }
  void Query() const {
    Report();
    now_ = ttl_->FilterTime();
    if (__builtin_sub_overflow(now_, filter_.ttl_millis(), &last_expired_)) last_expired_ = INT64_MIN;
    until_query_ = query_entries_;
    queried_ = true;
  }
  void Report() const {
    if (queried_) ttl_->CountFiltered(query_entries_ - until_query_, std::exchange(removed_, 0));
    queried_ = false;
  }

  const std::shared_ptr<FamilyTtl> ttl_;
  const TtlFilter& filter_;
  const uint32_t query_entries_;
  // RocksDB calls a filter const, and from one thread.
  mutable uint32_t until_query_ = 0;
  mutable bool queried_ = false;
  mutable int64_t now_ = 0;
  mutable int64_t last_expired_ = 0;  ///< The latest time that has, or INT64_MIN.
  mutable uint64_t removed_ = 0;
  mutable uint64_t malformed_ = 0;
  mutable Status first_malformed_;
};

class ExpiryFilterFactory final : public ::rocksdb::CompactionFilterFactory {
 public:
  explicit ExpiryFilterFactory(std::shared_ptr<FamilyTtl> ttl) : ttl_(std::move(ttl)) {}
  const char* Name() const override { return "kvstate.ttl"; }
  bool ShouldFilterTableFileCreation(::rocksdb::TableFileCreationReason reason) const override {
    if (ttl_->ttl() == nullptr) return false;
    if (reason != ::rocksdb::TableFileCreationReason::kFlush) {
      return reason == ::rocksdb::TableFileCreationReason::kCompaction;
    }
    ttl_->OnFlush();
    return true;
  }
  std::unique_ptr<::rocksdb::CompactionFilter> CreateCompactionFilter(
      const ::rocksdb::CompactionFilter::Context& /*context*/) override {
    if (ttl_->ttl() == nullptr) return nullptr;
    return std::make_unique<ExpiryFilter>(ttl_);
  }

 private:
  const std::shared_ptr<FamilyTtl> ttl_;
};

class TimesCollector final : public ::rocksdb::TablePropertiesCollector {
 public:
  explicit TimesCollector(std::shared_ptr<FamilyTtl> ttl)
      : ttl_(std::move(ttl)),
        sampler_(ttl_->ttl()->filter),
        operands_have_times_(ttl_->ttl()->filter.kind() == StateKind::kList) {}
  const char* Name() const override { return "kvstate.ttl"; }
  ::rocksdb::Status AddUserKey(const Slice& key, const Slice& value, ::rocksdb::EntryType type,
                               ::rocksdb::SequenceNumber sequence, uint64_t /*file_size*/) override {
    sampler_.AddSequence(sequence);
    if (type == ::rocksdb::kEntryPut || (type == ::rocksdb::kEntryMerge && operands_have_times_)) {
      sampler_.Add(ToView(key), ToView(value));
    } else {
      sampler_.AddUndated(key.size() + value.size());
    }
    return ::rocksdb::Status::OK();
  }
  ::rocksdb::Status Finish(::rocksdb::UserCollectedProperties* properties) override {
    properties->insert({TtlTimes::kProperty, sampler_.Finish().Encode()});
    return ::rocksdb::Status::OK();
  }
  ::rocksdb::UserCollectedProperties GetReadableProperties() const override { return {}; }

 private:
  const std::shared_ptr<FamilyTtl> ttl_;
  TtlTimesSampler sampler_;
  const bool operands_have_times_;
};

/// Of a state without a time to live, as far as is known. RocksDB insists on a collector.
class NoCollector final : public ::rocksdb::TablePropertiesCollector {
 public:
  const char* Name() const override { return "kvstate.none"; }
  ::rocksdb::Status AddUserKey(const Slice&, const Slice&, ::rocksdb::EntryType, ::rocksdb::SequenceNumber,
                               uint64_t) override {
    return ::rocksdb::Status::OK();
  }
  ::rocksdb::Status Finish(::rocksdb::UserCollectedProperties*) override { return ::rocksdb::Status::OK(); }
  ::rocksdb::UserCollectedProperties GetReadableProperties() const override { return {}; }
};

class TimesCollectorFactory final : public ::rocksdb::TablePropertiesCollectorFactory {
 public:
  explicit TimesCollectorFactory(std::shared_ptr<FamilyTtl> ttl) : ttl_(std::move(ttl)) {}
  const char* Name() const override { return "kvstate.ttl"; }
  ::rocksdb::TablePropertiesCollector* CreateTablePropertiesCollector(Context /*context*/) override {
    if (ttl_->ttl() == nullptr) return new NoCollector;
    return new TimesCollector(ttl_);
  }

 private:
  const std::shared_ptr<FamilyTtl> ttl_;
};

}  // namespace

void FamilyTtl::Start(std::shared_ptr<const TableTtl> ttl) {
  assert(started_.load() == nullptr);
  ttl_ = std::move(ttl);
  started_at_ = ttl_->clock->NowMillis();
  // Nobody has looked yet.
  promised_until_ = Later(started_at_, ttl_->filter.ttl_millis() / kFirstLooks);
  started_.store(ttl_.get(), std::memory_order_release);
}

int64_t FamilyTtl::FilterTime() const {
  // In this order: a view that is made in between sees what has expired by then.
  const int64_t now = ttl()->clock->NowMillis();
  return std::min(now, view_time_.load());
}

void FamilyTtl::NoteWrites(int64_t now, uint64_t bytes) {
  if (bytes == 0) return;
  const int64_t apart = ttl_millis() / kMemoryTimes;
  const std::lock_guard lock(memory_mutex_);
  // Times that are not in order, of a clock that went backwards, count as the latest before.
  if (!written_.empty() && !IsExpired(written_.back().time, apart, now)) {
    written_.back().bytes += bytes;
    return;
  }
  if (written_.size() == kMostMemoryTimes) {
    written_[1].bytes += written_[0].bytes;
    written_.erase(written_.begin());
  }
  written_.push_back({now, bytes});
}

void FamilyTtl::OnFlush() {
  const std::lock_guard lock(memory_mutex_);
  written_.clear();
}

FamilyTtl::Memory FamilyTtl::MemoryAt(int64_t now) const {
  Memory memory;
  const std::lock_guard lock(memory_mutex_);
  for (const Written& written : written_) {
    memory.bytes += written.bytes;
    if (IsExpired(written.time, ttl_millis(), now)) memory.expired_bytes += written.bytes;
  }
  return memory;
}

void FamilyTtl::AddFigures(TtlFigures* figures) const {
  figures->filter_entries_examined = examined_;
  figures->filter_entries_removed = removed_;
  figures->sweep_compactions = sweeps_;
  figures->sweep_bytes_written = sweep_bytes_written_;
}

void FamilyTtl::CountFiltered(uint64_t examined, uint64_t removed) {
  examined_ += examined;
  removed_ += removed;
}

void FamilyTtl::CountMalformed(uint64_t entries) { malformed_ += entries; }

void FamilyTtl::CountSweep(uint64_t bytes_written) {
  ++sweeps_;
  sweep_bytes_written_ += bytes_written;
}

ViewHold::ViewHold(std::shared_ptr<FamilyTtl> ttl) : ttl_(std::move(ttl)) {
  if (ttl_ == nullptr) return;
  const TableTtl* const started = ttl_->ttl();
  if (started != nullptr) time_ = started->clock->NowMillis();
  const std::lock_guard lock(ttl_->views_mutex_);
  ttl_->view_times_.insert(time_);
  ttl_->view_time_ = *ttl_->view_times_.begin();
}

ViewHold::~ViewHold() {
  if (ttl_ == nullptr) return;
  const std::lock_guard lock(ttl_->views_mutex_);
  ttl_->view_times_.erase(ttl_->view_times_.find(time_));
  ttl_->view_time_ = ttl_->view_times_.empty() ? INT64_MAX : *ttl_->view_times_.begin();
}

void SetTtlOptions(const std::shared_ptr<FamilyTtl>& ttl, ::rocksdb::ColumnFamilyOptions* options) {
  options->compaction_filter_factory = std::make_shared<ExpiryFilterFactory>(ttl);
  options->table_properties_collector_factories.push_back(std::make_shared<TimesCollectorFactory>(ttl));
}

}  // namespace kvstate::backends::rocksdb
