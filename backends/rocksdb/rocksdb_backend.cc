#include <memory>

#include "kvstate/backend_registry.h"

namespace kvstate::backends::rocksdb {
std::unique_ptr<BackendFactory> MakeFactory();
std::unique_ptr<BackendFactory> MakeFactory() { return nullptr; }
}  // namespace kvstate::backends::rocksdb
