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
};

/// A backend of `inner` behind a decorator with one fault. `inner` must outlive what is made.
std::unique_ptr<BackendFactory> MakeFaultyFactory(std::string name, const BackendFactory& inner, Fault fault);

}  // namespace kvstate::testing_support

#endif  // KVSTATE_TESTS_SUPPORT_FAULTY_BACKEND_H_
