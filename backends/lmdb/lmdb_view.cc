#include "backends/lmdb/lmdb_view.h"

#include <algorithm>
#include <cassert>
#include <utility>

#include "backends/lmdb/lmdb_error.h"
#include "backends/lmdb/lmdb_table.h"

namespace kvstate::backends::lmdb {

namespace {

// The first batch of a walk is small, for walks that are short; the largest is read in some 50 µs, for which the owner
// waits at most when it makes the map grow.
constexpr size_t kFirstBatchBytes = 4 << 10;
constexpr size_t kMostBatchBytes = 64 << 10;

Status ViewFailure(const Environment& environment, int error) {
  return LmdbError(error, "cannot read a snapshot of " + environment.path());
}

}  // namespace

/// Copies entries in batches, and finds its place again by key when the map has moved.
class LmdbView::Iterator final : public StoreIterator {
 public:
  Iterator(std::shared_ptr<Transaction> transaction, Table table, ByteView lower, ByteView upper)
      : transaction_(std::move(transaction)), table_(table), lower_(lower), upper_(upper), cursor_(nullptr) {}
  ~Iterator() override { CloseCursor(); }
  Iterator(const Iterator&) = delete;
  Iterator& operator=(const Iterator&) = delete;

  Status Seek(ByteView key) override {
    batch_bytes_ = kFirstBatchBytes;
    return Fill(key < lower_ ? ByteView(lower_) : key);
  }
  Status Next() override {
    assert(Valid());
    if (++current_ < entries_.size()) [[likely]]
      return Status();
    if (at_end_) return Status();
    batch_bytes_ = std::min(2 * batch_bytes_, kMostBatchBytes);
    // The least key behind the last one is it with a zero byte.
    --current_;
    const std::string behind = std::string(key()) + '\0';
    return Fill(behind);
  }
  bool Valid() const override { return current_ < entries_.size(); }
  ByteView key() const override { return View(entries_[current_].key, entries_[current_].value); }
  ByteView value() const override { return View(entries_[current_].value, entries_[current_].end); }

 private:
  struct Entry {
    size_t key;  ///< Positions in bytes_.
    size_t value;
    size_t end;
  };

  ByteView View(size_t begin, size_t end) const { return ByteView(bytes_).substr(begin, end - begin); }

  void CloseCursor() {
    if (MDB_cursor* const cursor = cursor_.Detach(); cursor != nullptr) mdb_cursor_close(cursor);
  }

  int OpenCursor() {
    CloseCursor();
    MDB_cursor* cursor = nullptr;
    const int error = mdb_cursor_open(transaction_->txn, table_.entries, &cursor);
    if (error == 0) cursor_.Attach(transaction_->txn, cursor);
    map_growths_ = transaction_->environment.map_growths();
    return error;
  }

  /// Copies entries from the first at or after `key` on.
  Status Fill(ByteView key) {
    const Environment::Lock lock = transaction_->environment.LockMap();
    int error = 0;
    if (!cursor_.attached() || map_growths_ != transaction_->environment.map_growths()) error = OpenCursor();
    if (error == 0) error = cursor_.Seek(key, table_.layers);
    bytes_.clear();
    entries_.clear();
    current_ = 0;
    while (error == 0 && bytes_.size() < batch_bytes_ && (upper_.empty() || cursor_.key() < upper_)) {
      Entry entry{bytes_.size(), 0, 0};
      bytes_.append(cursor_.key());
      entry.value = bytes_.size();
      bytes_.append(cursor_.value());
      entry.end = bytes_.size();
      entries_.push_back(entry);
      error = cursor_.Next();
    }
    at_end_ = bytes_.size() < batch_bytes_ || error != 0;
    return error == 0 || error == MDB_NOTFOUND ? Status() : ViewFailure(transaction_->environment, error);
  }

  const std::shared_ptr<Transaction> transaction_;
  const Table table_;
  const std::string lower_;
  const std::string upper_;
  LayeredCursor cursor_;
  uint64_t map_growths_ = 0;

  size_t batch_bytes_ = kFirstBatchBytes;
  std::string bytes_;
  std::vector<Entry> entries_;
  size_t current_ = 0;
  bool at_end_ = false;  ///< Nothing follows the batch.
};

Result<std::unique_ptr<StoreView>> LmdbView::Create(Environment& environment, std::span<StoreTable* const> tables) {
  KVSTATE_ASSIGN_OR_RETURN(MDB_txn * txn, environment.BeginView());
  auto transaction = std::make_shared<Transaction>(environment, txn);
  std::vector<Table> databases;
  for (StoreTable* const table : tables) {
    auto& of_table = static_cast<LmdbTable&>(*table);
    Table& found = databases.emplace_back(Table{of_table.entries().dbi, 0});
    if (of_table.layers() != nullptr) found.layers = of_table.layers()->dbi;
    // Makes LMDB read the databases' records, by their names, which it forgets when they are dropped.
    MDB_stat stat = {};
    int error = mdb_stat(txn, found.entries, &stat);
    if (error == 0 && found.layers != 0) error = mdb_stat(txn, found.layers, &stat);
    if (error != 0) return ViewFailure(environment, error);
  }
  return std::unique_ptr<StoreView>(new LmdbView(std::move(transaction), std::move(databases)));
}

Result<std::unique_ptr<StoreIterator>> LmdbView::NewIterator(size_t table, ByteView lower, ByteView upper) {
  return std::unique_ptr<StoreIterator>(new Iterator(transaction_, tables_[table], lower, upper));
}

Result<bool> LmdbView::Get(size_t table, ByteView key, std::string* value) {
  if (key.empty()) return false;
  const Environment::Lock lock = transaction_->environment.LockMap();
  KeyCutter cutter(key);
  for (;;) {
    const MDB_dbi database = cutter.in_layer() ? tables_[table].layers : tables_[table].entries;
    if (cutter.in_layer() && database == 0) return false;
    MDB_val part = cutter.part();
    MDB_val found;
    const int error = mdb_get(transaction_->txn, database, &part, &found);
    if (error == MDB_NOTFOUND) return false;
    if (error != 0) return ViewFailure(transaction_->environment, error);
    if (cutter.last()) {
      value->assign(ToView(found));
      return true;
    }
    cutter.Descend(ToView(found));
  }
}

}  // namespace kvstate::backends::lmdb
