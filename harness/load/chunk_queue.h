#ifndef KVSTATE_HARNESS_LOAD_CHUNK_QUEUE_H_
#define KVSTATE_HARNESS_LOAD_CHUNK_QUEUE_H_

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>
#include <vector>

#include "harness/load/load_chunk.h"

namespace kvstate::harness {

/// A bounded queue of chunks from the thread that prepares them to the one that runs them. The chunks are used again
/// and again: memory is what they hold.
class ChunkQueue {
 public:
  ChunkQueue(const SerializerPtr& key_serializer, size_t chunks) {
    for (size_t i = 0; i < chunks; ++i) chunks_.push_back(std::make_unique<LoadChunk>(key_serializer));
  }

  // The preparing thread.

  /// The chunk to fill; null while all are prepared. The same one until Publish.
  LoadChunk* Filling();
  /// Waits a little for Filling to give one; whether it does.
  bool WaitForRoom(std::chrono::milliseconds most);
  /// Hands over the chunk that Filling gave.
  void Publish();
  /// Whether at most one chunk is left, which may be in work.
  bool Low();
  /// Nothing follows, or nothing more is to be waited for.
  void End();

  // The running thread.

  /// The next chunk; null when there is none. `waits`: waits for one, so that null is the end; `*starved` says whether
  /// it had to.
  LoadChunk* Take(bool waits, bool* starved);
  /// Gives back the chunk that Take gave.
  void Release();

 private:
  std::vector<std::unique_ptr<LoadChunk>> chunks_;
  std::mutex mutex_;
  std::condition_variable changed_;
  size_t first_ = 0;      ///< The next to be taken.
  size_t published_ = 0;  ///< Those prepared, the one that is being run included.
  bool ended_ = false;
};

}  // namespace kvstate::harness

#endif  // KVSTATE_HARNESS_LOAD_CHUNK_QUEUE_H_
