#include "kvstate/savepoint_reader.h"

#include <gtest/gtest.h>

#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "backends/common/composite_key.h"
#include "kvstate/serializers.h"
#include "tests/unit/checkpoint/stream_testing.h"

namespace kvstate::backends {
namespace {

constexpr uint64_t kStorageBytes = uint64_t{1} << 30;

/// An entry with its bytes kept.
struct Kept {
  uint32_t state = 0;
  uint32_t key_group = 0;
  std::string key;
  std::string state_namespace;
  std::string user_key;
  std::string value;
  bool is_null = false;
  friend bool operator==(const Kept&, const Kept&) = default;
  friend std::ostream& operator<<(std::ostream& out, const Kept& kept) {
    return out << kept.state << "/" << kept.key_group << "/" << kept.key << "/" << kept.state_namespace << "/"
               << kept.user_key << " = " << kept.value << (kept.is_null ? "null" : "");
  }
};

template <class T>
std::string Encoded(const T& value) {
  ByteWriter out;
  Codec<T>::Write(value, out);
  return std::string(out.view());
}

Result<SerializerPtr> BuiltIn(const SerializerSnapshot& snapshot) {
  for (const SerializerPtr& serializer : {SerializerFor<std::string>(), SerializerFor<int64_t>(),
                                          SerializerFor<VoidNamespace>(), SerializerFor<TimeWindow>()}) {
    if (serializer->Snapshot() == snapshot) return serializer;
  }
  return InvalidArgumentError("no serializer of type '" + snapshot.type_id + "' is known here");
}

/// A map under windows and a value under the void namespace, with keys of variable size.
class SavepointReaderTest : public ::testing::Test {
 protected:
  SavepointReaderTest() {
    handle_.checkpoint_id = 7;
    handle_.backend = "hashmap";
    handle_.max_parallelism = 1000;
    handle_.key_groups = {10, 20};
    handle_.key_serializer = Codec<std::string>::Snapshot();
    SavedState map = TestState("map");
    map.kind = StateKind::kMap;
    map.namespace_serializer = Codec<TimeWindow>::Snapshot();
    map.user_key_serializer = Codec<std::string>::Snapshot();
    handle_.states = {map, TestState("value")};
  }

  template <class N>
  std::string Key(const std::string& key, const N& state_namespace, const std::string& user_key = "") const {
    const CompositeKeyFormat format(SerializerFor<std::string>(), SerializerFor<N>(), handle_.max_parallelism);
    ByteWriter out;
    format.WritePrefix(0, Encoded(key), Encoded(state_namespace), out);
    out.PutBytes(user_key);
    return std::string(out.view().substr(format.key_group_bytes()));
  }

  void Add(const std::vector<TestEntry>& entries) {
    const bool changes = !handle_.files.empty();
    auto file = WriteStream(*storage_, "shared/" + std::to_string(handle_.files.size()),
                            StreamHeaderOf(handle_, changes), entries);
    ASSERT_OK(file);
    handle_.files.push_back({"stream", *file, true});
  }

  Result<std::vector<Kept>> Read(KeyGroupRange range = {0, 999}) {
    KVSTATE_ASSIGN_OR_RETURN(const auto reader, OpenSavepoint(storage_, handle_, range, BuiltIn));
    std::vector<Kept> all;
    SavedEntry entry;
    for (;;) {
      KVSTATE_ASSIGN_OR_RETURN(const bool more, reader->Next(&entry));
      if (!more) return all;
      all.push_back({entry.state, entry.key_group, std::string(entry.key), std::string(entry.state_namespace),
                     std::string(entry.user_key), std::string(entry.value), entry.is_null});
    }
  }

