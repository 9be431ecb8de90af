#include "backends/leveldb/leveldb_rewrite.h"

#include <leveldb/comparator.h>
#include <leveldb/env.h>
#include <leveldb/table.h>
#include <leveldb/table_builder.h>

#include <memory>

#include "backends/leveldb/leveldb_iterator.h"
#include "backends/leveldb/leveldb_status.h"

namespace kvstate::backends::leveldb {

namespace {

/// The order of a table file's keys: the user's key, then newer before older. The last 8 bytes are, low byte first, the
/// kind of entry and the sequence number (LevelDB's doc/impl.md and db/dbformat.h).
class InternalOrder final : public ::leveldb::Comparator {
 public:
  int Compare(const ::leveldb::Slice& a, const ::leveldb::Slice& b) const override {
    const int by_user_key = UserKey(ToView(a)).compare(UserKey(ToView(b)));
    if (by_user_key != 0) return by_user_key;
    const uint64_t tag_a = TagOf(a);
    const uint64_t tag_b = TagOf(b);
    return tag_a > tag_b ? -1 : (tag_a < tag_b ? 1 : 0);
  }
  const char* Name() const override { return "leveldb.InternalKeyComparator"; }
  // Keys of the index may be shorter than those of entries; they need not.
  void FindShortestSeparator(std::string*, const ::leveldb::Slice&) const override {}
  void FindShortSuccessor(std::string*) const override {}

 private:
  static uint64_t TagOf(const ::leveldb::Slice& key) {
    uint64_t tag = 0;
    for (size_t i = 1; i <= kInternalSuffixBytes; ++i) tag = (tag << 8) | static_cast<uint8_t>(key[key.size() - i]);
    return tag;
  }
};

/// A filter over the users' keys in a table of internal ones, as LevelDB writes it.
class InternalFilter final : public ::leveldb::FilterPolicy {
 public:
  explicit InternalFilter(const ::leveldb::FilterPolicy& users) : users_(users) {}
  const char* Name() const override { return users_.Name(); }
  void CreateFilter(const ::leveldb::Slice* keys, int n, std::string* filter) const override {
    std::vector<::leveldb::Slice> user_keys;
    for (int i = 0; i < n; ++i) user_keys.push_back(ToSlice(UserKey(ToView(keys[i]))));
    users_.CreateFilter(user_keys.data(), n, filter);
  }
  bool KeyMayMatch(const ::leveldb::Slice& key, const ::leveldb::Slice& filter) const override {
    return users_.KeyMayMatch(ToSlice(UserKey(ToView(key))), filter);
  }

 private:
  const ::leveldb::FilterPolicy& users_;
};

/// A table file that is begun when there is something to write.
class TableWriter {
 public:
  TableWriter(const ::leveldb::Options& options, std::string path) : options_(options), path_(std::move(path)) {}
  ~TableWriter() {
    if (builder_ != nullptr) builder_->Abandon();
  }
  TableWriter(const TableWriter&) = delete;
  TableWriter& operator=(const TableWriter&) = delete;

  ::leveldb::Status Add(const std::string& key, const ::leveldb::Slice& value, TableFile* written) {
    if (builder_ == nullptr) {
      ::leveldb::WritableFile* file = nullptr;
      ::leveldb::Status status = options_.env->NewWritableFile(path_, &file);
      if (!status.ok()) return status;
      file_.reset(file);
      builder_ = std::make_unique<::leveldb::TableBuilder>(options_, file);
      written->smallest = key;
    }
    written->largest = key;
    builder_->Add(key, value);
    return builder_->status();
  }
  ::leveldb::Status Finish(TableFile* written) {
    if (builder_ == nullptr) return {};
    ::leveldb::Status status = builder_->Finish();
    written->bytes = builder_->FileSize();
    builder_.reset();
    if (status.ok()) status = file_->Close();
    return status;
  }

 private:
  const ::leveldb::Options options_;
  const std::string path_;
  std::unique_ptr<::leveldb::WritableFile> file_;
  std::unique_ptr<::leveldb::TableBuilder> builder_;
};

::leveldb::Status CopyMoves(::leveldb::Iterator& entries, const std::vector<KeyMove>& moves, TableWriter& writer,
                            TableFile* written) {
  std::string key;
  ::leveldb::Status status;
  for (const KeyMove& move : moves) {
    // Before all entries of that user key.
    for (entries.Seek(move.lower + std::string(kInternalSuffixBytes, '\xff')); status.ok() && entries.Valid();
         entries.Next()) {
      const ByteView old_key = ToView(entries.key());
      if (UserKey(old_key) >= move.upper) break;
      key.assign(move.new_prefix);
      key.append(old_key.substr(move.prefix.size()));
      status = writer.Add(key, entries.value(), written);
    }
    if (status.ok()) status = entries.status();
    if (!status.ok()) return status;
  }
  return writer.Finish(written);
}

}  // namespace

Status RewriteTable(const EngineSettings& settings, const std::string& from_path, const TableFile& from,
                    const std::vector<KeyMove>& moves, const std::string& to_path, TableFile* written) {
  const InternalOrder order;
  ::leveldb::Options options = settings.options;
  options.env = ::leveldb::Env::Default();
  options.comparator = &order;
  options.block_cache = nullptr;
  std::unique_ptr<const InternalFilter> filter;
  if (settings.filter != nullptr) filter = std::make_unique<InternalFilter>(*settings.filter);
  options.filter_policy = filter.get();

  ::leveldb::RandomAccessFile* opened = nullptr;
  ::leveldb::Status status = options.env->NewRandomAccessFile(from_path, &opened);
  if (!status.ok()) return FromLevelDb(status, "open '" + from_path + "'");
  const std::unique_ptr<::leveldb::RandomAccessFile> file(opened);
  ::leveldb::Table* table_opened = nullptr;
  status = ::leveldb::Table::Open(options, file.get(), from.bytes, &table_opened);
  if (!status.ok()) return FromLevelDb(status, "open '" + from_path + "'");
  const std::unique_ptr<::leveldb::Table> table(table_opened);
  ::leveldb::ReadOptions read_options;
  read_options.verify_checksums = true;
  const std::unique_ptr<::leveldb::Iterator> entries(table->NewIterator(read_options));

  TableWriter writer(options, to_path);
  return FromLevelDb(CopyMoves(*entries, moves, writer, written), "rewrite '" + from_path + "'");
}

}  // namespace kvstate::backends::leveldb
