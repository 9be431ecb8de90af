#include "backends/hashmap/raw_state.h"

#include <string>

#include "backends/common/composite_key.h"
#include "backends/hashmap/map_entries.h"
#include "backends/hashmap/state_core.h"
#include "backends/hashmap/state_tables.h"

namespace kvstate::backends::hashmap {

namespace {

/// Fills the tables of one state, one table after another.
class Loader {
 public:
  Loader(ValueMigration* migration, StateCore& state)
      : migration_(migration),
        state_(state),
        tables_(*state.shared_tables()),
        layout_(tables_.layout()),
        maps_(tables_.payload().map_entries()),
        parser_(tables_.key_format()) {}

  Status Load(size_t index, const RawState::Group& group) {
    table_ = index;
    map_ = nullptr;
    if (maps_ == nullptr) tables_[index].AllocateFor(layout_, group.count);
    return group.entries.ForEach([this](uint32_t, ByteView key, ByteView value) { return LoadEntry(key, value); });
  }
  uint64_t key_heap_bytes() const { return key_heap_bytes_; }
  /// Entries of which the migration left nothing.
  uint64_t dropped() const { return dropped_; }

 private:
  Status LoadEntry(ByteView key, ByteView value) {
    composite_.Clear();
    tables_.key_format().WriteKeyGroup(tables_.KeyGroupAt(table_), composite_);
    composite_.PutBytes(key);
    KVSTATE_RETURN_IF_ERROR(parser_.Parse(composite_.view()));
    if (parser_.key().size() > kMaxKeyBytes || tables_.IndexOf(parser_.key()) != table_) {
      return DataLossError("a key that does not belong into key group " + std::to_string(tables_.KeyGroupAt(table_)));
    }
    KVSTATE_RETURN_IF_ERROR(state_.CheckNamespace(parser_.state_namespace()));
    if (migration_ != nullptr) {
      KVSTATE_ASSIGN_OR_RETURN(const ValueMigration::Outcome outcome, migration_->Migrate(value, migrated_));
      if (outcome == ValueMigration::Outcome::kDropped) {
        ++dropped_;
        return Status();
      }
      value = migrated_.view();
    }
    return maps_ != nullptr ? LoadMapEntry(value) : LoadObject(value);
  }

  Status LoadObject(ByteView value) {
    if (!parser_.user_key().empty()) return DataLossError("a key with more bytes than a key and a namespace have");
    const auto& cell = static_cast<const ObjectCell&>(tables_.payload());
    EntryTable& table = tables_[table_];
    const EntryKey key = tables_.MakeEntryKey(parser_.key(), parser_.state_namespace());
    if (table.Find(layout_, key) != nullptr) return DataLossError("a key that is there twice");
    const size_t slot = Reserve(key);
    void* payload = layout_.PayloadOf(table.SlotAt(layout_, slot));
    void* object = cell.Allocate(payload);
    cell.serializer().Construct(object);
    Status status = state_.Decode(cell.serializer(), value, object);
    if (status.ok() && state_.IsNothing(object)) status = DataLossError("a value that stands for none");
    if (!status.ok()) {
      if (cell.needs_destroy()) cell.Destroy(payload);
      return status;
    }
    Publish(slot, key);
    return Status();
  }

  Status LoadMapEntry(ByteView value) {
    if (map_ == nullptr || parser_.prefix() != ByteView(map_prefix_)) FindOrMakeMap();
    KVSTATE_RETURN_IF_ERROR(CheckUserKey());
    ByteReader in(value);
    uint8_t is_null = 0;
    if (!in.ReadByte(&is_null) || is_null > 1) return in.Malformed("null byte of a map's entry");
    const void* object = nullptr;
    if (is_null == 0) {
      if (!decoded_) decoded_ = TypedObject(state_.core_descriptor().value_serializer);
      KVSTATE_RETURN_IF_ERROR(state_.Decode(*state_.core_descriptor().value_serializer, in.rest(), decoded_.get()));
      object = decoded_.get();
    } else if (!in.AtEnd()) {
      return in.Malformed("end of a null value");
    }
    return maps_->Insert(map_, parser_.user_key(), object) ? Status() : DataLossError("a user key that is there twice");
  }

  Status CheckUserKey() const {
    const size_t size = parser_.user_key().size();
    const size_t fixed = state_.core_descriptor().user_key_serializer->info().encoded_size;
    if (fixed == kVariableSize ? size <= kMaxKeyBytes : size == fixed) return Status();
    return DataLossError("a user key of " + std::to_string(size) + " bytes");
  }

  void FindOrMakeMap() {
    EntryTable& table = tables_[table_];
    const EntryKey key = tables_.MakeEntryKey(parser_.key(), parser_.state_namespace());
    map_prefix_ = parser_.prefix();
    if (char* slot = table.Find(layout_, key)) {
      map_ = layout_.PayloadOf(slot);
      return;
    }
    const size_t slot = Reserve(key);
    map_ = layout_.PayloadOf(table.SlotAt(layout_, slot));
    maps_->Construct(map_);
    Publish(slot, key);
  }

  size_t Reserve(const EntryKey& key) {
    EntryTable& table = tables_[table_];
    if (!table.HasRoom()) table.Grow(layout_);
    return table.FindFree(key.hash);
  }
  void Publish(size_t slot, const EntryKey& key) {
    EntryTable& table = tables_[table_];
    table.Publish(layout_, slot, key);
    if (layout_.key.words != 0) return;
    key_heap_bytes_ += reinterpret_cast<const VariableKey*>(table.SlotAt(layout_, slot))->heap_bytes();
  }

  ValueMigration* const migration_;
  ByteWriter migrated_;
  uint64_t dropped_ = 0;
  StateCore& state_;
  StateTables& tables_;
  const TableLayout& layout_;
  const MapEntries* const maps_;
  CompositeKeyParser parser_;
  ByteWriter composite_;
  size_t table_ = 0;
  void* map_ = nullptr;  ///< The map of the entry before, and what stands before its user keys.
  std::string map_prefix_;
  TypedObject decoded_;
  uint64_t key_heap_bytes_ = 0;
};

}  // namespace

Status LoadState(const RawState& raw, ValueMigration* migration, StateCore& state) {
  Loader loader(migration, state);
  for (size_t i = 0; i < state.table_count(); ++i) {
    const Status loaded = loader.Load(i, raw[i]);
    if (loaded.ok()) continue;
    // Whatever was wrong with the bytes: they are not what this state wrote.
    return DataLossError("restored state '" + state.core_descriptor().name + "' cannot be read: " +
                         std::string(loaded.message()) + "; restore another checkpoint, or remove the state");
  }
  state.AddLoaded(raw.entries() - loader.dropped(), loader.key_heap_bytes());
  return Status();
}

}  // namespace kvstate::backends::hashmap
