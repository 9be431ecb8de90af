#include "harness/import/input_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "harness/report/atomic_file.h"

namespace kvstate::harness {

namespace {

constexpr size_t kBufferBytes = size_t{1} << 16;
/// Of UTF-8.
constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

}  // namespace

InputFile::InputFile(std::string path, int fd, bool is_regular, uint64_t stored_bytes)
    : path_(std::move(path)),
      fd_(fd),
      is_regular_(is_regular),
      stored_bytes_(stored_bytes),
      stored_buffer_(kBufferBytes),
      buffer_(kBufferBytes) {}

InputFile::~InputFile() { close(fd_); }

Result<std::unique_ptr<InputFile>> InputFile::Open(const std::string& path) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0 && errno == EINTR) return CancelledError("interrupted");
  if (fd < 0) return SystemError("cannot read " + path, errno);
  struct stat status = {};
  if (fstat(fd, &status) != 0 || S_ISDIR(status.st_mode)) {
    const int number = S_ISDIR(status.st_mode) ? EISDIR : errno;
    close(fd);
    return SystemError("cannot read " + path, number);
  }
  std::unique_ptr<InputFile> file(
      new InputFile(path, fd, S_ISREG(status.st_mode), static_cast<uint64_t>(status.st_size)));
  KVSTATE_RETURN_IF_ERROR(file->FindFormat());
  return file;
}

Status InputFile::FindFormat() {
  // A pipe gives as many bytes at a time as it likes.
  while (stored_.size() < kMagicBytes && !stored_end_) KVSTATE_RETURN_IF_ERROR(ReadStored());
  KVSTATE_ASSIGN_OR_RETURN(decompressor_, DecompressorOf(stored_));
  return Status();
}

Status InputFile::ReadStored() {
  if (!stored_.empty()) std::memmove(stored_buffer_.data(), stored_.data(), stored_.size());
  const ssize_t n = read(fd_, stored_buffer_.data() + stored_.size(), stored_buffer_.size() - stored_.size());
  if (n < 0 && errno == EINTR) return CancelledError("interrupted");
  if (n < 0) return SystemError("reading " + path_, errno);
  stored_end_ = n == 0;
  stored_bytes_read_ += static_cast<uint64_t>(n);
  stored_ = ByteView(stored_buffer_.data(), stored_.size() + static_cast<size_t>(n));
  return Status();
}

Result<bool> InputFile::Fill() {
  filled_before_ += filled_;
  at_ = 0;
  filled_ = 0;
  while (true) {
    if (stored_.empty() && !stored_end_) KVSTATE_RETURN_IF_ERROR(ReadStored());
    if (decompressor_ == nullptr) {
      filled_ = std::min(stored_.size(), buffer_.size());
      std::copy_n(stored_.begin(), filled_, buffer_.begin());
      stored_.remove_prefix(filled_);
      return filled_ > 0;
    }
    const auto unpacked = decompressor_->Unpack(&stored_, buffer_.data(), buffer_.size());
    if (!unpacked.ok()) {
      return unpacked.status().WithContext("reading " + path_ + ": after " + std::to_string(stored_bytes_read()) +
                                           " bytes");
    }
    filled_ = *unpacked;
    if (filled_ > 0) return true;
    if (!stored_.empty() || !stored_end_) continue;
    if (decompressor_->at_end_of_frame()) return false;
    return DataLossError("reading " + path_ + ": after " + std::to_string(stored_bytes_read()) + " bytes: the " +
                         std::string(decompressor_->name()) + " data is cut short");
  }
}

Result<int> InputFile::PeekByte() {
  KVSTATE_ASSIGN_OR_RETURN(const int byte, NextByte());
  if (byte >= 0) --at_;
  return byte;
}

Status InputFile::SkipByteOrderMark() {
  std::string start;
  KVSTATE_RETURN_IF_ERROR(Read(kByteOrderMark.size(), &start));
  if (start == kByteOrderMark) return Status();
  std::vector<char> all(start.begin(), start.end());
  all.insert(all.end(), buffer_.data() + at_, buffer_.data() + filled_);
  filled_ = all.size();
  all.resize(std::max(all.size(), kBufferBytes));
  buffer_.swap(all);
  at_ = 0;
  filled_before_ = 0;
  return Status();
}

Result<bool> InputFile::NextLine(size_t limit, std::string* line) {
  const size_t start = line->size();
  while (true) {
    if (at_ == filled_) {
      KVSTATE_ASSIGN_OR_RETURN(const bool more, Fill());
      if (!more) return line->size() > start;
    }
    const char* begin = buffer_.data() + at_;
    const void* end = std::memchr(begin, '\n', filled_ - at_);
    const size_t bytes = end == nullptr ? filled_ - at_ : static_cast<size_t>(static_cast<const char*>(end) - begin);
    if (line->size() - start + bytes > limit) {
      return DataLossError("a line of more than " + std::to_string(limit) + " bytes");
    }
    line->append(begin, bytes);
    at_ += bytes;
    if (end == nullptr) continue;
    ++at_;
    if (line->size() > start && line->back() == '\r') line->pop_back();
    return true;
  }
}

Status InputFile::Read(size_t bytes, std::string* to) {
  while (bytes > 0) {
    if (at_ == filled_) {
      KVSTATE_ASSIGN_OR_RETURN(const bool more, Fill());
      if (!more) return Status();
    }
    const size_t part = std::min(bytes, filled_ - at_);
    to->append(buffer_.data() + at_, part);
    at_ += part;
    bytes -= part;
  }
  return Status();
}

}  // namespace kvstate::harness
