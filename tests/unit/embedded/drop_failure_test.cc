#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <map>

#include "backends/embedded/embedded_backend.h"
#include "kvstate/keyed_backend.h"
#include "tests/support/status_testing.h"

namespace kvstate::backends {
namespace {

/// A table in memory that can be written and read by key, and no more.
class MapTable final : public StoreTable {
 public:
  Result<bool> Get(ByteView key, ByteView* value) override {
    const auto found = entries_.find(std::string(key));
    if (found == entries_.end()) return false;
    *value = found->second;
    return true;
  }
  Status Put(ByteView key, ByteView value) override {
    entries_[std::string(key)] = value;
    return Status();
  }
  Status Delete(ByteView key) override {
    entries_.erase(std::string(key));
    return Status();
  }
  bool appends() const override { return false; }
  Status Append(ByteView, ByteView) override { return UnimplementedError("this table does not append"); }
  Result<std::unique_ptr<StoreIterator>> NewIterator(ByteView, ByteView) override {
    return UnimplementedError("this table has no iterators");
  }
  bool iterators_survive_writes() const override { return false; }
  Result<bool> ConcurrentGet(ByteView, std::string*) override { return UnimplementedError("not for other threads"); }
  Status ConcurrentScan(ByteView, const std::function<void(ByteView, ByteView)>&) override {
    return UnimplementedError("not for other threads");
  }

 private:
  std::map<std::string, std::string> entries_;
};

/// An engine that fails to drop tables, as one on a disk that went away.
class StubbornStore final : public OrderedStore {
 public:
  Result<std::unique_ptr<StoreTable>> CreateTable(const TableOptions&) override {
    return std::unique_ptr<StoreTable>(std::make_unique<MapTable>());
  }
  Status DropTable(std::unique_ptr<StoreTable>) override {
    return UnavailableError("the engine cannot drop the table");
  }
  Result<std::unique_ptr<StoreView>> NewView(std::span<StoreTable* const>) override {
    return UnimplementedError("this engine has no views");
  }
  Result<EngineCounters> Collect() override { return EngineCounters(); }
  Status Flush(bool) override { return Status(); }
  Status Close() override { return Status(); }
};

class StubbornOpener final : public StoreOpener {
 public:
  Result<std::unique_ptr<OrderedStore>> OpenEmpty(const std::string&) const override {
    return std::unique_ptr<OrderedStore>(std::make_unique<StubbornStore>());
  }
};

TEST(DropFailureTest, AStateThatTheEngineFailsToDropIsGoneAndItsNameFree) {
  std::string made = (std::filesystem::temp_directory_path() / "kvstate-drop-XXXXXX").string();
  ASSERT_NE(mkdtemp(made.data()), nullptr);
  {
    BackendOptions options;
    options.key_serializer = SerializerFor<int64_t>();
    options.directory = made + "/backend";
    auto created = EmbeddedBackend::Create("stubborn", options, std::make_unique<StubbornOpener>());
    ASSERT_OK(created);
    KeyedBackend<int64_t> backend(std::move(created).value());
    const ValueStateDescriptor<int64_t> descriptor("value");
    ASSERT_OK_AND_ASSIGN(auto value, backend.GetState(descriptor));
    ASSERT_OK(backend.SetCurrentKey(1));
    ASSERT_OK(value.Update(5));
    const Status removed = backend.backend().RemoveState("value");
    EXPECT_CODE(removed, kUnavailable);
    EXPECT_MENTIONS(removed, "cannot drop the table");
    EXPECT_TRUE(backend.backend().StateNames().empty());
    EXPECT_CODE(backend.backend().RemoveState("value"), kNotFound);
    ASSERT_OK_AND_ASSIGN(auto again, backend.GetState(descriptor));
    ASSERT_OK_AND_ASSIGN(const int64_t* const read, again.Get());
    EXPECT_EQ(read, nullptr);
    ASSERT_OK(again.Update(6));
  }
  std::filesystem::remove_all(made);
}

}  // namespace
}  // namespace kvstate::backends
