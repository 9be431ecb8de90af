#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "backends/embedded/embedded_backend.h"
#include "backends/lmdb/lmdb_options.h"
#include "backends/lmdb/lmdb_store.h"
#include "kvstate/backend_registry.h"

namespace kvstate::backends::lmdb {

std::unique_ptr<BackendFactory> MakeFactory();

namespace {

constexpr std::string_view kName = "lmdb";

class LmdbFactory final : public BackendFactory {
 public:
  std::string_view name() const override { return kName; }
  std::string_view description() const override {
    return "State in LMDB, a copy-on-write B+tree in a memory-mapped file: fast reads, no compaction";
  }
  bool needs_directory() const override { return true; }
  std::vector<EngineOption> options() const override { return DescribeLmdbOptions(); }

  Result<std::unique_ptr<KeyedStateBackend>> Create(const BackendOptions& options) const override {
    KVSTATE_ASSIGN_OR_RETURN(const LmdbOptions parsed, ParseLmdbOptions(options.engine));
    return EmbeddedBackend::Create(
        kName, options, [&](const std::string& directory) -> Result<std::unique_ptr<OrderedStore>> {
          KVSTATE_ASSIGN_OR_RETURN(std::unique_ptr<LmdbStore> store, LmdbStore::Open(directory, parsed));
          return std::unique_ptr<OrderedStore>(std::move(store));
        });
  }
};

}  // namespace

std::unique_ptr<BackendFactory> MakeFactory() { return std::make_unique<LmdbFactory>(); }

}  // namespace kvstate::backends::lmdb
