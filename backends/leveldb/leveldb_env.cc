#include "backends/leveldb/leveldb_env.h"

#include <memory>
#include <string_view>
#include <utility>

namespace kvstate::backends::leveldb {

namespace {

using Clock = std::chrono::steady_clock;

// Whether this thread runs LevelDB's background work: what it reads then is compaction.
thread_local bool in_background = false;

uint64_t NanosecondsSince(Clock::time_point start) {
  return static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now() - start).count());
}

class DroppedFile final : public ::leveldb::WritableFile {
 public:
  ::leveldb::Status Append(const ::leveldb::Slice&) override { return {}; }
  ::leveldb::Status Close() override { return {}; }
  ::leveldb::Status Flush() override { return {}; }
  ::leveldb::Status Sync() override { return {}; }
};

}  // namespace

/// Counts bytes as they are written, and tells the Env the file's size in the end.
class StoreEnv::CountedFile final : public ::leveldb::WritableFile {
 public:
  CountedFile(StoreEnv& env, std::string path, std::unique_ptr<::leveldb::WritableFile> file,
              std::atomic<uint64_t>& written)
      : env_(env), path_(std::move(path)), file_(std::move(file)), written_(written) {}
  ~CountedFile() override {
    if (path_.ends_with(".ldb")) env_.AddFile(path_, bytes_);
  }

  ::leveldb::Status Append(const ::leveldb::Slice& data) override {
    written_ += data.size();
    bytes_ += data.size();
    return file_->Append(data);
  }
  ::leveldb::Status Close() override { return file_->Close(); }
  ::leveldb::Status Flush() override { return file_->Flush(); }
  ::leveldb::Status Sync() override { return file_->Sync(); }

 private:
  StoreEnv& env_;
  const std::string path_;
  const std::unique_ptr<::leveldb::WritableFile> file_;
  std::atomic<uint64_t>& written_;
  uint64_t bytes_ = 0;
};

class StoreEnv::CountedReads final : public ::leveldb::RandomAccessFile {
 public:
  CountedReads(StoreEnv& env, std::unique_ptr<::leveldb::RandomAccessFile> file) : env_(env), file_(std::move(file)) {}

  ::leveldb::Status Read(uint64_t offset, size_t n, ::leveldb::Slice* result, char* scratch) const override {
    ::leveldb::Status status = file_->Read(offset, n, result, scratch);
    // A flush reads its own table to verify it.
    if (in_background && !env_.flushing_) env_.compaction_bytes_read_ += result->size();
    return status;
  }

 private:
  StoreEnv& env_;
  const std::unique_ptr<::leveldb::RandomAccessFile> file_;
};

struct StoreEnv::Work {
  StoreEnv* env;
  void (*function)(void*);
  void* argument;
};

::leveldb::Status StoreEnv::NewWritableFile(const std::string& path, ::leveldb::WritableFile** file) {
  if (path.ends_with(".log")) {
    *file = new DroppedFile;
    return {};
  }
  ::leveldb::WritableFile* opened = nullptr;
  ::leveldb::Status status = target()->NewWritableFile(path, &opened);
  if (!status.ok()) return status;
  std::atomic<uint64_t>& written = !path.ends_with(".ldb") ? other_bytes_written_
                                   : flushing_             ? flush_bytes_written_
                                                           : compaction_bytes_written_;
  *file = new CountedFile(*this, path, std::unique_ptr<::leveldb::WritableFile>(opened), written);
  return status;
}

::leveldb::Status StoreEnv::NewRandomAccessFile(const std::string& path, ::leveldb::RandomAccessFile** file) {
  ::leveldb::RandomAccessFile* opened = nullptr;
  ::leveldb::Status status = target()->NewRandomAccessFile(path, &opened);
  if (!status.ok()) return status;
  *file = new CountedReads(*this, std::unique_ptr<::leveldb::RandomAccessFile>(opened));
  return status;
}

