#ifndef KVSTATE_BACKENDS_LMDB_TRANSACTION_THREAD_H_
#define KVSTATE_BACKENDS_LMDB_TRANSACTION_THREAD_H_

#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

#include "kvstate/status.h"

namespace kvstate::backends::lmdb {

/// The thread that begins and ends an environment's write transactions. LMDB holds a lock meanwhile that only the
/// thread which took it can release, and a backend may be handed from thread to thread.
class TransactionThread {
 public:
  TransactionThread() = default;
  ~TransactionThread();
  TransactionThread(const TransactionThread&) = delete;
  TransactionThread& operator=(const TransactionThread&) = delete;

  Status Start();
  /// What `call` gives, called there while the caller waits. REQUIRES: Start succeeded; one caller at a time.
  int Run(std::function<int()> call);

 private:
  void Loop();

  std::mutex mutex_;
  std::condition_variable changed_;
  /// Set by the caller and cleared by the thread, under mutex_; in between the thread alone uses it and outcome_.
  std::function<int()> call_;
  int outcome_ = 0;
  bool stopping_ = false;  ///< Guarded by mutex_.
  std::thread thread_;
};

}  // namespace kvstate::backends::lmdb

#endif  // KVSTATE_BACKENDS_LMDB_TRANSACTION_THREAD_H_
