#include <dlfcn.h>
#include <fcntl.h>
#include <sys/resource.h>

#include <csignal>
#include <random>
#include <string>

#include "tests/unit/lmdb/lmdb_store_testing.h"

namespace {

off_t disk_bytes_left_for_all = -1;  // Files may end here; negative: anywhere.

}  // namespace

/// Stands before libc's: a disk of any size. Counts no bytes twice, since a store reserves from the start of its file
/// on.
extern "C" int posix_fallocate(int fd, off_t offset, off_t length) {
  static const auto real = reinterpret_cast<int (*)(int, off_t, off_t)>(dlsym(RTLD_NEXT, "posix_fallocate"));
  if (disk_bytes_left_for_all >= 0 && offset + length > disk_bytes_left_for_all) return ENOSPC;
  return real(fd, offset, length);
}

namespace kvstate::backends::lmdb {
namespace {

class LmdbSpaceTest : public LmdbStoreTest {
 protected:
  void TearDown() override {
    disk_bytes_left_for_all = -1;
    LmdbStoreTest::TearDown();
  }
  static std::string Key(uint64_t i) {
    const uint64_t mixed = ToBigEndian(i * 0x9e3779b97f4a7c15u);
    return std::string(reinterpret_cast<const char*>(&mixed), 8);
  }
};

TEST_F(LmdbSpaceTest, GrowsTheMapAsFarAsNeeded) {
  auto table = MakeTable();
  for (uint64_t i = 0; i < 100000; ++i) ASSERT_OK(table->Put(Key(i), std::string(100, static_cast<char>(i))));
  EXPECT_GT(store_->environment().map_growths(), 2u);
  for (uint64_t i = 0; i < 100000; i += 97) EXPECT_EQ(Read(*table, Key(i)), std::string(100, static_cast<char>(i)));
}

TEST_F(LmdbSpaceTest, KeepsItsBoundOnPagesUnderRandomWritesOfAllSizes) {
  // Environment asserts at each commit that LMDB took no more pages than were allowed for.
  for (const uint64_t commit_dirty_pages : {64u, 500u, 100000u}) {
    options_.commit_dirty_pages = commit_dirty_pages;
    options_.map_growth_percent = 10;
    options_.reserve_bytes = 1 << 16;
    Open();
    std::mt19937_64 random(commit_dirty_pages);
    auto table = MakeTable();
    auto other = MakeTable("other");
    for (int i = 0; i < 20000; ++i) {
      const std::string key = Key(random() % 500) + std::string(random() % 3 == 0 ? random() % 700 : 0, 'p');
      StoreTable& target = random() % 3 == 0 ? *other : *table;
      if (random() % 3 == 0) {
        ASSERT_OK(target.Delete(key));
      } else {
        ASSERT_OK(target.Put(key, std::string(random() % 20 == 0 ? random() % 50000 : random() % 1500, 'v')));
      }
    }
    ASSERT_OK(store_->Flush(false));
  }
}

TEST_F(LmdbSpaceTest, StaysSmallWhenATableIsFilledAndEmptiedAllTheTime) {
  auto table = MakeTable();
  for (int i = 0; i < 100000; ++i) {
    ASSERT_OK(table->Put("key", "value"));
    ASSERT_OK(table->Delete("key"));
  }
  EXPECT_LT(UsedPages(), 3 * options_.commit_dirty_pages);
  options_.commit_dirty_pages = 200;
  Open();
  table = MakeTable();
  for (int i = 0; i < 100000; ++i) {
    ASSERT_OK(table->Put("key", "value"));
    ASSERT_OK(table->Delete("key"));
  }
  EXPECT_LT(UsedPages(), 1500u);
}

TEST_F(LmdbSpaceTest, DeletesAMillionPagesWorthWithoutFillingTheDirtyList) {
  options_.commit_dirty_pages = 100000;
  Open();
  auto table = MakeTable();
  for (uint64_t i = 0; i < 60000; ++i) ASSERT_OK(table->Put(Key(i), std::string(1900, 'v')));
  for (uint64_t i = 0; i < 60000; ++i) ASSERT_OK(table->Delete(Key(i)));
  EXPECT_TRUE(Scan(*table).empty());
}

TEST_F(LmdbSpaceTest, AFullDiskRefusesWritesKeepsEverythingReadableAndAllowsDeletes) {
  disk_bytes_left_for_all = 8 << 20;
  auto table = MakeTable();
  Entries model;
  Status refused;
  for (uint64_t i = 0; refused.ok(); ++i) {
    std::string value(200, static_cast<char>(i));
    refused = table->Put(Key(i), value);
    if (refused.ok()) model[Key(i)] = std::move(value);
    ASSERT_LT(i, 100000u);
  }
  EXPECT_CODE(refused, kResourceExhausted);
  EXPECT_MENTIONS(refused, "data.mdb");
  EXPECT_MENTIONS(refused, "No space left on device");
  EXPECT_GT(model.size(), 15000u) << "most of the disk must be usable";
  EXPECT_EQ(Scan(*table), model);
  EXPECT_CODE(table->Put("large", std::string(4 << 20, 'x')), kResourceExhausted);
  EXPECT_CODE(table->Put(std::string(60000, 'k'), "v"), kResourceExhausted);
  EXPECT_OK(store_->Flush(false));
  EXPECT_EQ(Scan(*table), model);

  size_t left = model.size() / 2;
  for (auto at = model.begin(); left > 0; --left) {
    ASSERT_OK(table->Delete(at->first));
    at = model.erase(at);
  }
  EXPECT_EQ(Scan(*table), model);
  for (uint64_t i = 0; i < 3000; ++i) {
    ASSERT_OK(table->Put("again" + Key(i), "value")) << i << ": what deletes freed must be used again";
  }

  disk_bytes_left_for_all = -1;
  for (uint64_t i = 0; i < 20000; ++i) ASSERT_OK(table->Put("more" + Key(i), std::string(200, 'm')));
  for (const auto& [key, value] : model) ASSERT_EQ(Read(*table, key), value);
}

TEST_F(LmdbSpaceTest, AFileSizeLimitRefusesWritesAndKeepsEverythingReadable) {
  auto table = MakeTable();
  ASSERT_OK(table->Put("key", "value"));
  rlimit before = {};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  rlimit limit = before;
  limit.rlim_cur = 24 << 20;
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &limit), 0);
  Status refused;
  uint64_t written = 0;
  while (refused.ok() && written < 100000) {
    refused = table->Put(Key(written), std::string(1000, 'v'));
    if (refused.ok()) ++written;
  }
  EXPECT_EQ(setrlimit(RLIMIT_FSIZE, &before), 0);
  std::signal(SIGXFSZ, handler);
  EXPECT_CODE(refused, kResourceExhausted);
  EXPECT_GT(written, 10000u);
  EXPECT_EQ(Read(*table, "key"), "value");
  EXPECT_EQ(Scan(*table).size(), written + 1);
  ASSERT_OK(table->Put(Key(written), "now it fits"));
}

TEST_F(LmdbSpaceTest, OpensWithAStatusOnADiskThatIsFull) {
  disk_bytes_left_for_all = 0;
  store_.reset();
  std::filesystem::remove(directory_ / "data.mdb");
  EXPECT_CODE(LmdbStore::Open(directory_.string(), options_), kResourceExhausted);
}

TEST_F(LmdbSpaceTest, OpensWithAStatusInADirectoryThatIsNotThere) {
  EXPECT_CODE(LmdbStore::Open((directory_ / "none").string(), options_), kNotFound);
}

}  // namespace
}  // namespace kvstate::backends::lmdb
