#include "harness/probes/copy_probe.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string>

#include "harness/probes/tick_clock.h"
#include "harness/report/atomic_file.h"

namespace kvstate::harness {

namespace {

constexpr uint64_t kBlockBytes = uint64_t{1} << 20;

std::string RandomBlock() {
  std::string block(kBlockBytes, '\0');
  uint64_t state = 0x9e3779b97f4a7c15u;
  for (char& c : block) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    c = static_cast<char>(state >> 32);
  }
  return block;
}

Status WriteAndSync(int fd, const std::string& path, uint64_t bytes, const std::function<bool()>& stopped) {
  static const std::string kBlock = RandomBlock();
  while (bytes > 0) {
    if (stopped()) return CancelledError("interrupted");
    const ssize_t n = write(fd, kBlock.data(), std::min(bytes, kBlockBytes));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return SystemError("writing " + path, errno);
    bytes -= static_cast<uint64_t>(n);
  }
  return fsync(fd) == 0 ? Status() : SystemError("syncing " + path, errno);
}

}  // namespace

Result<uint64_t> TimeToWrite(const std::string& path, uint64_t bytes, const std::function<bool()>& stopped) {
  const uint64_t start = SteadyNanoseconds();
  const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0) return SystemError("cannot write " + path, errno);
  Status written = WriteAndSync(fd, path, bytes, stopped);
  if (close(fd) != 0 && written.ok()) written = SystemError("closing " + path, errno);
  const uint64_t time_ns = SteadyNanoseconds() - start;
  if (unlink(path.c_str()) != 0 && written.ok()) written = SystemError("removing " + path, errno);
  KVSTATE_RETURN_IF_ERROR(written);
  return time_ns;
}

}  // namespace kvstate::harness
