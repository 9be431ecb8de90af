#include "backends/common/value_migration.h"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "backends/common/saved_state.h"
#include "backends/common/ttl_descriptor.h"
#include "backends/common/ttl_filter.h"
#include "kvstate/extension.h"
#include "kvstate/serializer_evolution.h"
#include "kvstate/stored_format.h"

namespace kvstate::backends {

namespace {

/// One value of a kind that is no list, as it stands in an entry, or one element of a list.
struct Part {
  bool is_null = false;
  int64_t time = 0;  ///< Where there is a time to live.
};

/// How values stand in entries, before or after.
struct Layout {
  SerializerPtr serializer;  ///< Of values; of a list's elements.
  bool timed = false;
};

class Migration final : public ValueMigration {
 public:
  /// `expired_by`: what is over by that time to live is dropped, milliseconds.
  Migration(StateKind kind, Layout from, Layout to, std::optional<int64_t> expired_by, int64_t now)
      : kind_(kind),
        from_(std::move(from)),
        to_(std::move(to)),
        expired_by_(expired_by),
        now_(now),
        object_(to_.serializer) {}

  Result<Outcome> Migrate(ByteView stored, ByteWriter& migrated) override {
    migrated.Clear();
    ByteReader in(stored);
    auto outcome = kind_ == StateKind::kList ? MigrateList(in, migrated) : MigrateValue(in, migrated);
    if (outcome.ok() && migrated.size() > kMaxValueBytes) {
      return InvalidArgumentError("a value has " + std::to_string(migrated.size()) +
                                  " bytes after its migration, over " + "the limit of " +
                                  std::to_string(kMaxValueBytes));
    }
    return outcome;
  }

 private:
  bool IsOver(const Part& part) const { return expired_by_.has_value() && IsExpired(part.time, *expired_by_, now_); }

  Status ReadTime(ByteReader& in, Part* part) const {
    part->time = now_;
    if (!from_.timed) return Status();
    uint64_t bits = 0;
    if (!in.ReadFixed64(&bits)) return in.Malformed("the time of a value with a time to live");
    part->time = static_cast<int64_t>(bits);
    return Status();
  }
  Status ReadNull(ByteReader& in, Part* part) const {
    uint8_t is_null = 0;
    if (!in.ReadByte(&is_null) || is_null > 1) return in.Malformed("null byte of a map's entry");
    part->is_null = is_null == 1;
    return Status();
  }

  Result<Outcome> MigrateValue(ByteReader& in, ByteWriter& migrated) {
    const bool nullable = kind_ == StateKind::kMap;
    Part part;
    if (nullable) KVSTATE_RETURN_IF_ERROR(ReadNull(in, &part));
    if (nullable && from_.timed && part.is_null) return in.Malformed("an entry with a time to live that is null");
    KVSTATE_RETURN_IF_ERROR(ReadTime(in, &part));
    if (nullable && from_.timed) KVSTATE_RETURN_IF_ERROR(ReadNull(in, &part));
    // Also what is to be dropped is read: damage must be seen.
    if (!part.is_null) KVSTATE_RETURN_IF_ERROR(from_.serializer->Deserialize(in, object_.get()));
    if (!in.AtEnd()) return in.Malformed("end of a stored value");
    if (IsOver(part)) return Outcome::kDropped;
    if (nullable) migrated.PutByte(part.is_null && !to_.timed ? 1 : 0);
    if (to_.timed) migrated.PutFixed64(static_cast<uint64_t>(part.time));
    if (nullable && to_.timed) migrated.PutByte(part.is_null ? 1 : 0);
    if (!part.is_null) to_.serializer->Serialize(object_.get(), migrated);
    return Outcome::kRewritten;
  }

  Result<Outcome> MigrateList(ByteReader& in, ByteWriter& migrated) {
    while (!in.AtEnd()) {
      const size_t before = in.remaining();
      Part part;
      if (HasLengths(from_)) {
        ByteView element;
        if (!in.ReadLengthPrefixed(&element)) return in.Malformed("list element");
        ByteReader one(element);
        KVSTATE_RETURN_IF_ERROR(ReadElement(one, &part));
        if (!one.AtEnd()) return one.Malformed("end of a list's element");
      } else {
        KVSTATE_RETURN_IF_ERROR(ReadElement(in, &part));
        if (in.remaining() == before) return in.Malformed("list: an element without bytes");
      }
      if (!IsOver(part)) WriteElement(part, migrated);
    }
    return migrated.size() == 0 ? Outcome::kDropped : Outcome::kRewritten;
  }

  /// Whether each element stands after its length.
  static bool HasLengths(const Layout& layout) {
    const TypeInfo& info = layout.serializer->info();
    return layout.timed ? info.encoded_size == kVariableSize : !info.self_delimiting;
  }
  Status ReadElement(ByteReader& in, Part* part) {
    KVSTATE_RETURN_IF_ERROR(ReadTime(in, part));
    return from_.serializer->Deserialize(in, object_.get());
  }
  void WriteElement(const Part& part, ByteWriter& migrated) {
    element_.Clear();
    if (to_.timed) element_.PutFixed64(static_cast<uint64_t>(part.time));
    to_.serializer->Serialize(object_.get(), element_);
    if (HasLengths(to_)) {
      migrated.PutLengthPrefixed(element_.view());
    } else {
      migrated.PutBytes(element_.view());
    }
  }

