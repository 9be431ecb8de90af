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
  budget.Grant(15, 1000);
  EXPECT_EQ(budget.used_pages(), 100u);
  budget.Grant(15, 1000);
  EXPECT_EQ(budget.used_pages(), 110u);
  EXPECT_EQ(budget.used_pages(7), 117u);
  EXPECT_EQ(budget.dirty_entries(), 30u);
}

TEST(PageBudgetTest, NeverCountsMoreSinglePagesThanTheTreesHad) {
  PageBudget budget;
  budget.Begin(100, 0);
  for (int i = 0; i < 1000; ++i) budget.Grant(10, 40);
  EXPECT_EQ(budget.used_pages(), 150u) << "40 in use and the last grant's 10";
  budget.Grant(10, 90);
  EXPECT_EQ(budget.used_pages(), 200u);
}

TEST(PageBudgetTest, CountsLostPagesAndRunsOnTop) {
  PageBudget budget;
  budget.Begin(100, 5);
  for (int i = 0; i < 1000; ++i) budget.Grant(10, 40);
  budget.Lose(7);
  budget.TakeRun(300);
  EXPECT_EQ(budget.used_pages(), 100u + 57 - 5 + 300);
  EXPECT_EQ(budget.dirty_entries(), 58u);
}

}  // namespace
}  // namespace kvstate::backends::lmdb
