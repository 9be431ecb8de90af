#include "tests/unit/engine_snapshots/engine_snapshots_testing.h"

#include <stdlib.h>

#include "backends/leveldb/leveldb_opener.h"
#include "backends/rocksdb/rocksdb_opener.h"

namespace kvstate::backends {

namespace {

Entries EntriesOf(Result<std::unique_ptr<StoreIterator>> made) {
  EXPECT_OK(made);
  StoreIterator& iterator = **made;
  Entries entries;
  Status status = iterator.Seek({});
  while (status.ok() && iterator.Valid()) {
    EXPECT_TRUE(entries.empty() || entries.rbegin()->first < iterator.key()) << "out of order";
    entries.emplace(iterator.key(), iterator.value());
    status = iterator.Next();
  }
  EXPECT_OK(status);
  return entries;
}

}  // namespace

void EngineSnapshotsTest::SetUp() {
  std::string pattern = (std::filesystem::temp_directory_path() / "kvstate_engine_XXXXXX").string();
  ASSERT_NE(mkdtemp(pattern.data()), nullptr);
  root_ = pattern;
}

void EngineSnapshotsTest::TearDown() { std::filesystem::remove_all(root_); }

std::unique_ptr<const StoreOpener> EngineSnapshotsTest::Opener(const Options& options) {
  if (GetParam() == "rocksdb") {
    auto settings = rocksdb::ParseOptions(options);
    EXPECT_OK(settings);
    return rocksdb::MakeOpener(std::move(settings).value());
  }
  auto settings = leveldb::ParseOptions(options);
  EXPECT_OK(settings);
  return leveldb::MakeOpener(std::move(settings).value());
}

std::string EngineSnapshotsTest::NewDirectory() {
  const std::filesystem::path directory = root_ / std::to_string(++directories_);
  std::filesystem::create_directory(directory);
  return directory.string();
}

std::unique_ptr<OrderedStore> EngineSnapshotsTest::NewStore(const Options& options) {
  auto store = Opener(options)->OpenEmpty(NewDirectory());
  EXPECT_OK(store);
  return std::move(store).value();
}

Result<std::unique_ptr<OrderedStore>> EngineSnapshotsTest::OpenFiles(const std::vector<FetchedFiles>& parts,
                                                                     KeyGroupRange range, const Options& options,
                                                                     size_t key_group_bytes) {
  return Opener(options)->OpenFiles(NewDirectory(), parts, range, key_group_bytes);
}

TableOptions EngineSnapshotsTest::OptionsOf(const std::string& name, StateKind kind) {
  TableOptions options;
  options.name = name;
  if (kind == StateKind::kList) options.append = AppendKind::kConcat;
  if (kind == StateKind::kReducing) {
    options.append = AppendKind::kReduce;
    options.reduce = [](std::string* accumulator, ByteView value) {
      *accumulator = std::to_string(std::stoll(*accumulator) + std::stoll(std::string(value)));
      return Status();
    };
  }
  options.key_prefix_bytes = 1;
  return options;
}

std::unique_ptr<StoreTable> EngineSnapshotsTest::MakeTable(OrderedStore& store, const std::string& name,
                                                           StateKind kind) {
  auto table = store.CreateTable(OptionsOf(name, kind));
  EXPECT_OK(table);
  return std::move(table).value();
}

std::unique_ptr<StoreTable> EngineSnapshotsTest::OpenTable(OrderedStore& store, const SavedState& state) {
  auto table = store.OpenTable(state);
  EXPECT_OK(table);
  return std::move(table).value();
}

SavedState EngineSnapshotsTest::StateOf(const OrderedStore& store, const StoreTable& table, const std::string& name,
                                        StateKind kind) {
  SavedState state;
  state.name = name;
  state.kind = kind;
  state.engine_data = store.EngineDataOf(table);
  return state;
}

FetchedFiles EngineSnapshotsTest::Fetch(const StoreFiles& files, KeyGroupRange key_groups,
                                        std::vector<SavedState> states) {
  FetchedFiles fetched;
  fetched.directory = NewDirectory();
  fetched.key_groups = key_groups;
  fetched.states = std::move(states);
  for (const EngineFile& file : files.files()) {
    EXPECT_EQ(std::filesystem::file_size(file.path), file.bytes) << file.path;
    std::filesystem::copy_file(file.path, std::filesystem::path(fetched.directory) / file.name);
  }
  return fetched;
}

Entries EngineSnapshotsTest::EntriesOf(StoreTable& table) { return backends::EntriesOf(table.NewIterator({}, {})); }

Entries EngineSnapshotsTest::EntriesOf(StoreView& view, size_t table) {
  return backends::EntriesOf(view.NewIterator(table, {}, {}));
}

INSTANTIATE_TEST_SUITE_P(Engines, EngineSnapshotsTest, ::testing::Values("rocksdb", "leveldb"),
                         [](const auto& engine) { return engine.param; });

}  // namespace kvstate::backends
