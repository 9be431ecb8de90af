#ifndef KVSTATE_TESTS_UNIT_ENGINE_SNAPSHOTS_ENGINE_SNAPSHOTS_TESTING_H_
#define KVSTATE_TESTS_UNIT_ENGINE_SNAPSHOTS_ENGINE_SNAPSHOTS_TESTING_H_

#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "backends/embedded/ordered_store.h"
#include "tests/support/status_testing.h"

namespace kvstate::backends {

using Entries = std::map<std::string, std::string>;
using Options = std::map<std::string, std::string>;

/// Over "rocksdb" and "leveldb": what each gives to snapshots, store against store.
class EngineSnapshotsTest : public ::testing::TestWithParam<std::string> {
 protected:
  void SetUp() override;
  void TearDown() override;

  static std::unique_ptr<const StoreOpener> Opener(const Options& options = {});
  bool is_rocksdb() const { return GetParam() == "rocksdb"; }

  /// A new store in a directory of its own.
  std::unique_ptr<OrderedStore> NewStore(const Options& options = {});
  /// A store of what `parts` have in `range`, in a directory of its own.
  Result<std::unique_ptr<OrderedStore>> OpenFiles(const std::vector<FetchedFiles>& parts, KeyGroupRange range,
                                                  const Options& options = {}, size_t key_group_bytes = 1);
  std::string NewDirectory();

  static std::unique_ptr<StoreTable> MakeTable(OrderedStore& store, const std::string& name,
                                               StateKind kind = StateKind::kValue);
  static std::unique_ptr<StoreTable> OpenTable(OrderedStore& store, const SavedState& state);
  static TableOptions OptionsOf(const std::string& name, StateKind kind);
  static SavedState StateOf(const OrderedStore& store, const StoreTable& table, const std::string& name,
                            StateKind kind = StateKind::kValue);

  /// What would be fetched of a snapshot of `files`.
  FetchedFiles Fetch(const StoreFiles& files, KeyGroupRange key_groups, std::vector<SavedState> states);

  static Entries EntriesOf(StoreTable& table);
  static Entries EntriesOf(StoreView& view, size_t table);

  std::filesystem::path root_;

 private:
  int directories_ = 0;
};

/// A key of `key_group`, of one byte.
inline std::string KeyIn(uint32_t key_group, const std::string& rest) {
  return std::string(1, static_cast<char>(key_group)) + rest;
}

}  // namespace kvstate::backends

#endif  // KVSTATE_TESTS_UNIT_ENGINE_SNAPSHOTS_ENGINE_SNAPSHOTS_TESTING_H_
