#include <string>

#include "kvstate/bytes.h"
#include "tests/unit/lmdb/lmdb_store_testing.h"

namespace kvstate::backends::lmdb {
namespace {

using LmdbTableTest = LmdbStoreTest;

TEST_F(LmdbTableTest, GetsWhatWasPutLast) {
  auto table = MakeTable();
  EXPECT_EQ(Read(*table, "key"), "(absent)");
  ASSERT_OK(table->Put("key", "one"));
  EXPECT_EQ(Read(*table, "key"), "one");
  ASSERT_OK(table->Put("key", "another"));
  EXPECT_EQ(Read(*table, "key"), "another");
}

TEST_F(LmdbTableTest, DeletesWhatIsThereAndToleratesWhatIsNot) {
  auto table = MakeTable();
  ASSERT_OK(table->Delete("key"));
  ASSERT_OK(table->Put("key", "value"));
  ASSERT_OK(table->Put("key2", "value2"));
  ASSERT_OK(table->Delete("key"));
  ASSERT_OK(table->Delete("key"));
  EXPECT_EQ(Read(*table, "key"), "(absent)");
  EXPECT_EQ(Read(*table, "key2"), "value2");
}

TEST_F(LmdbTableTest, KeepsAnEmptyValueApartFromNone) {
  auto table = MakeTable();
  ASSERT_OK(table->Put("key", ""));
  EXPECT_EQ(Read(*table, "key"), "");
}

TEST_F(LmdbTableTest, RefusesAnEmptyKeyButReadsItAsAbsent) {
  auto table = MakeTable();
  EXPECT_CODE(table->Put("", "value"), kInvalidArgument);
  EXPECT_EQ(Read(*table, ""), "(absent)");
  EXPECT_OK(table->Delete(""));
}

TEST_F(LmdbTableTest, RefusesAValueOverTheLimitWithoutReadingIt) {
  auto table = MakeTable();
  const char byte = 'x';
  EXPECT_CODE(table->Put("key", ByteView(&byte, kMaxValueBytes + 1)), kInvalidArgument);
  EXPECT_EQ(Read(*table, "key"), "(absent)");
}

TEST_F(LmdbTableTest, StoresLargeValuesAndGrowsAndShrinksThem) {
  auto table = MakeTable();
  for (const size_t size :
       {size_t{1900}, size_t{2100}, size_t{5000}, size_t{16} << 20, size_t{3000}, size_t{70} << 20}) {
    std::string value(size, 'v');
    value.back() = 'e';
    ASSERT_OK(table->Put("key", value));
    EXPECT_EQ(Read(*table, "key"), value);
    ASSERT_OK(table->Put("other", "small"));
    EXPECT_EQ(Read(*table, "key").size(), size);
  }
}

TEST_F(LmdbTableTest, StoresAValueThatAGetGave) {
  auto table = MakeTable();
  ASSERT_OK(table->Put("from", std::string(1000, 'f')));
  for (int i = 0; i < 5000; ++i) {
    ByteView value;
    ASSERT_OK(table->Get("from", &value));
    ASSERT_OK(table->Put("to" + std::to_string(i), value));
  }
  EXPECT_EQ(Read(*table, "to4999"), std::string(1000, 'f'));
}

TEST_F(LmdbTableTest, KeepsAViewValidWhileOtherTablesMakeTheMapGrow) {
  auto table = MakeTable("one");
  auto other = MakeTable("two");
  ASSERT_OK(table->Put("key", "small"));
  ASSERT_OK(table->Put("large", std::string(100000, 'L')));
  ByteView small;
  ByteView large;
  ASSERT_OK(table->Get("key", &small));
  ASSERT_OK(table->Get("large", &large));
  const auto before = store_->environment().map_growths();
  for (int i = 0; i < 50; ++i) ASSERT_OK(other->Put("k" + std::to_string(i), std::string(1 << 20, 'x')));
  ASSERT_GT(store_->environment().map_growths(), before);
  EXPECT_EQ(small, "small");
  EXPECT_EQ(large, std::string(100000, 'L'));
}

TEST_F(LmdbTableTest, KeepsTablesApartWhateverTheirNames) {
  const std::vector<std::string> names = {"a",        std::string("a\0b", 3), std::string(1, '\0'),
                                          "\xff\xfe", std::string(255, 'n'),  "data/../x"};
  std::vector<std::unique_ptr<StoreTable>> tables;
  for (const std::string& name : names) {
    tables.push_back(MakeTable(name));
    ASSERT_OK(tables.back()->Put("key", name));
  }
  for (size_t i = 0; i < names.size(); ++i) EXPECT_EQ(Read(*tables[i], "key"), names[i]);
}

TEST_F(LmdbTableTest, DropsATableAndAllItHoldsButNoOther) {
  auto kept = MakeTable("kept");
  ASSERT_OK(kept->Put("key", "kept"));
  for (int round = 0; round < 20; ++round) {
    auto dropped = MakeTable("dropped");
    EXPECT_TRUE(Scan(*dropped).empty());
    for (int i = 0; i < 500; ++i) ASSERT_OK(dropped->Put("key" + std::to_string(i), std::string(300, 'd')));
    ASSERT_OK(dropped->Put(std::string(2000, 'k'), "long key"));
    ASSERT_OK(store_->DropTable(std::move(dropped)));
  }
  EXPECT_EQ(Read(*kept, "key"), "kept");
  EXPECT_LT(UsedPages(), 500u) << "the pages of dropped tables are used again";
}

TEST_F(LmdbTableTest, RefusesMoreStatesThanConfiguredAndSaysHowToRaiseThem) {
  options_.max_states = 3;
  Open();
  std::vector<std::unique_ptr<StoreTable>> tables;
  for (int i = 0; i < 3; ++i) {
    tables.push_back(MakeTable("t" + std::to_string(i)));
    ASSERT_OK(tables.back()->Put(std::string(600, 'k'), "long"));
  }
  TableOptions options;
  options.name = "one more";
  const auto refused = store_->CreateTable(options);
  EXPECT_CODE(refused, kResourceExhausted);
  EXPECT_MENTIONS(refused, "max_states");
  EXPECT_EQ(Read(*tables[0], std::string(600, 'k')), "long");
  ASSERT_OK(store_->DropTable(std::move(tables[1])));
  tables[1] = MakeTable("one more");
  ASSERT_OK(tables[1]->Put("key", "value"));
}

TEST_F(LmdbTableTest, RefusesAppendsAndSaysSo) {
  auto table = MakeTable();
  EXPECT_FALSE(table->appends());
  EXPECT_CODE(table->Append("key", "operand"), kUnimplemented);
}

}  // namespace
}  // namespace kvstate::backends::lmdb
