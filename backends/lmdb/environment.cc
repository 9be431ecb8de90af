#include "backends/lmdb/environment.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <cstring>
#include <utility>

#include "backends/lmdb/lmdb_error.h"

namespace kvstate::backends::lmdb {

namespace {

// State is durable at checkpoints alone: no sync. The map is written directly: dirty pages are the page cache's, found
// without a search. There is a lock file, though nothing is read by another process: by it LMDB knows its readers.
constexpr unsigned kFlags = MDB_NOSUBDIR | MDB_NOTLS | MDB_NOSYNC | MDB_NOMETASYNC | MDB_WRITEMAP;

// As many bytes as LMDB's header of some 256, and 64 a reader.
constexpr off_t kLockFileBytes = 64 << 10;

constexpr uint64_t kDirtyListEntries = 131071;  // LMDB's MDB_IDL_UM_MAX.
constexpr uint64_t kLeastGrant = 64;
constexpr uint64_t kMostGrant = 4096;
constexpr uint64_t kPagesForDeletes = 256;
constexpr uint64_t kLeastReserveBytes = uint64_t{256} << 10;
// At a commit LMDB looks up each loose page in the unsorted dirty list: some 0.1 s for so many comparisons.
constexpr uint64_t kMostCommitComparisons = uint64_t{1} << 28;

/// A write copies and splits at most each level, adds a root, and a delete merges with a sibling at each level. The
/// tree may grow by some levels before this is computed again.
uint64_t PagesPerWrite(uint64_t depth) { return 2 * (std::max<uint64_t>(depth, 2) + 4) + 2; }
static_assert(PageBudget::kLeastPagesPerWrite == 2 * (2 + 4) + 2);

}  // namespace

Result<std::unique_ptr<Environment>> Environment::Open(const std::string& directory, const LmdbOptions& options) {
  std::unique_ptr<Environment> environment(new Environment(options));
  KVSTATE_RETURN_IF_ERROR(environment->OpenFile(directory));
  return environment;
}

Environment::~Environment() {
  EndOldViews();
  assert(views_.empty() && "a view must not outlive its store");
  if (txn_ != nullptr) {
    thread_.Run([this] {
      mdb_txn_abort(txn_);
      return 0;
    });
  }
  if (reader_ != nullptr) mdb_txn_abort(reader_);
  if (env_ != nullptr) mdb_env_close(env_);
}

Status Environment::OpenFile(const std::string& directory) {
  const std::string path = directory + "/data.mdb";
  const std::string opening = "cannot open " + path;
  const auto check = [&](int error) { return error == 0 ? Status() : LmdbError(error, opening); };

  KVSTATE_RETURN_IF_ERROR(check(mdb_env_create(&env_)));
  // Two databases a state: its entries, and the layers of its long keys.
  KVSTATE_RETURN_IF_ERROR(check(mdb_env_set_maxdbs(env_, static_cast<MDB_dbi>(2 * options_.max_states))));
  KVSTATE_RETURN_IF_ERROR(check(mdb_env_set_mapsize(env_, options_.map_bytes)));
  KVSTATE_RETURN_IF_ERROR(MakeLockFile(path + "-lock"));
  KVSTATE_RETURN_IF_ERROR(check(mdb_env_open(env_, path.c_str(), kFlags, 0644)));
  KVSTATE_RETURN_IF_ERROR(thread_.Start());
  mdb_filehandle_t fd = -1;
  KVSTATE_RETURN_IF_ERROR(check(mdb_env_get_fd(env_, &fd)));
  file_.Attach(path, fd);

  MDB_stat stat = {};
  KVSTATE_RETURN_IF_ERROR(check(mdb_env_stat(env_, &stat)));
  page_bytes_ = stat.ms_psize;
  // LMDB stores a value in its node when two such nodes fit a page; the difference is node and page headers.
  node_bytes_ = page_bytes_ / 2 - 64;
  NoteMap();
  KVSTATE_RETURN_IF_ERROR(ReadFreePages());
  KVSTATE_RETURN_IF_ERROR(Begin());
  KVSTATE_RETURN_IF_ERROR(check(mdb_dbi_open(txn_, nullptr, 0, &main_.dbi)));
  return MakeRoom(0, 0, Purpose::kInsert);
}

Status Environment::MakeLockFile(const std::string& path) const {
  // LMDB maps a file that it makes itself without disk space behind it: writing to it on a full disk would be SIGBUS.
  const int fd = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (fd < 0) return LmdbError(errno, "cannot create " + path);
  int error = 0;
  do {
    error = posix_fallocate(fd, 0, kLockFileBytes);
  } while (error == EINTR);
  close(fd);
  return error == 0 ? Status() : LmdbError(error, "cannot reserve disk for " + path);
}

void Environment::NoteMap() {
  MDB_envinfo info = {};
  mdb_env_info(env_, &info);
  file_.FindMap();
  map_pages_ = info.me_mapsize / page_bytes_;
}

Result<Database*> Environment::CreateDatabase(const std::string& name) {
  KVSTATE_RETURN_IF_ERROR(DropForgotten());
  if (databases_.size() + forgotten_.size() >= 2 * options_.max_states) {
    return ResourceExhaustedError("lmdb: " + path() + " has its most states, " + std::to_string(options_.max_states) +
                                  "; raise the engine option max_states");
  }
  KVSTATE_RETURN_IF_ERROR(MakeRoomFor(2 * main_.pages_per_write, 0, Purpose::kInsert));
  auto database = std::make_unique<Database>();
  int error = mdb_dbi_open(txn_, name.c_str(), MDB_CREATE, &database->dbi);
  if (error == 0) error = mdb_cursor_open(txn_, database->dbi, &database->cursor);
  if (error != 0) return WriteFailure(error, "creating a database");
  database->pages_per_write = PagesPerWrite(0);
  databases_.push_back(std::move(database));
  return databases_.back().get();
}

Status Environment::DropDatabase(Database* database) {
  KVSTATE_RETURN_IF_ERROR(DropForgotten());
  KVSTATE_RETURN_IF_ERROR(MakeRoomFor(2 * main_.pages_per_write, 0, Purpose::kDelete));
  MDB_stat stat = {};
  int error = mdb_stat(txn_, database->dbi, &stat);
  if (error != 0) return ReadFailure(error);
  // A dropped tree's pages wait for the commit.
  budget_.Lose(stat.ms_branch_pages + stat.ms_leaf_pages);
  mdb_cursor_close(database->cursor);
  database->cursor = nullptr;
  // A view of it needs what LMDB forgets of a database that it closes.
  const bool keep_open = !views_.empty();
  error = mdb_drop(txn_, database->dbi, keep_open ? 0 : 1);
  if (error != 0) return WriteFailure(error, "dropping a database");
  if (keep_open) forgotten_.push_back(database->dbi);
  std::erase_if(databases_, [&](const auto& owned) { return owned.get() == database; });
  return Commit();
}

Status Environment::DropForgotten() {
  EndOldViews();
  if (forgotten_.empty() || !views_.empty()) return Status();
  for (; !forgotten_.empty(); forgotten_.pop_back()) {
    KVSTATE_RETURN_IF_ERROR(MakeRoomFor(2 * main_.pages_per_write, 0, Purpose::kDelete));
    const int error = mdb_drop(txn_, forgotten_.back(), 1);
    if (error != 0) return WriteFailure(error, "dropping a database");
  }
  return Status();
}

Result<MDB_txn*> Environment::BeginView() {
  KVSTATE_RETURN_IF_ERROR(Commit());
  View view;
  const int error = mdb_txn_begin(env_, nullptr, MDB_RDONLY, &view.txn);
  if (error != 0) return LmdbError(error, "cannot begin a snapshot of " + path());
  view.transaction_id = mdb_txn_id(view.txn);
  views_.push_back(view);
  return view.txn;
}

void Environment::EndView(MDB_txn* view) {
  const std::lock_guard lock(ended_mutex_);
  ended_views_.push_back(view);
}

void Environment::EndOldViews() {
  std::vector<MDB_txn*> ended;
  {
    const std::lock_guard lock(ended_mutex_);
    ended.swap(ended_views_);
  }
  for (MDB_txn* const txn : ended) {
    mdb_txn_abort(txn);
    std::erase_if(views_, [&](const View& view) { return view.txn == txn; });
  }
}

Status Environment::ReadFailure(int error) const {
  return broken_.ok() ? LmdbError(error, "cannot read " + path()) : broken_;
}

Status Environment::WriteFailure(int error, const char* what) {
  if (broken_.ok()) {
    broken_ = LmdbError(error, std::string(what) + " in " + path() +
                                   " failed, and its writes since the last commit are " + "lost; restore the state");
  }
  credit_ = 0;
  return broken_;
}

Status Environment::Begin() {
  int error = thread_.Run([this] { return mdb_txn_begin(env_, nullptr, 0, &txn_); });
  for (const auto& database : databases_) {
    // Opening a cursor also makes LMDB read the database's record, which readers beside the owner must not race for.
    if (error == 0) error = mdb_cursor_open(txn_, database->dbi, &database->cursor);
    database->cursor_is_lent = false;
  }
  if (error != 0) return WriteFailure(error, "beginning a transaction");
  ++generation_;
  credit_ = 0;
  most_tree_pages_ = 0;
  budget_.Begin(committed_pages_, reusable_pages_);
  return Status();
}

Status Environment::EndByCommit() {
  assert(txn_ != nullptr);
  [[maybe_unused]] const uint64_t most_pages = budget_.used_pages() + CommitPages(budget_.used_pages());
  const int error = thread_.Run([this] { return mdb_txn_commit(txn_); });
  txn_ = nullptr;
  EndOldViews();
  for (const auto& database : databases_) database->cursor = nullptr;
  credit_ = 0;
  commit_next_ = false;
  if (error != 0) return WriteFailure(error, "committing");
  KVSTATE_RETURN_IF_ERROR(ReadFreePages());
  assert(committed_pages_ <= most_pages && "the bound on which every write relies");
  return Status();
}

Status Environment::Commit() {
  if (!broken_.ok()) return broken_;
  KVSTATE_RETURN_IF_ERROR(EndByCommit());
  return Begin();
}

Status Environment::ReadFreePages() {
  int error = reader_ == nullptr ? mdb_txn_begin(env_, nullptr, MDB_RDONLY, &reader_) : mdb_txn_renew(reader_);
  if (error != 0) return WriteFailure(error, "reading the list of free pages");
  const uint64_t transaction_id = mdb_txn_id(reader_);
  MDB_envinfo info = {};
  mdb_env_info(env_, &info);
  const uint64_t used_pages = info.me_last_pgno + 1;
  const uint64_t live_pages_before = committed_pages_ - free_pages_;
  // What a transaction freed, the next still keeps for readers that may be about to begin; and a view, what was freed
  // after it.
  uint64_t oldest_view = transaction_id;
  for (const View& view : views_) oldest_view = std::min(oldest_view, view.transaction_id);

  uint64_t free_pages = 0;
  uint64_t reusable_pages = 0;
  uint64_t replaced_pages = 0;  // Pages of the commit before that this one has freed.
  MDB_cursor* cursor = nullptr;
  error = mdb_cursor_open(reader_, 0, &cursor);
  MDB_val key = {};
  MDB_val data = {};
  while (error == 0 && (error = mdb_cursor_get(cursor, &key, &data, MDB_NEXT)) == 0) {
    // The key is a transaction's number; the value, the count of pages it freed, then their numbers in descending
    // order.
    uint64_t freed_by = 0;
    std::memcpy(&freed_by, key.mv_data, sizeof(freed_by));
    const auto* const pages = static_cast<const uint64_t*>(data.mv_data);
    free_pages += pages[0];
    if (freed_by < oldest_view) reusable_pages += pages[0];
    if (freed_by == transaction_id) {
      const uint64_t* const end = pages + 1 + pages[0];
      replaced_pages += static_cast<uint64_t>(
          end - std::partition_point(pages + 1, end, [&](uint64_t page) { return page >= committed_pages_; }));
    }
  }
  if (cursor != nullptr) mdb_cursor_close(cursor);
  mdb_txn_reset(reader_);
  if (error != MDB_NOTFOUND) return WriteFailure(error, "reading the list of free pages");

  if (transaction_id != transaction_id_) {
    const uint64_t kept_pages = live_pages_before - replaced_pages;
    pages_written_ += used_pages - free_pages - kept_pages + 1;
  }
  transaction_id_ = transaction_id;
  committed_pages_ = used_pages;
  free_pages_ = free_pages;
  reusable_pages_ = reusable_pages;
  return Status();
}

void Environment::ObserveTrees() {
  branch_pages_ = 0;
  leaf_pages_ = 0;
  run_pages_ = 0;
  const auto observe = [&](Database& database) {
    MDB_stat stat = {};
    if (mdb_stat(txn_, database.dbi, &stat) != 0) return stat;
    database.pages_per_write = PagesPerWrite(stat.ms_depth);
    run_pages_ += stat.ms_overflow_pages;
    branch_pages_ += stat.ms_branch_pages;
    leaf_pages_ += stat.ms_leaf_pages;
    return stat;
  };
  const MDB_stat main = observe(main_);
  main_pages_ = main.ms_branch_pages + main.ms_leaf_pages;
  for (const auto& database : databases_) observe(*database);
  most_tree_pages_ = std::max(most_tree_pages_, branch_pages_ + leaf_pages_);
}

uint64_t Environment::CommitPages(uint64_t used_pages) const {
  // It copies the table of databases and writes the free pages' numbers, of 8 bytes each, a few times at worst.
  return 64 + 2 * main_pages_ + used_pages / 100;
}

uint64_t Environment::MostPages() const {
  // LMDB refuses to take the map's last page.
  return std::min(map_pages_ - 1, file_.reserved_bytes() / page_bytes_);
}

bool Environment::ShouldCommit(uint64_t pages, uint64_t run_pages) const {
  if (commit_next_) return true;
  if (!budget_.written()) return false;
  const uint64_t dirty = budget_.dirty_entries() + pages;
  if (dirty > options_.commit_dirty_pages) return true;
  // LMDB takes a large value for as many entries, twice, and would spill pages to make room for them.
  if (run_pages > 0 && dirty + 2 * run_pages + 2 * kMostGrant > kDirtyListEntries) return true;
  return (most_tree_pages_ - branch_pages_ - leaf_pages_) * dirty > kMostCommitComparisons;
}

Status Environment::MakeRoom(uint64_t pages, uint64_t run_pages, Purpose purpose) {
  if (!broken_.ok()) return broken_;
  ObserveTrees();
  if (ShouldCommit(pages, run_pages)) KVSTATE_RETURN_IF_ERROR(Commit());

  const uint64_t for_deletes = purpose == Purpose::kInsert ? kPagesForDeletes : 0;
  const auto need_for = [&](uint64_t single_pages) {
    const uint64_t used = budget_.used_pages(single_pages + for_deletes) + run_pages;
    return used + CommitPages(used);
  };
  uint64_t grant = std::max(pages, std::clamp(budget_.used_pages() / 8, kLeastGrant, kMostGrant));
  for (uint64_t need = need_for(grant); need > MostPages(); need = need_for(grant)) {
    Status room = need > map_pages_ - 1 ? GrowMap(need + 1) : Reserve(need);
    if (room.ok()) continue;
    if (!broken_.ok()) return broken_;
    if (budget_.written()) {
      // Shows what is truly used, and frees pages.
      KVSTATE_RETURN_IF_ERROR(Commit());
      continue;
    }
    if (grant == pages) return room;
    while (grant > pages && need_for(grant) > MostPages()) grant = std::max(pages, grant / 2);
  }
  budget_.Grant(grant, branch_pages_, leaf_pages_);
  if (run_pages > 0) budget_.TakeRun(run_pages);
  credit_ = grant - pages;
  credit_for_inserts_ = purpose == Purpose::kInsert;
  if (2 * run_pages + 2 * kMostGrant > kDirtyListEntries) {
    // Even alone it makes LMDB spill, after which the bound on pages taken does not hold.
    commit_next_ = true;
    credit_ = 0;
  }
  return Status();
}

Status Environment::Reserve(uint64_t pages) {
  const uint64_t needed = pages * page_bytes_;
  const uint64_t ahead =
      std::clamp(needed / 4, std::min(kLeastReserveBytes, options_.reserve_bytes), options_.reserve_bytes);
  const Status reserved = file_.Reserve(std::min(needed + ahead, map_pages_ * page_bytes_));
  return reserved.ok() ? reserved : file_.Reserve(needed);
}

Status Environment::GrowMap(uint64_t pages) {
  uint64_t bytes = std::max(pages, map_pages_ + map_pages_ * options_.map_growth_percent / 100) * page_bytes_;
  if (!file_.CheckMappable(bytes).ok()) {
    bytes = pages * page_bytes_;
    KVSTATE_RETURN_IF_ERROR(file_.CheckMappable(bytes));
  }
  KVSTATE_RETURN_IF_ERROR(EndByCommit());
  {
    const Lock lock = LockMap();
    file_.GuardHole();
    const int error = mdb_env_set_mapsize(env_, bytes);
    if (error != 0) return WriteFailure(error, "growing the map");
    file_.KeepMapped();
    NoteMap();
    ++map_growths_;
  }
  return Begin();
}

FileUse Environment::MeasureFileUse() {
  if (txn_ != nullptr) ObserveTrees();
  constexpr uint64_t kMetaPages = 2;
  return {pages_written_, std::max(committed_pages_, kMetaPages + branch_pages_ + leaf_pages_ + run_pages_),
          page_bytes_};
}

}  // namespace kvstate::backends::lmdb