void StoreEnv::AddFile(const std::string& path, uint64_t bytes) {
  const std::lock_guard lock(mutex_);
  file_bytes_[path] = bytes;
  disk_bytes_ += bytes;
}

::leveldb::Status StoreEnv::RemoveFile(const std::string& path) {
  if (path.ends_with(".log")) return {};
  {
    const std::lock_guard lock(mutex_);
    if (holds_ > 0 && path.ends_with(".ldb")) {
      held_.push_back(path);
      return {};
    }
    const auto file = file_bytes_.find(path);
    if (file != file_bytes_.end()) {
      disk_bytes_ -= file->second;
      file_bytes_.erase(file);
    }
  }
  return target()->RemoveFile(path);
}

void StoreEnv::HoldDeletions() {
  const std::lock_guard lock(mutex_);
  ++holds_;
}

void StoreEnv::ReleaseDeletions() {
  std::vector<std::string> released;
  {
    const std::lock_guard lock(mutex_);
    if (--holds_ == 0) released.swap(held_);
  }
  // As LevelDB does: a file that cannot be removed is left to who owns the directory.
  for (const std::string& path : released) static_cast<void>(RemoveFile(path));
}

void StoreEnv::Schedule(void (*function)(void*), void* argument) {
  {
    const std::lock_guard lock(mutex_);
    ++scheduled_;
  }
  target()->Schedule(&RunWork, new Work{this, function, argument});
}

void StoreEnv::RunWork(void* pointer) {
  const std::unique_ptr<Work> work(static_cast<Work*>(pointer));
  StoreEnv& env = *work->env;
  const uint64_t flushed_before = env.flush_time_ns_;
  const Clock::time_point start = Clock::now();
  in_background = true;
  work->function(work->argument);
  in_background = false;
  env.compaction_time_ns_ += NanosecondsSince(start) - (env.flush_time_ns_ - flushed_before);
  // The last touch of the Env, which may be gone once the lock is free.
  const std::lock_guard lock(env.mutex_);
  if (--env.scheduled_ == 0) env.idle_.notify_all();
}

void StoreEnv::WaitUntilIdle() {
  std::unique_lock lock(mutex_);
  idle_.wait(lock, [this] { return scheduled_ == 0; });
}

void StoreEnv::SleepForMicroseconds(int micros) {
  // LevelDB sleeps to slow a writer down, and nowhere else.
  const Clock::time_point start = Clock::now();
  target()->SleepForMicroseconds(micros);
  stall_time_ns_ += NanosecondsSince(start);
}

void StoreEnv::Logv(const char* format, std::va_list) {
  const std::string_view text(format);
  if (text.starts_with("Level-0 table #")) {
    if (text.ends_with("started")) {
      flush_start_ = Clock::now();
      flushing_ = true;
    } else if (flushing_) {
      flush_time_ns_ += NanosecondsSince(flush_start_);
      flushing_ = false;
    }
  } else if (text.starts_with("Current memtable full; waiting") || text.starts_with("Too many L0 files; waiting")) {
    if (!stalled_) stall_start_ = Clock::now();
    stalled_ = true;
  }
}

void StoreEnv::CountStall() {
  stall_time_ns_ += NanosecondsSince(stall_start_);
  stalled_ = false;
}

void StoreEnv::AddTo(EngineCounters* counters) const {
  counters->flush_bytes_written = flush_bytes_written_;
  counters->flush_time_ns = flush_time_ns_;
  counters->compaction_bytes_read = compaction_bytes_read_;
  counters->compaction_bytes_written = compaction_bytes_written_;
  counters->compaction_time_ns = compaction_time_ns_;
  counters->stall_time_ns = stall_time_ns_;
  counters->storage_bytes_written = flush_bytes_written_ + compaction_bytes_written_ + other_bytes_written_;
  counters->disk_bytes = disk_bytes_;
}

}  // namespace kvstate::backends::leveldb
