#include "harness/load/chunk_queue.h"

namespace kvstate::harness {

LoadChunk* ChunkQueue::Filling() {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (published_ == chunks_.size()) return nullptr;
  return chunks_[(first_ + published_) % chunks_.size()].get();
}

bool ChunkQueue::WaitForRoom(std::chrono::milliseconds most) {
  std::unique_lock<std::mutex> lock(mutex_);
  return changed_.wait_for(lock, most, [this] { return published_ < chunks_.size(); });
}

bool ChunkQueue::Low() {
  const std::lock_guard<std::mutex> lock(mutex_);
  return published_ <= 1;
}

void ChunkQueue::Publish() {
  const std::lock_guard<std::mutex> lock(mutex_);
  ++published_;
  changed_.notify_one();
}

void ChunkQueue::End() {
  const std::lock_guard<std::mutex> lock(mutex_);
  ended_ = true;
  changed_.notify_one();
}

LoadChunk* ChunkQueue::Take(bool waits, bool* starved) {
  std::unique_lock<std::mutex> lock(mutex_);
  *starved = published_ == 0;
  if (waits) changed_.wait(lock, [this] { return published_ > 0 || ended_; });
  return published_ == 0 ? nullptr : chunks_[first_].get();
}

void ChunkQueue::Release() {
  const std::lock_guard<std::mutex> lock(mutex_);
  chunks_[first_]->Clear();
  first_ = (first_ + 1) % chunks_.size();
  --published_;
  changed_.notify_one();
}

}  // namespace kvstate::harness
