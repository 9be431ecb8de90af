#include "backends/lmdb/transaction_thread.h"

#include <system_error>
#include <utility>

namespace kvstate::backends::lmdb {

TransactionThread::~TransactionThread() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

Status TransactionThread::Start() {
  try {
    thread_ = std::thread([this] { Loop(); });
  } catch (const std::system_error& error) {
    return ResourceExhaustedError(std::string("lmdb: cannot start a thread: ") + error.what());
  }
  return Status();
}

int TransactionThread::Run(std::function<int()> call) {
  std::unique_lock lock(mutex_);
  call_ = std::move(call);
  changed_.notify_all();
  changed_.wait(lock, [this] { return call_ == nullptr; });
  return outcome_;
}

void TransactionThread::Loop() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return stopping_ || call_ != nullptr; });
    if (call_ == nullptr) return;
    lock.unlock();
    outcome_ = call_();
    lock.lock();
    call_ = nullptr;
    changed_.notify_all();
  }
}

}  // namespace kvstate::backends::lmdb
