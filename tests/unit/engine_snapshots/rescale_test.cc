#include "tests/unit/engine_snapshots/engine_snapshots_testing.h"

namespace kvstate::backends {

namespace {

constexpr uint32_t kMaxParallelism = 128;

/// Value, list and reducing states of `parallelism` instances, moved between parallelisms.
class RescaleTest : public EngineSnapshotsTest {
 protected:
  struct Instance {
    KeyGroupRange range;
    std::unique_ptr<OrderedStore> store;
    std::unique_ptr<StoreTable> tables[3];
  };
  static constexpr StateKind kKinds[3] = {StateKind::kValue, StateKind::kList, StateKind::kReducing};
  static std::string NameOf(size_t table) { return "state " + std::to_string(table); }

  /// New stores, whose tables are made in another order in each second one.
  std::vector<Instance> Make(uint32_t parallelism) {
    std::vector<Instance> instances;
    for (uint32_t i = 0; i < parallelism; ++i) {
      Instance& made = instances.emplace_back();
      made.range = KeyGroupRangeOf(kMaxParallelism, parallelism, i);
      made.store = NewStore(kSmall);
      for (size_t t = 0; t < 3; ++t) {
        const size_t table = i % 2 == 0 ? t : 2 - t;
        made.tables[table] = MakeTable(*made.store, NameOf(table), kKinds[table]);
      }
    }
    return instances;
  }

  /// Some entries in each key group: overwritten, removed and appended to, over several files and compactions.
  void Fill(std::vector<Instance>& instances, int round) {
    for (Instance& instance : instances) {
      for (uint32_t group = instance.range.first; group <= instance.range.last; ++group) {
        for (int i = 0; i < 14; ++i) {
          const std::string key = KeyIn(group, std::to_string(i));
          const std::string value = std::to_string(i * 1000 + round);
          for (size_t t = 0; t < 3; ++t) {
            StoreTable& table = *instance.tables[t];
            if (i % 7 == round % 7) {
              ASSERT_OK(table.Delete(key));
              expected_[t].erase(key);
            } else if (t > 0 && i % 2 == 0) {
              Append(table, t, key, value);
            } else {
              ASSERT_OK(table.Put(key, value));
              expected_[t][key] = value;
            }
          }
        }
      }
      ASSERT_OK(instance.store->Flush(/*compact=*/round % 2 == 1));
    }
  }

  std::vector<Instance> Rescale(std::vector<Instance> old, uint32_t parallelism) {
    std::vector<Instance> instances;
    for (uint32_t i = 0; i < parallelism; ++i) {
      Instance& made = instances.emplace_back();
      made.range = KeyGroupRangeOf(kMaxParallelism, parallelism, i);
      std::vector<FetchedFiles> parts;
      for (const Instance& instance : old) {
        const uint32_t first = std::max(instance.range.first, made.range.first);
        if (first > std::min(instance.range.last, made.range.last)) continue;
        std::vector<SavedState> states;
        for (size_t t = 0; t < 3; ++t) {
          states.push_back(StateOf(*instance.store, *instance.tables[t], NameOf(t), kKinds[t]));
        }
        auto files = instance.store->LinkFiles();
        EXPECT_OK(files);
        parts.push_back(Fetch(**files, instance.range, states));
      }
      auto opened = OpenFiles(parts, made.range, kSmall);
      EXPECT_OK(opened);
      made.store = std::move(opened).value();
      for (size_t t = 0; t < 3; ++t) {
        SavedState state = parts[0].states[t];
        if (parts.size() > 1) state.engine_data.clear();
        made.tables[t] = OpenTable(*made.store, state);
      }
    }
    return instances;
  }

  static void Claim(std::vector<Instance>& instances) {
    for (Instance& instance : instances) {
      for (size_t t = 0; t < 3; ++t) ASSERT_OK(instance.tables[t]->Claim(OptionsOf(NameOf(t), kKinds[t])));
    }
  }

  void Check(std::vector<Instance>& instances) {
    Entries found[3];
    for (Instance& instance : instances) {
      for (size_t t = 0; t < 3; ++t) {
        for (auto& [key, value] : EntriesOf(*instance.tables[t])) {
          EXPECT_TRUE(instance.range.Contains(static_cast<uint8_t>(key[0]))) << "an entry of another's key group";
          EXPECT_TRUE(found[t].emplace(key, value).second) << "an entry twice";
        }
      }
    }
    for (size_t t = 0; t < 3; ++t) EXPECT_EQ(found[t], expected_[t]) << NameOf(t);
  }

  const Options kSmall = {{"write_buffer_size", "65536"}};
  Entries expected_[3];

 private:
  void Append(StoreTable& table, size_t t, const std::string& key, const std::string& value) {
    std::string& whole = expected_[t][key];
    const TableOptions options = OptionsOf(NameOf(t), kKinds[t]);
    const bool absent = whole.empty();
    if (absent || t == 1) {
      whole += value;
    } else {
      ASSERT_OK(options.reduce(&whole, value));
    }
    // An engine that does not append is given the whole, as a backend does.
    if (table.appends()) {
      ASSERT_OK(table.Append(key, value));
    } else {
      ASSERT_OK(table.Put(key, whole));
    }
  }
};

TEST_P(RescaleTest, StateIsTheSameAtAnyParallelism) {
  for (const auto& [from, to] : {std::pair(1u, 2u), {2u, 1u}, {4u, 2u}, {2u, 4u}, {3u, 2u}, {15u, 77u}}) {
    SCOPED_TRACE(testing::Message() << from << " to " << to);
    for (Entries& entries : expected_) entries.clear();
    std::vector<Instance> instances = Make(from);
    for (int round = 0; round < 4; ++round) Fill(instances, round);
    instances = Rescale(std::move(instances), to);
    Claim(instances);
    Check(instances);
    for (int round = 4; round < 6; ++round) Fill(instances, round);
    Check(instances);
  }
}

TEST_P(RescaleTest, StateIsTheSameAfterSeveralRescalesInARow) {
  std::vector<Instance> instances = Make(2);
  for (int round = 0; round < 3; ++round) Fill(instances, round);
  for (const uint32_t parallelism : {3u, 2u, 5u, 1u, 4u, 2u}) {
    SCOPED_TRACE(parallelism);
    instances = Rescale(std::move(instances), parallelism);
    // Each second time nobody asks for the states.
    if (parallelism % 2 == 1) continue;
    Claim(instances);
    Check(instances);
    Fill(instances, static_cast<int>(parallelism));
    Check(instances);
  }
}

INSTANTIATE_TEST_SUITE_P(Engines, RescaleTest, ::testing::Values("rocksdb", "leveldb"));

}  // namespace

}  // namespace kvstate::backends
