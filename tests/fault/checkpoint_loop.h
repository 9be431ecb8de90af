#ifndef KVSTATE_TESTS_FAULT_CHECKPOINT_LOOP_H_
#define KVSTATE_TESTS_FAULT_CHECKPOINT_LOOP_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <random>
#include <string>

#include "kvstate/checkpoint_storage.h"
#include "kvstate/checkpoint_store.h"
#include "tests/support/job.h"

namespace kvstate {

/// A program that does nothing but change state and timers and take checkpoints of both, to be killed at any moment: in
/// `directory` there are its storage, its backends' files and, for each checkpoint, the digest of what it has.
struct CheckpointLoop {
  const BackendFactory* factory = nullptr;
  std::string directory;
  uint64_t seed = 0;

  /// Goes on from the newest checkpoint there is, or from nothing, for ever. Throws when something is not as it must
  /// be. Calls `on_checkpoint` after each that is complete.
  [[noreturn]] void Run(const std::function<void()>& on_checkpoint) const;

  testing_support::JobOptions job_options() const;
  Result<std::shared_ptr<CheckpointStorage>> OpenStorage() const;
  static CheckpointStoreOptions store_options();
  /// The digest that was written before that checkpoint was completed.
  uint64_t DigestBefore(uint64_t checkpoint_id) const;
  /// Restores a checkpoint into `job` and checks that it has what was in it.
  void RestoreExactly(const CheckpointMetadata& checkpoint, const std::shared_ptr<CheckpointStorage>& storage,
                      testing_support::Job& job, bool claim) const;

 private:
  std::string DigestPath(uint64_t checkpoint_id) const;
  void WriteDigest(uint64_t checkpoint_id, uint64_t digest) const;
  void TakeOne(CheckpointStore& store, testing_support::Job& job, std::mt19937_64& random,
               const std::function<void()>& on_checkpoint) const;
};

}  // namespace kvstate

#endif  // KVSTATE_TESTS_FAULT_CHECKPOINT_LOOP_H_
