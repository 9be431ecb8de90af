#include "harness/import/input_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <cerrno>

#include "harness/report/atomic_file.h"

namespace kvstate::harness {

namespace {

constexpr size_t kBufferBytes = size_t{1} << 16;

}  // namespace

InputFile::InputFile(std::string path, void* file, uint64_t stored_bytes)
    : path_(std::move(path)), file_(file), stored_bytes_(stored_bytes), buffer_(kBufferBytes) {}

InputFile::~InputFile() { gzclose_r(static_cast<gzFile>(file_)); }

Result<std::unique_ptr<InputFile>> InputFile::Open(const std::string& path) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return SystemError("cannot read " + path, errno);
  struct stat status = {};
  if (fstat(fd, &status) != 0 || S_ISDIR(status.st_mode)) {
    const int number = S_ISDIR(status.st_mode) ? EISDIR : errno;
    close(fd);
    return SystemError("cannot read " + path, number);
  }
  gzFile file = gzdopen(fd, "rb");
  if (file == nullptr) {
    close(fd);
    return ResourceExhaustedError("cannot read " + path + ": out of memory");
  }
  return std::unique_ptr<InputFile>(new InputFile(path, file, static_cast<uint64_t>(status.st_size)));
}

Result<bool> InputFile::Fill() {
  const auto file = static_cast<gzFile>(file_);
  const int n = gzread(file, buffer_.data(), static_cast<unsigned>(buffer_.size()));
  int error = Z_OK;
  const char* message = gzerror(file, &error);
  // A stream that ends in the middle is no error to gzread, which gives what there was.
  if (n < 0 || (n == 0 && error != Z_OK && error != Z_STREAM_END)) {
    if (error == Z_ERRNO) return SystemError("reading " + path_, errno);
    return DataLossError("reading " + path_ + ": after " + std::to_string(stored_bytes_read()) +
                         " bytes: the gzip data is damaged or cut short: " + message);
  }
  at_ = 0;
  filled_ = static_cast<size_t>(n);
  return n > 0;
}

Result<int> InputFile::PeekByte() {
  KVSTATE_ASSIGN_OR_RETURN(const int byte, NextByte());
  if (byte >= 0) --at_;
  return byte;
}

uint64_t InputFile::stored_bytes_read() const {
  return static_cast<uint64_t>(std::max<z_off_t>(0, gzoffset(static_cast<gzFile>(file_))));
}

}  // namespace kvstate::harness
