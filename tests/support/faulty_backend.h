#ifndef KVSTATE_TESTS_SUPPORT_FAULTY_BACKEND_H_
#define KVSTATE_TESTS_SUPPORT_FAULTY_BACKEND_H_

#include <memory>
#include <string>

#include "kvstate/backend_registry.h"

namespace kvstate::testing_support {

/// One way in which an implementation goes wrong, for showing that the tests can fail.
enum class Fault {
  kNone,               ///< The decorator itself, which must pass.
  kLosesUpdates,       ///< Every third update of a value is dropped.
  kNullUpdateIgnored,  ///< A value updated with null stays.
  kAddAllReversed,     ///< All of a list is added back to front.
  kNullElementTaken,   ///< A null element is no error.
  kMergeIgnored,       ///< Merging namespaces does nothing.
  kNullValueRemoves,   ///< Putting a null value removes the map's entry.
  kRemoveTwice,        ///< A second remove through an iterator is no error.
  kKeysTwice,          ///< Each key is given twice.
  kForeignKeyTaken,    ///< A key that is refused is no error.

  // Of snapshots.
  kSnapshotMissesAKey,    ///< One value is not in a snapshot.
  kSnapshotOfLater,       ///< A snapshot has what is written until it runs.
  kUnclaimedForgotten,    ///< Restored states that nobody asked for are not in the next snapshot.
  kConfirmsUnasked,       ///< An increment builds on the last snapshot that ran, confirmed or not.
  kClaimsUnasked,         ///< A restore without a claim is one with.
  kCancelIgnored,         ///< A cancelled snapshot runs to its end.
  kIdsUnchecked,          ///< An id that does not ascend is no error.
  kRefusalsIgnored,       ///< A restore that is refused is no error.
  kDamageIgnored,         ///< A damaged file is no error.
  kReusedFilesUncounted,  ///< The figures have nothing of reused files.
  kIncompatibleTaken,     ///< A restored state that the program's types cannot take over is made anew.

  // Of times to live.
  kExpiredShown,        ///< What has expired and is stored is given under kNeverReturnExpired.
  kDroppedAlive,        ///< What has lived for half of its time is gone.
  kExpiresLate,         ///< What expires at this very moment lives: `time + ttl < now`.
  kExpiresEarly,        ///< What expires at the next moment is gone: `time + ttl <= now + 1`.
  kTimesForgotten,      ///< What was restored counts as written when it is asked for.
  kPrefixAloneDropped,  ///< Of a list only those elements are dropped that no living one is before.
  kIsEmptyBlind,        ///< A map with nothing but expired entries is not empty.
  kReadsDoNotRenew,     ///< A read leaves times as they are under kOnReadAndWrite.
  kMergeRenews,         ///< A part that comes alone is as if written by its merge.
  kSweepDropsLiving,    ///< A sweep removes an entry that lives.

  // Of timers.
  kTimersDoubled,      ///< A timer that is added twice fires twice.
  kTimersUnordered,    ///< Timers of one time fire in the opposite of their bytes' order.
  kTimerUnsaved,       ///< One timer is not in a snapshot.
  kForeignTimersKept,  ///< After a rescaling a queue has the timers of others' key groups too.
};

/// A backend of `inner` behind a decorator with one fault. `inner` must outlive what is made.
std::unique_ptr<BackendFactory> MakeFaultyFactory(std::string name, const BackendFactory& inner, Fault fault);

}  // namespace kvstate::testing_support

#endif  // KVSTATE_TESTS_SUPPORT_FAULTY_BACKEND_H_
