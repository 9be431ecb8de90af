#include "backends/checkpoint/shared_state_registry.h"

#include <cassert>
#include <utility>

namespace kvstate::backends {

void SharedStateRegistry::Begin(uint64_t checkpoint_id) {
  assert(!files_of_.contains(checkpoint_id));
  running_.insert(checkpoint_id);
}

void SharedStateRegistry::Register(uint64_t checkpoint_id, const std::vector<SnapshotFile>& files) {
  assert(!files_of_.contains(checkpoint_id));
  std::set<std::string>& of_checkpoint = files_of_[checkpoint_id];
  for (const SnapshotFile& file : files) {
    File& known = files_[file.file.path];
    known.users.insert(checkpoint_id);
    known.awaiting.clear();
    waiting_.erase(file.file.path);
    of_checkpoint.insert(file.file.path);
  }
}

std::vector<std::string> SharedStateRegistry::End(uint64_t checkpoint_id) {
  std::vector<std::string> free;
  running_.erase(checkpoint_id);
  for (auto path = waiting_.begin(); path != waiting_.end();) {
    const auto file = files_.find(*path);
    assert(file != files_.end() && file->second.users.empty());
    file->second.awaiting.erase(checkpoint_id);
    if (!file->second.awaiting.empty()) {
      ++path;
      continue;
    }
    files_.erase(file);
    free.push_back(*path);
    path = waiting_.erase(path);
  }
  return free;
}

std::vector<std::string> SharedStateRegistry::Unregister(uint64_t checkpoint_id) {
  std::vector<std::string> free;
  for (const std::string& path : files_of_[checkpoint_id]) {
    const auto file = files_.find(path);
    assert(file != files_.end());
    file->second.users.erase(checkpoint_id);
    if (!file->second.users.empty()) continue;
    if (running_.empty()) {
      files_.erase(file);
      free.push_back(path);
    } else {
      file->second.awaiting = running_;
      waiting_.insert(path);
    }
  }
  files_of_.erase(checkpoint_id);
  return free;
}

std::optional<uint64_t> SharedStateRegistry::LastUser(std::string_view path) const {
  const auto file = files_.find(path);
  if (file == files_.end() || file->second.users.empty()) return std::nullopt;
  return *file->second.users.rbegin();
}

}  // namespace kvstate::backends