  std::shared_ptr<CheckpointStorage> storage_ = MakeMemoryStorage(kStorageBytes);
  KeyedStateHandle handle_;
  const TimeWindow window_{-5, 1000};
};

TEST_F(SavepointReaderTest, GivesKeysNamespacesAndMapsInTheirParts) {
  Add({{10, 0, Key("k", window_, "u"), std::string("\0v", 2)},
       {10, 0, Key("k", window_, ""), "\1"},
       {10, 1, Key("k", VoidNamespace()), "value"},
       {20, 1, Key("", VoidNamespace()), ""}});
  const std::string void_namespace = Encoded(VoidNamespace());
  ASSERT_OK_AND_ASSIGN(const auto read, Read());
  EXPECT_EQ(read, (std::vector<Kept>{{0, 10, Encoded(std::string("k")), Encoded(window_), "u", "v", false},
                                     {0, 10, Encoded(std::string("k")), Encoded(window_), "", "", true},
                                     {1, 10, Encoded(std::string("k")), void_namespace, "", "value", false},
                                     {1, 20, Encoded(std::string()), void_namespace, "", "", false}}));
}

TEST_F(SavepointReaderTest, AppliesChanges) {
  Add({{10, 1, Key("a", VoidNamespace()), "1"}, {10, 1, Key("b", VoidNamespace()), "1"}});
  Add({{10, 1, Key("b", VoidNamespace()), std::nullopt}, {11, 1, Key("c", VoidNamespace()), "2"}});
  ASSERT_OK_AND_ASSIGN(const auto read, Read());
  ASSERT_EQ(read.size(), 2U);
  EXPECT_EQ(read[0].key, Encoded(std::string("a")));
  EXPECT_EQ(read[1].key, Encoded(std::string("c")));
}

TEST_F(SavepointReaderTest, GivesTheKeyGroupsAskedForAlone) {
  std::vector<TestEntry> entries;
  for (uint32_t key_group = 10; key_group <= 20; ++key_group) {
    entries.push_back({key_group, 1, Key(std::to_string(key_group), VoidNamespace()), ""});
  }
  Add(entries);
  const auto groups = [this](KeyGroupRange range) {
    std::vector<uint32_t> groups_read;
    const auto read = Read(range);
    EXPECT_OK(read);
    for (const Kept& kept : *read) groups_read.push_back(kept.key_group);
    return groups_read;
  };
  EXPECT_EQ(groups({12, 13}), (std::vector<uint32_t>{12, 13}));
  EXPECT_EQ(groups({0, 10}), (std::vector<uint32_t>{10}));
  EXPECT_EQ(groups({20, 999}), (std::vector<uint32_t>{20}));
  EXPECT_TRUE(groups({21, 999}).empty());
  EXPECT_TRUE(groups({0, 9}).empty());
}

TEST_F(SavepointReaderTest, SaysWhichEntryIsNone) {
  for (const TestEntry& bad :
       {TestEntry{10, 1, "", ""}, TestEntry{10, 1, Key("k", VoidNamespace(), "more"), ""},
        TestEntry{10, 0, Key("k", window_, "u"), ""}, TestEntry{10, 0, Key("k", window_, "u"), "\2"},
        TestEntry{10, 0, Key("k", window_, "u"), "\1and a value"}, TestEntry{10, 0, Key("k", VoidNamespace()), "\1"}}) {
    storage_ = MakeMemoryStorage(kStorageBytes);
    handle_.files.clear();
    Add({bad});
    EXPECT_CODE(Read(), kDataLoss) << bad;
    EXPECT_MENTIONS(Read(), "shared/0");
    EXPECT_MENTIONS(Read(), "state '" + handle_.states[bad.state].name + "' in key group 10");
  }
}

TEST_F(SavepointReaderTest, RefusesWhatItCannotRead) {
  Add({});
  EXPECT_CODE(OpenSavepoint(nullptr, handle_, {0, 9}, BuiltIn), kInvalidArgument);
  EXPECT_CODE(OpenSavepoint(storage_, handle_, {0, 9}, nullptr), kInvalidArgument);
  KeyedStateHandle other = handle_;
  other.format = "engine_files.1";
  EXPECT_CODE(OpenSavepoint(storage_, other, {0, 9}, BuiltIn), kInvalidArgument);
  EXPECT_MENTIONS(OpenSavepoint(storage_, other, {0, 9}, BuiltIn), "'hashmap'");
  handle_.states[0].namespace_serializer = {"mine", 1, ""};
  handle_.files.clear();
  storage_ = MakeMemoryStorage(kStorageBytes);
  Add({});
  EXPECT_CODE(Read(), kInvalidArgument);
  EXPECT_MENTIONS(Read(), "state 'map'");
}

}  // namespace
}  // namespace kvstate::backends
