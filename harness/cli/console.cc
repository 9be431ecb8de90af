#include "harness/cli/console.h"

namespace kvstate::cli {

int Console::Fail(const Status& status, int code) const {
  if (status.code() == StatusCode::kCancelled) {
    err << "kvstate: interrupted; nothing was kept\n";
    return kExitInterrupted;
  }
  err << "kvstate: " << status.message() << "\n";
  return code;
}

}  // namespace kvstate::cli
