#ifndef KVSTATE_BACKENDS_COMMON_VALUE_MIGRATION_H_
#define KVSTATE_BACKENDS_COMMON_VALUE_MIGRATION_H_

#include <memory>

#include "kvstate/bytes.h"
#include "kvstate/checkpoint.h"
#include "kvstate/clock.h"
#include "kvstate/state_descriptor.h"
#include "kvstate/status.h"

namespace kvstate::backends {

/// Rewrites stored values of a restored state into the format of the state that takes it over: serializers that
/// changed, a time to live that came, went or grew. Not thread-safe.
class ValueMigration {
 public:
  virtual ~ValueMigration() = default;
  enum class Outcome { kRewritten, kDropped };
  /// `stored` is what an engine has of an entry (docs/formats.md, "Values in an engine"), merged; `migrated` is
  /// overwritten. kDropped: nothing of it is left, since it has expired. DATA_LOSS for bytes that are not in the old
  /// format. The same bytes give the same each time.
  virtual Result<Outcome> Migrate(ByteView stored, ByteWriter& migrated) = 0;
};

/// What a state does with a restored one that it takes over.
struct TakeOver {
  /// The program's descriptor, with the serializer reconfigured where it must be.
  StateDescriptor descriptor;
  /// Of what is stored: of `descriptor`, or its TtlStoredDescriptor.
  StateDescriptor stored;
  std::unique_ptr<ValueMigration> migration;  ///< Null: the bytes stay as they are.
  /// Whether a snapshot's description of the state changes, so that nothing can be built on older increments.
  bool description_changes = false;
};

/// A time to live that came: values count as written now. One that went or grew: what has expired by the old one is
/// dropped, since the program has seen it go.
///
/// INVALID_ARGUMENT, naming the state, what differs and what to do, when `descriptor` cannot take over `saved`.
Result<TakeOver> PlanTakeOver(const SavedState& saved, const TypeSerializer& namespace_serializer,
                              const StateDescriptor& descriptor, const std::shared_ptr<const Clock>& clock);

}  // namespace kvstate::backends

#endif  // KVSTATE_BACKENDS_COMMON_VALUE_MIGRATION_H_