  const StateKind kind_;
  const Layout from_;
  const Layout to_;
  const std::optional<int64_t> expired_by_;
  const int64_t now_;
  TypedObject object_;
  ByteWriter element_;
};

/// What a restored state's values are, without what a time to live puts around them.
struct OldValue {
  SerializerSnapshot serializer;
  std::optional<int64_t> ttl_millis;
};

SerializerSnapshot ListOf(const SerializerSnapshot& element) {
  ByteWriter nested;
  element.Write(nested);
  return {"list", 1, std::string(nested.view())};
}

OldValue OldValueOf(const SavedState& saved) {
  const StoredFormat format = StoredFormat::Of(saved.value_serializer);
  const bool is_list = saved.kind == StateKind::kList && format.form == StoredFormat::Form::kList;
  const StoredFormat& timed = is_list ? format.parts.front() : format;
  if (timed.form != StoredFormat::Form::kTimed) return {saved.value_serializer, std::nullopt};
  const SerializerSnapshot& inner = timed.parts.front().snapshot;
  return {is_list ? ListOf(inner) : inner, timed.ttl_millis};
}

const ListSerializer& AsList(const TypeSerializer& serializer) {
  // StateDescriptor::Validate has seen that it is one.
  return dynamic_cast<const ListSerializer&>(serializer);
}

class Planner {
 public:
  Planner(const SavedState& saved, const TypeSerializer& namespace_serializer, const StateDescriptor& descriptor)
      : saved_(saved), namespace_serializer_(namespace_serializer), old_(OldValueOf(saved)) {
    plan_.descriptor = descriptor;
  }

  Result<TakeOver> Plan(const std::shared_ptr<const Clock>& clock) {
    KVSTATE_RETURN_IF_ERROR(CheckTakesOver(saved_, namespace_serializer_, plan_.descriptor));
    KVSTATE_ASSIGN_OR_RETURN(const SerializerPtr reader, ReaderOfOld());
    const StateDescriptor& descriptor = plan_.descriptor;
    const bool timed = HasTtl(descriptor);
    plan_.stored = timed ? TtlStoredDescriptor(descriptor, clock) : descriptor;
    const bool was_timed = old_.ttl_millis.has_value();
    const bool drops = was_timed && (!timed || descriptor.ttl->ttl_millis > *old_.ttl_millis);
    if (reader != descriptor.value_serializer || was_timed != timed || drops) {
      const bool is_list = descriptor.kind == StateKind::kList;
      const auto part_of = [&](const SerializerPtr& of) { return is_list ? AsList(*of).element() : of; };
      plan_.migration = std::make_unique<Migration>(
          descriptor.kind, Layout{part_of(reader), was_timed}, Layout{part_of(descriptor.value_serializer), timed},
          drops ? old_.ttl_millis : std::nullopt, std::max(clock->NowMillis(), INT64_MIN + 1));
    }
    const SavedState now = SavedStateOf(plan_.stored, namespace_serializer_);
    plan_.description_changes = now.value_serializer != saved_.value_serializer ||
                                now.namespace_serializer != saved_.namespace_serializer ||
                                now.user_key_serializer != saved_.user_key_serializer;
    return std::move(plan_);
  }

 private:
  SerializerCompatibility Compatibility() const {
    const TypeSerializer& serializer = *plan_.descriptor.value_serializer;
    if (plan_.descriptor.kind == StateKind::kList && old_.ttl_millis.has_value()) {
      // Of a list with times no more is known than its elements.
      ByteReader in(old_.serializer.parameters);
      const auto element = SerializerSnapshot::Read(in);
      if (element.ok() &&
          AsList(serializer).element()->ResolveCompatibility(*element) == SerializerCompatibility::kAsIs) {
        return SerializerCompatibility::kAsIs;
      }
    }
    return serializer.ResolveCompatibility(old_.serializer);
  }

  /// What reads the old values; the descriptor's own serializer, reconfigured if it must be, where that does.
  Result<SerializerPtr> ReaderOfOld() {
    SerializerPtr& serializer = plan_.descriptor.value_serializer;
    const SerializerCompatibility compatibility = Compatibility();
    if (compatibility == SerializerCompatibility::kAsIs) return serializer;
    const auto* evolution = GetExtension<SerializerEvolution>(std::as_const(*serializer));
    if (compatibility == SerializerCompatibility::kIncompatible || evolution == nullptr) return Refuse(evolution);
    if (compatibility == SerializerCompatibility::kAfterMigration) return evolution->ReaderOf(old_.serializer);
    KVSTATE_ASSIGN_OR_RETURN(serializer, evolution->ReconfiguredFor(old_.serializer));
    return serializer;
  }

  Status Refuse(const SerializerEvolution* evolution) const {
    std::string reason = evolution == nullptr ? std::string() : evolution->WhyIncompatible(old_.serializer);
    if (reason.empty()) {
      reason = "it was '" + StoredFormat::Of(old_.serializer).ToString() + "', and is '" +
               StoredFormat::Of(plan_.descriptor.value_serializer->Snapshot()).ToString() + "' now";
    }
    return InvalidArgumentError("state '" + saved_.name + "' was restored with another value serializer: " + reason +
                                "; use a type that can take over what it has, or another name");
  }

  const SavedState& saved_;
  const TypeSerializer& namespace_serializer_;
  const OldValue old_;
  TakeOver plan_;
};

}  // namespace

Result<TakeOver> PlanTakeOver(const SavedState& saved, const TypeSerializer& namespace_serializer,
                              const StateDescriptor& descriptor, const std::shared_ptr<const Clock>& clock) {
  return Planner(saved, namespace_serializer, descriptor).Plan(clock);
}

}  // namespace kvstate::backends
