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
    "kFlush",     "kCheckAll", "kBeginSnapshot", "kEndSnapshot", "kRestore"};

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

std::ostream& operator<<(std::ostream& out, const Step& step) {
  return out << "{Verb::" << kVerbNames[static_cast<size_t>(step.verb)] << ", " << int{step.state} << ", "
             << int{step.key} << ", " << int{step.state_namespace} << ", " << int{step.user_key} << ", " << int{step.n}
             << "}";
}

std::ostream& operator<<(std::ostream& out, const Program& program) {
  out << "{" << (program.raw_keys ? "true" : "false") << ", " << program.max_parallelism << ", {";
  for (const Step& step : program.steps) out << step << ", ";
  return out << "}}";
}

std::string FirstDifference(const BackendFactory& factory, const Program& program, const BackendRegistry* others) {
  const ScratchDirectory directory;
  int made = 0;
  const auto make = [&](const BackendFactory& of) {
    BackendOptions options;
    options.key_serializer = program.raw_keys ? RawBytesSerializer() : SerializerFor<std::string>();
    options.max_parallelism = program.max_parallelism;
    options.key_groups = {0, program.max_parallelism - 1};
    options.directory = directory.path() + "/state" + std::to_string(++made);
    return Ok(of.Create(options));
  };
  std::string where = "making the backend";
  try {
    Executor executor({&factory, others, make}, program.raw_keys);
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
