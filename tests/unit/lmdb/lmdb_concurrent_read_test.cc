#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "tests/unit/lmdb/lmdb_store_testing.h"

namespace kvstate::backends::lmdb {
namespace {

using LmdbConcurrentReadTest = LmdbStoreTest;

TEST_F(LmdbConcurrentReadTest, SeesTheOwnersLastFinishedWriteThroughCommitsAndGrowth) {
  options_.commit_dirty_pages = 64;
  Open();
  auto table = MakeTable("read", true);
  auto other = MakeTable("other");
  const std::string long_key(700, 'k');
  ASSERT_OK(table->Put("counter", "0"));
  ASSERT_OK(table->Put(long_key, "0"));
  std::atomic<int> finished{0};
  std::atomic<bool> stop{false};
  std::atomic<int> stale{0};
  std::atomic<int> torn{0};
  std::vector<std::thread> readers;
  readers.reserve(2);
  for (int reader = 0; reader < 2; ++reader) {
    readers.emplace_back([&, reader] {
      while (!stop) {
        const int least = finished;
        std::string value;
        const auto found = table->ConcurrentGet(reader % 2 == 0 ? ByteView("counter") : ByteView(long_key), &value);
        if (!found.ok() || !*found || std::stoi(value) < least) ++stale;
        // Both pairs are written one after the other: at most one apart in any consistent view.
        std::vector<int> pair;
        const Status scanned =
            table->ConcurrentScan("pair", [&](ByteView, ByteView at) { pair.push_back(std::stoi(std::string(at))); });
        if (!scanned.ok() || (pair.size() == 2 && pair[0] != pair[1] && pair[0] != pair[1] + 1)) ++torn;
      }
    });
  }
  for (int i = 1; i < 2000; ++i) {
    const std::string text = std::to_string(i);
    EXPECT_OK(table->Put("counter", text));
    EXPECT_OK(table->Put(long_key, text));
    finished = i;
    EXPECT_OK(table->Put("pair1", text));
    EXPECT_OK(table->Put("pair2" + long_key, text));
    EXPECT_OK(other->Put("key" + text, std::string(i % 50 == 0 ? 200000 : 100, 'x')));
    EXPECT_EQ(Read(*other, "key" + text).front(), 'x');
    if (i % 100 == 0) {
      EXPECT_GE(Scan(*table).size(), 4u);
    }
    if (i % 500 == 0) {
      auto dropped = MakeTable("dropped");
      EXPECT_OK(dropped->Put("k", "v"));
      EXPECT_OK(store_->DropTable(std::move(dropped)));
      EXPECT_OK(store_->Collect());
    }
  }
  stop = true;
  for (std::thread& reader : readers) reader.join();
  EXPECT_EQ(stale, 0);
  EXPECT_EQ(torn, 0);
  EXPECT_GT(store_->environment().map_growths(), 0u);
}

TEST_F(LmdbConcurrentReadTest, ScansAPrefixInOrderAndNothingElse) {
  auto table = MakeTable("read", true);
  for (const char* key : {"a", "p", "p1", "p2", "q"}) ASSERT_OK(table->Put(key, key));
  std::string seen;
  ASSERT_OK(table->ConcurrentScan("p", [&](ByteView key, ByteView value) {
    EXPECT_EQ(key, value);
    seen.append(key).append(" ");
  }));
  EXPECT_EQ(seen, "p p1 p2 ");
  std::string value = "old";
  const auto found = table->ConcurrentGet("none", &value);
  ASSERT_OK(found);
  EXPECT_FALSE(*found);
}

}  // namespace
}  // namespace kvstate::backends::lmdb
