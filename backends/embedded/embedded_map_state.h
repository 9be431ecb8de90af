#ifndef KVSTATE_BACKENDS_EMBEDDED_EMBEDDED_MAP_STATE_H_
#define KVSTATE_BACKENDS_EMBEDDED_EMBEDDED_MAP_STATE_H_

#include <memory>
#include <string>

#include "backends/embedded/embedded_state.h"

namespace kvstate::backends {

/// What an iterator over a map works with; kept from one iterator to the next, for its memory.
struct MapIteratorScratch {
  explicit MapIteratorScratch(const StateDescriptor& descriptor)
      : user_key(descriptor.user_key_serializer), value(descriptor.value_serializer) {}

  std::string prefix;   ///< Of the map's entries.
  std::string upper;    ///< Their end.
  std::string current;  ///< Composite key of the entry last moved to.
  TypedObject user_key;
  TypedObject value;
  ByteWriter encoded;
};

/// A map's entries, each under its own composite key. The iterator does not touch the state's current address.
class EmbeddedMapState final : public EmbeddedStateOf<InternalMapState> {
 public:
  explicit EmbeddedMapState(StateParts parts);

  Result<const void*> Get(const void* user_key) override;
  Status Put(const void* user_key, const void* value) override;
  Status Remove(const void* user_key) override;
  Result<bool> Contains(const void* user_key) override;
  Result<bool> IsEmpty() override;
  Result<std::unique_ptr<MapIterator>> Iterate() override;
  Status Clear() override;

  Result<bool> GetEntryBytes(ByteView user_key, ByteView* value, bool* is_null) override;
  Status PutEntryBytes(ByteView user_key, ByteView value, bool is_null) override;
  Status RemoveEntryBytes(ByteView user_key) override;
  Result<bool> ContainsEntryBytes(ByteView user_key) override;

 private:
  Status PrepareEntry(const void* user_key);
  Status PrepareEntryBytes(ByteView user_key);

  TypedObject value_;  ///< What Get handed out.
  std::string prefix_;
  std::string upper_;
  std::string doomed_;  ///< Composite keys that Clear is about to remove.
  std::shared_ptr<MapIteratorScratch> scratch_;
};

/// `scratch` has prefix and upper set. The state outlives the iterator.
std::unique_ptr<MapIterator> MakeMapIterator(EmbeddedState& state, std::shared_ptr<MapIteratorScratch> scratch);

}  // namespace kvstate::backends

#endif  // KVSTATE_BACKENDS_EMBEDDED_EMBEDDED_MAP_STATE_H_
