#include "backends/checkpoint/storage_path.h"

#include <algorithm>
#include <string>

namespace kvstate::backends {

namespace {

constexpr size_t kMaxNameBytes = 255;

bool IsAllowed(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
}

}  // namespace

bool IsStorageName(std::string_view name) {
  return !name.empty() && name.size() <= kMaxNameBytes && name != "." && name != ".." &&
         std::all_of(name.begin(), name.end(), IsAllowed);
}

Status CheckStoragePath(std::string_view path, std::string_view location) {
  std::string_view rest = path;
  for (;;) {
    const size_t slash = rest.find('/');
    if (!IsStorageName(rest.substr(0, slash))) {
      return InvalidArgumentError("'" + std::string(path) + "' in " + std::string(location) +
                                  " is no path of a checkpoint storage: names of 1 to 255 bytes of [A-Za-z0-9._-], " +
                                  "neither '.' nor '..', joined by '/'");
    }
    if (slash == std::string_view::npos) return Status();
    rest.remove_prefix(slash + 1);
  }
}

}  // namespace kvstate::backends
