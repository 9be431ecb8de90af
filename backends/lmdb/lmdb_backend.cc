#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "backends/embedded/embedded_backend.h"
#include "backends/lmdb/lmdb_options.h"
#include "backends/lmdb/lmdb_store.h"
#include "kvstate/backend_registry.h"

namespace kvstate::backends::lmdb {

std::unique_ptr<BackendFactory> MakeFactory();

namespace {

constexpr std::string_view kName = "lmdb";

class LmdbOpener final : public StoreOpener {
 public:
  explicit LmdbOpener(const LmdbOptions& options) : options_(options) {}
  Result<std::unique_ptr<OrderedStore>> OpenEmpty(const std::string& directory) const override {
    KVSTATE_ASSIGN_OR_RETURN(std::unique_ptr<LmdbStore> store, LmdbStore::Open(directory, options_));
    return std::unique_ptr<OrderedStore>(std::move(store));
  }

 private:
  const LmdbOptions options_;
};

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
    return EmbeddedBackend::Create(kName, options, std::make_unique<LmdbOpener>(parsed));
  }
};

}  // namespace

std::unique_ptr<BackendFactory> MakeFactory() { return std::make_unique<LmdbFactory>(); }

}  // namespace kvstate::backends::lmdb
