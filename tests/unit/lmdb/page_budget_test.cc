#include "backends/lmdb/page_budget.h"

#include <gtest/gtest.h>

namespace kvstate::backends::lmdb {
namespace {

TEST(PageBudgetTest, CountsNothingBeforeTheFirstGrant) {
  PageBudget budget;
  budget.Begin(100, 20);
  EXPECT_FALSE(budget.written());
  EXPECT_EQ(budget.used_pages(), 100u);
  EXPECT_EQ(budget.dirty_entries(), 0u);
}

TEST(PageBudgetTest, TakesReusablePagesFirst) {
  PageBudget budget;
  budget.Begin(100, 20);
  budget.Grant(15, 1000, 1000);
  EXPECT_EQ(budget.used_pages(), 100u);
  budget.Grant(15, 1000, 1000);
  EXPECT_EQ(budget.used_pages(), 110u);
  EXPECT_EQ(budget.used_pages(7), 117u);
  EXPECT_EQ(budget.dirty_entries(), 30u);
}

TEST(PageBudgetTest, NeverCountsMoreSinglePagesThanTheTreesHad) {
  PageBudget budget;
  budget.Begin(100, 0);
  for (int i = 0; i < 1000; ++i) budget.Grant(14, 5, 40);
  EXPECT_EQ(budget.used_pages(), 100u + 45 + 2 * 14) << "45 in use, and the last grant's in either place";
  budget.Grant(14, 6, 90);
  EXPECT_EQ(budget.used_pages(), 100u + 96 + 2 * 14);
}

TEST(PageBudgetTest, CountsTwoLeavesAWriteWhereTheTreesHaveMore) {
  PageBudget budget;
  budget.Begin(100, 0);
  for (int i = 0; i < 1000; ++i) budget.Grant(14, 5, 1000000);
  EXPECT_EQ(budget.dirty_entries(), 5u + 14 + 2 * 1001);
}

TEST(PageBudgetTest, CountsLostPagesAndRunsOnTop) {
  PageBudget budget;
  budget.Begin(100, 5);
  for (int i = 0; i < 1000; ++i) budget.Grant(14, 5, 40);
  budget.Lose(7);
  budget.TakeRun(300);
  EXPECT_EQ(budget.used_pages(), 100u + 73 + 7 - 5 + 300);
  EXPECT_EQ(budget.dirty_entries(), 73u + 7 + 1);
}

}  // namespace
}  // namespace kvstate::backends::lmdb
