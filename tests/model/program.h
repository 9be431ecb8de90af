#ifndef KVSTATE_TESTS_MODEL_PROGRAM_H_
#define KVSTATE_TESTS_MODEL_PROGRAM_H_

#include <cstdint>
#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

#include "kvstate/backend_registry.h"
#include "kvstate/state_descriptor.h"

namespace kvstate::model {

/// What a step of a random program does. Each does something sensible for every kind of state, or nothing.
enum class Verb : uint8_t {
  kGet,             ///< Reads by every read the kind has.
  kWrite,           ///< Overwrites: Update, UpdateInternal, Put.
  kWriteNull,       ///< The same with null; of lists an empty one too.
  kAdd,             ///< Adds or puts one.
  kAddAll,          ///< Adds `n` modulo 4 elements at once.
  kClear,           ///< Clears.
  kRemove,          ///< Removes a user key.
  kMove,            ///< Writes, under another key, what a read has just handed out.
  kMerge,           ///< Merges namespaces.
  kPutBytes,        ///< Overwrites by serialized access.
  kAddBytes,        ///< Adds by serialized access.
  kOpenWalk,        ///< Opens a map iterator, to be held.
  kStepWalk,        ///< Takes `n` steps of a held map iterator.
  kRemoveAtWalk,    ///< Removes the entry it stands on.
  kSetAtWalk,       ///< Writes the entry it stands on.
  kOpenKeys,        ///< Opens a walk over keys or pairs, to be held.
  kStepKeys,        ///< Takes `n` steps of a held one.
  kOpenVisitor,     ///< Opens a visitor, to be held.
  kStepVisitor,     ///< Takes a batch of a held one, removing and updating some of it.
  kApplyToAllKeys,  ///< With a function that clears, adds and moves.
  kRemoveState,     ///< Removes the state and makes it again.
  kFlush,           ///< Has the engine write what waits in memory.
  kCheckAll,        ///< Compares everything.
  kBeginSnapshot,   ///< Begins a snapshot of kind `n`, to be held.
  kEndSnapshot,     ///< Runs or cancels a held one, then completes or aborts it, at once or later.
  kRestore,         ///< Goes on in a new backend, from a complete one, by way of two halves now and then.
  kAdvanceClock,    ///< Now and then by up to a second, else to when something expires or to just before.
  kTurnClockBack,   ///< As far as nothing comes to life again that has expired.
  kSweep,           ///< Looks for what has expired.
  kAddTimer,        ///< At a time by `n`.
  kRemoveTimer,     ///< The same one.
  kPollTimers,      ///< Takes `n` modulo 4 timers.
};
inline constexpr uint8_t kVerbs = 32;

/// One step. Members are taken modulo what there is, so that any numbers make a program.
struct Step {
  Verb verb = Verb::kGet;
  uint8_t state = 0;
  uint8_t key = 0;
  uint8_t state_namespace = 0;
  uint8_t user_key = 0;
  uint8_t n = 0;
};

struct Program {
  bool raw_keys = true;          ///< Else keys are self-delimiting strings.
  uint32_t max_parallelism = 1;  ///< 1, 128 or 32768.
  std::vector<uint8_t> ttl;      ///< Of each state, by number: TtlOf. Those that are left out have none.
  std::vector<Step> steps;
};

/// The time to live of that number; none for 0.
std::optional<TtlConfig> TtlOf(uint8_t number);

/// As C++ that makes it again.
std::ostream& operator<<(std::ostream& out, const Step& step);
std::ostream& operator<<(std::ostream& out, const Program& program);

/// Runs the program on a new backend and beside it on a plain model. Empty when they agree, else what differed where.
/// Savepoints are restored on the backends of `others` too, if given.
std::string FirstDifference(const BackendFactory& factory, const Program& program,
                            const BackendRegistry* others = nullptr);

}  // namespace kvstate::model

#endif  // KVSTATE_TESTS_MODEL_PROGRAM_H_
