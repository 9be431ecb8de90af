#include "backends/leveldb/leveldb_manifest.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <string>
#include <utility>

#include "backends/leveldb/leveldb_store.h"
#include "tests/support/status_testing.h"

namespace kvstate::backends::leveldb {
namespace {

namespace fs = std::filesystem;

/// `files` table files, with keys of `key_bytes`.
Manifest MakeManifest(size_t files, size_t key_bytes) {
  Manifest manifest;
  manifest.log_number = 5;
  manifest.next_file = 1'000'000;
  manifest.last_sequence = (uint64_t{1} << 50) + 1;
  for (size_t i = 0; i < files; ++i) {
    TableFile file;
    file.level = static_cast<uint32_t>(i * 7 / files);
    file.number = 10 + i;
    file.bytes = i << 20;
    file.smallest = std::string(key_bytes, 'a') + std::string(8, '\1');
    file.largest = std::string(key_bytes, 'z') + std::string(8, '\xff');
    manifest.files.push_back(std::move(file));
  }
  return manifest;
}

void ExpectEqual(const Manifest& a, const Manifest& b) {
  EXPECT_EQ(a.log_number, b.log_number);
  EXPECT_EQ(a.next_file, b.next_file);
  EXPECT_EQ(a.last_sequence, b.last_sequence);
  ASSERT_EQ(a.files.size(), b.files.size());
  for (size_t i = 0; i < a.files.size(); ++i) {
    EXPECT_EQ(a.files[i].level, b.files[i].level);
    EXPECT_EQ(a.files[i].number, b.files[i].number);
    EXPECT_EQ(a.files[i].bytes, b.files[i].bytes);
    EXPECT_EQ(a.files[i].smallest, b.files[i].smallest);
    EXPECT_EQ(a.files[i].largest, b.files[i].largest);
  }
}

TEST(LevelDbManifestTest, WhatIsEncodedIsParsedAgainOverAnyNumberOfBlocks) {
  // One record's length goes over the ends of several blocks of 32 KiB, and comes to lie on one and near one.
  for (size_t files = 0; files < 60; files += 7) {
    for (const size_t key_bytes : {size_t{0}, size_t{1}, size_t{532}, size_t{5000}}) {
      const Manifest manifest = MakeManifest(files, key_bytes);
      ASSERT_OK_AND_ASSIGN(const Manifest parsed, ParseManifest(EncodeManifest(manifest)));
      ExpectEqual(parsed, manifest);
    }
  }
}

TEST(LevelDbManifestTest, DamageIsFoundAndAnEditThatIsNotThereWholeIsLeftOut) {
  const Manifest manifest = MakeManifest(20, 100);
  const std::string bytes = EncodeManifest(manifest);
  for (size_t i = 0; i < bytes.size(); ++i) {
    std::string damaged = bytes;
    damaged[i] = static_cast<char>(damaged[i] ^ 0x20);
    EXPECT_CODE(ParseManifest(damaged), kDataLoss) << "byte " << i;
  }
  EXPECT_CODE(ParseManifest(""), kDataLoss);
  EXPECT_CODE(ParseManifest(bytes.substr(0, bytes.size() - 1)), kDataLoss);
}

class LevelDbsOwnManifestTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "kvstate_manifest_XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    root_ = pattern;
  }
  void TearDown() override { fs::remove_all(root_); }

  static std::string ReadFile(const fs::path& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  std::string ReadManifest() {
    std::string current = ReadFile(root_ / "CURRENT");
    current.pop_back();
    return ReadFile(root_ / current);
  }

  fs::path root_;
};

TEST_F(LevelDbsOwnManifestTest, NamesTheFilesThatLevelDbHasLeft) {
  ASSERT_OK_AND_ASSIGN(EngineSettings settings, ParseOptions({{"write_buffer_size", "65536"}}));
  ASSERT_OK_AND_ASSIGN(const auto store, LevelDbStore::Open(root_.string(), std::move(settings)));
  ASSERT_OK_AND_ASSIGN(auto table, store->CreateTable({}));
  for (int i = 0; i < 20000; ++i) ASSERT_OK(table->Put(std::to_string(i * 7919 % 20000), std::string(100, 'v')));
  ASSERT_OK(store->Flush(/*compact=*/true));
  ASSERT_OK(store->Close());
  const std::string bytes = ReadManifest();
  ASSERT_OK_AND_ASSIGN(const Manifest manifest, ParseManifest(bytes));
  std::set<std::string> named;
  for (const TableFile& file : manifest.files) {
    named.insert(TableFileName(file.number));
    EXPECT_EQ(fs::file_size(root_ / TableFileName(file.number)), file.bytes);
  }
  std::set<std::string> there;
  for (const auto& entry : fs::directory_iterator(root_)) {
    if (entry.path().extension() == ".ldb") there.insert(entry.path().filename());
  }
  EXPECT_FALSE(there.empty());
  EXPECT_EQ(named, there);

  // Any beginning of it, as a copy made meanwhile is, is a version; edits only follow.
  size_t versions = 0;
  for (size_t size = 0; size < bytes.size(); size += 13) {
    if (ParseManifest(std::string_view(bytes).substr(0, size)).ok()) ++versions;
  }
  EXPECT_GT(versions, bytes.size() / 13 / 2);
}

}  // namespace
}  // namespace kvstate::backends::leveldb
