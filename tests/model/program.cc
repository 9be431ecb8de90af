#include "tests/model/program.h"

#include <stdlib.h>

#include <array>
#include <filesystem>
#include <ostream>
#include <sstream>
#include <stdexcept>

#include "kvstate/serializers.h"
#include "tests/model/executor.h"

namespace kvstate::model {

namespace {

constexpr std::array<const char*, kVerbs> kVerbNames = {
    "kGet",       "kWrite",    "kWriteNull",     "kAdd",         "kAddAll",      "kClear",          "kRemove",
    "kMove",      "kMerge",    "kPutBytes",      "kAddBytes",    "kOpenWalk",    "kStepWalk",       "kRemoveAtWalk",
    "kSetAtWalk", "kOpenKeys", "kStepKeys",      "kOpenVisitor", "kStepVisitor", "kApplyToAllKeys", "kRemoveState",
    "kFlush",     "kCheckAll", "kBeginSnapshot", "kEndSnapshot", "kRestore",     "kAdvanceClock",   "kTurnClockBack",
    "kSweep",     "kAddTimer", "kRemoveTimer",   "kPollTimers"};

/// A directory that goes with its owner.
class ScratchDirectory {
 public:
  ScratchDirectory() : path_((std::filesystem::temp_directory_path() / "kvstate_model_XXXXXX").string()) {
    if (mkdtemp(path_.data()) == nullptr) throw std::runtime_error("cannot make a directory like " + path_);
  }
  ~ScratchDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace

std::optional<TtlConfig> TtlOf(uint8_t number) {
  if (number == 0) return std::nullopt;
  static constexpr std::array<int64_t, 4> kMillis = {100, 1000, 10, INT64_MAX};
  TtlConfig ttl;
  ttl.ttl_millis = kMillis[number % 4];
  if (number / 4 % 3 == 1) ttl.update = TtlConfig::Update::kOnReadAndWrite;
  ttl.cleanup.in_full_snapshots = number % 5 == 1;
  ttl.cleanup.incremental_per_record = number % 7 == 1;
  // Else what the backend thinks is best.
  if (number / 12 % 2 == 1) {
    ttl.cleanup.incremental_entries = number % 3;
    ttl.cleanup.compaction_filter = false;
  }
  ttl.cleanup.compaction_filter_query_entries = 1;
  return ttl;
}

std::ostream& operator<<(std::ostream& out, const Step& step) {
  return out << "{Verb::" << kVerbNames[static_cast<size_t>(step.verb)] << ", " << int{step.state} << ", "
             << int{step.key} << ", " << int{step.state_namespace} << ", " << int{step.user_key} << ", " << int{step.n}
             << "}";
}

std::ostream& operator<<(std::ostream& out, const Program& program) {
  out << "{" << (program.raw_keys ? "true" : "false") << ", " << program.max_parallelism << ", {";
  for (const uint8_t number : program.ttl) out << int{number} << ", ";
  out << "}, {";
  for (const Step& step : program.steps) out << step << ", ";
  return out << "}}";
}

std::string FirstDifference(const BackendFactory& factory, const Program& program, const BackendRegistry* others) {
  const ScratchDirectory directory;
  int made = 0;
  const auto clock = std::make_shared<ManualClock>(kFirstMillis);
  const auto make = [&](const BackendFactory& of, KeyGroupRange range) {
    BackendOptions options;
    options.key_serializer = program.raw_keys ? RawBytesSerializer() : SerializerFor<std::string>();
    options.max_parallelism = program.max_parallelism;
    options.key_groups = range;
    options.clock = clock;
    options.directory = directory.path() + "/state" + std::to_string(++made);
    return Ok(of.Create(options));
  };
  std::string where = "making the backend";
  try {
    Executor executor({&factory, others, clock, program.max_parallelism, make}, program);
    for (size_t i = 0; i < program.steps.size(); ++i) {
      std::ostringstream text;
      text << "step " << i << " of " << program.steps.size() << ", " << program.steps[i];
      where = text.str();
      executor.Take(program.steps[i]);
    }
    where = "after the last step";
    executor.Finish();
  } catch (const Difference& difference) {
    return where + ": " + difference.what();
  }
  return "";
}

}  // namespace kvstate::model
