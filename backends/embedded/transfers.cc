#include "backends/embedded/transfers.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

namespace kvstate::backends {

Status RunTransfers(size_t count, uint32_t threads, const std::function<Status(size_t)>& transfer) {
  std::atomic<size_t> next{0};
  std::atomic<bool> failed{false};
  std::mutex mutex;
  Status failure;
  size_t failed_at = count;
  const auto work = [&] {
    for (size_t i = next++; i < count && !failed; i = next++) {
      const Status status = transfer(i);
      if (status.ok()) continue;
      failed = true;
      const std::lock_guard lock(mutex);
      if (i >= failed_at) continue;
      failed_at = i;
      failure = status;
    }
  };
  std::vector<std::thread> others;
  try {
    for (size_t i = 1; i < std::min<size_t>(threads, count); ++i) others.emplace_back(work);
  } catch (const std::system_error&) {
    // There are fewer, then.
  }
  work();
  for (std::thread& other : others) other.join();
  return failure;
}

}  // namespace kvstate::backends
