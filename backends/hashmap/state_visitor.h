#ifndef KVSTATE_BACKENDS_HASHMAP_STATE_VISITOR_H_
#define KVSTATE_BACKENDS_HASHMAP_STATE_VISITOR_H_

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "backends/hashmap/entry_table.h"
#include "backends/hashmap/state_core.h"
#include "backends/hashmap/table_cursor.h"
#include "kvstate/internal_kv_state.h"
#include "kvstate/keyed_state_backend.h"

namespace kvstate::backends::hashmap {

/// Walks the (key, namespace) pairs of a state, key group by key group, beside any change: what is there during the
/// whole walk is met exactly once. Copies a home group's keys at a time, so a pair may be gone when it is given.
class EntryWalk {
 public:
  explicit EntryWalk(const StateCore& state) : life_(state.life()) {}

  /// Null when it was removed.
  StateCore* state() const { return life_->state; }
  Status Removed() const;
  /// False at the end.
  Result<bool> Next();
  /// Of the pair that Next moved to; valid until the next Next.
  ByteView key() const { return ByteView(bytes_).substr(at().offset, at().key_size); }
  ByteView state_namespace() const { return ByteView(bytes_).substr(at().offset + at().key_size, at().namespace_size); }

 private:
  struct Pair {
    size_t offset;
    size_t key_size;
    size_t namespace_size;
  };
  const Pair& at() const { return pairs_[next_ - 1]; }
  void Fill(const StateCore& state);

  const std::shared_ptr<const StateLife> life_;
  size_t table_ = 0;
  TableCursor cursor_;
  std::string bytes_;
  std::vector<Pair> pairs_;
  size_t next_ = 0;
};

std::unique_ptr<StateVisitor> MakeVisitor(const StateCore& state);
/// All pairs when `state_namespace` is null.
std::unique_ptr<KeyIterator> MakeKeyIterator(const StateCore& state, const ByteView* state_namespace);

}  // namespace kvstate::backends::hashmap

#endif  // KVSTATE_BACKENDS_HASHMAP_STATE_VISITOR_H_
