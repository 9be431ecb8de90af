#ifndef KVSTATE_BACKENDS_LMDB_PAGE_BUDGET_H_
#define KVSTATE_BACKENDS_LMDB_PAGE_BUDGET_H_

#include <algorithm>
#include <cstdint>

namespace kvstate::backends::lmdb {

/// An upper bound on the pages of the file that the live transaction uses, and on its list of dirty pages. LMDB tells
/// neither until the commit, and a write that finds the file full loses everything since the last one.
///
/// LMDB takes a page for each committed page that it copies before the first change (once a transaction), for each
/// split, and a run of pages for a large value. It hands pages it has freed within the transaction out again before it
/// takes any other, so that single pages taken are, whenever one is taken, all in use and dirty: they are never more
/// than the most branch pages in use at a time, and the most leaves, or two leaves a write (one it changes, and one it
/// splits off or merges with). Exempt are the roots that a shrinking or emptied tree leaves, which wait for the commit
/// (Lose), and runs, which are never handed out again (TakeRun).
class PageBudget {
 public:
  /// A transaction begins on a file of `used_pages`, of which `reusable_pages` are free for it.
  void Begin(uint64_t used_pages, uint64_t reusable_pages) {
    *this = PageBudget();
    begin_used_ = used_pages;
    begin_reusable_ = reusable_pages;
  }

  /// Each write is granted so many pages, or more.
  static constexpr uint64_t kLeastPagesPerWrite = 14;

  /// Allows up to `pages` single pages, from now to the next Grant. The branch pages and leaves are those in use now,
  /// over all trees.
  void Grant(uint64_t pages, uint64_t branch_pages, uint64_t leaf_pages) {
    granted_ += pages;
    most_branch_pages_ = std::max(most_branch_pages_, branch_pages + pages);
    most_leaf_pages_ = std::max(most_leaf_pages_, leaf_pages + pages);
  }
  void TakeRun(uint64_t pages) {
    ++runs_;
    run_pages_ += pages;
  }
  void Lose(uint64_t pages) { lost_ += pages; }

  /// Whether anything may have been written since Begin.
  bool written() const { return granted_ > 0; }
  /// Single pages taken since Begin, at most.
  uint64_t single_pages() const {
    const uint64_t leaf_pages = std::min(most_leaf_pages_, 2 * (granted_ / kLeastPagesPerWrite + 1));
    return std::min(granted_, most_branch_pages_ + leaf_pages + lost_);
  }
  uint64_t dirty_entries() const { return single_pages() + runs_; }
  /// Pages of the file in use, at most, if `further` single pages are taken.
  uint64_t used_pages(uint64_t further = 0) const {
    const uint64_t singles = single_pages() + further;
    return begin_used_ + (singles > begin_reusable_ ? singles - begin_reusable_ : 0) + run_pages_;
  }

 private:
  uint64_t begin_used_ = 0;
  uint64_t begin_reusable_ = 0;
  uint64_t granted_ = 0;
  uint64_t most_branch_pages_ = 0;
  uint64_t most_leaf_pages_ = 0;
  uint64_t lost_ = 0;
  uint64_t runs_ = 0;
  uint64_t run_pages_ = 0;
};

}  // namespace kvstate::backends::lmdb

#endif  // KVSTATE_BACKENDS_LMDB_PAGE_BUDGET_H_
