#include "backends/rocksdb/rocksdb_log.h"

#include <cstdarg>
#include <cstdio>
#include <mutex>
#include <utility>

namespace kvstate::backends::rocksdb {

namespace {

class FileLog final : public ::rocksdb::Logger {
 public:
  FileLog(std::string path, const ::rocksdb::DBOptions& options)
      : Logger(options.info_log_level),
        path_(std::move(path)),
        most_bytes_(options.max_log_file_size),
        most_files_(options.keep_log_file_num) {}
  ~FileLog() override {
    if (file_ != nullptr) std::fclose(file_);
    Close().PermitUncheckedError();
  }

  using Logger::Logv;
  void Logv(const char* format, va_list arguments) override {
    ::rocksdb::Env* const env = ::rocksdb::Env::Default();
    const std::lock_guard lock(mutex_);
    // Each line opens anew when it could not the last time: the disk may have room again.
    if (file_ == nullptr) file_ = std::fopen(path_.c_str(), "ae");
    if (file_ == nullptr) return;
    const uint64_t micros = env->NowMicros();
    const auto fraction = static_cast<unsigned>(micros % 1000000);
    const std::string seconds = env->TimeToString(micros / 1000000);
    int written = std::fprintf(file_, "%s.%06u %llx ", seconds.c_str(), fraction,
                               static_cast<unsigned long long>(env->GetThreadID()));
    if (written > 0) bytes_ += static_cast<size_t>(written);
    written = std::vfprintf(file_, format, arguments);
    if (written > 0) bytes_ += static_cast<size_t>(written);
    std::fputc('\n', file_);
    std::fflush(file_);
    if (most_bytes_ != 0 && bytes_ >= most_bytes_) Rotate();
  }
  size_t GetLogFileSize() const override {
    const std::lock_guard lock(mutex_);
    return bytes_;
  }

 private:
  void Rotate() {
    std::fclose(std::exchange(file_, nullptr));
    bytes_ = 0;
    const auto name = [this](size_t n) { return n == 0 ? path_ : path_ + "." + std::to_string(n); };
    std::remove(name(most_files_ > 0 ? most_files_ - 1 : 0).c_str());
    for (size_t n = most_files_; n > 1; --n) std::rename(name(n - 2).c_str(), name(n - 1).c_str());
  }

  const std::string path_;
  const size_t most_bytes_;
  const size_t most_files_;
  mutable std::mutex mutex_;
  std::FILE* file_ = nullptr;
  size_t bytes_ = 0;
};

}  // namespace

std::shared_ptr<::rocksdb::Logger> MakeLog(const std::string& directory, const ::rocksdb::DBOptions& options) {
  return std::make_shared<FileLog>(directory + "/LOG", options);
}

}  // namespace kvstate::backends::rocksdb
