// No test by itself, but a part of one that must include the engine's headers.

#include "backends/rocksdb/rocksdb_query_trace.h"

#include <rocksdb/convenience.h>
#include <rocksdb/db.h>
#include <rocksdb/merge_operator.h>
#include <rocksdb/options.h>
#include <rocksdb/trace_reader_writer.h>
#include <rocksdb/write_batch.h>

#include <algorithm>
#include <memory>
#include <utility>

namespace kvstate::backends::rocksdb {

namespace {

namespace engine = ::rocksdb;

class TracedDatabase {
 public:
  static Result<std::unique_ptr<TracedDatabase>> Open(const std::string& directory, uint32_t families);
  ~TracedDatabase();
  TracedDatabase(const TracedDatabase&) = delete;
  TracedDatabase& operator=(const TracedDatabase&) = delete;

  Status Trace(const std::string& path);
  Status Run(const TracedQuery& query);
  Status EndTrace();

 private:
  TracedDatabase() = default;
  engine::Status Write(const TracedQuery& query);
  engine::Status Seek(const TracedQuery& query);
  engine::Status Get(const TracedQuery& query);

  engine::DB* db_ = nullptr;
  std::vector<engine::ColumnFamilyHandle*> families_;
};

Status FromEngine(const engine::Status& status) { return status.ok() ? Status() : InternalError(status.ToString()); }

Result<std::unique_ptr<TracedDatabase>> TracedDatabase::Open(const std::string& directory, uint32_t families) {
  std::unique_ptr<TracedDatabase> made(new TracedDatabase);
  engine::Options options;
  options.create_if_missing = true;
  KVSTATE_RETURN_IF_ERROR(FromEngine(
      engine::MergeOperator::CreateFromString(engine::ConfigOptions(), "stringappend", &options.merge_operator)));
  KVSTATE_RETURN_IF_ERROR(FromEngine(engine::DB::Open(options, directory, &made->db_)));
  for (uint32_t i = 1; i < families; ++i) {
    engine::ColumnFamilyHandle* handle = nullptr;
    KVSTATE_RETURN_IF_ERROR(FromEngine(made->db_->CreateColumnFamily(options, std::to_string(i), &handle)));
    made->families_.push_back(handle);
  }
  made->families_.insert(made->families_.begin(), made->db_->DefaultColumnFamily());
  return made;
}

TracedDatabase::~TracedDatabase() {
  for (size_t i = 1; i < families_.size(); ++i) db_->DestroyColumnFamilyHandle(families_[i]);
  delete db_;
}

Status TracedDatabase::Trace(const std::string& path) {
  std::unique_ptr<engine::TraceWriter> writer;
  KVSTATE_RETURN_IF_ERROR(
      FromEngine(engine::NewFileTraceWriter(engine::Env::Default(), engine::EnvOptions(), path, &writer)));
  return FromEngine(db_->StartTrace(engine::TraceOptions(), std::move(writer)));
}

Status TracedDatabase::EndTrace() { return FromEngine(db_->EndTrace()); }

engine::Status TracedDatabase::Write(const TracedQuery& query) {
  engine::WriteBatch batch;
  engine::Status status;
  for (const TracedQuery::Step& step : query.steps) {
    engine::ColumnFamilyHandle* family = families_[step.family];
    switch (step.write) {
      case TracedQuery::Write::kPut:
        status = batch.Put(family, step.key, step.value);
        break;
      case TracedQuery::Write::kMerge:
        status = batch.Merge(family, step.key, step.value);
        break;
      case TracedQuery::Write::kDelete:
        status = batch.Delete(family, step.key);
        break;
      case TracedQuery::Write::kSingleDelete:
        status = batch.SingleDelete(family, step.key);
        break;
      case TracedQuery::Write::kDeleteRange:
        status = batch.DeleteRange(family, step.key, step.value);
        break;
      case TracedQuery::Write::kLogData:
        status = batch.PutLogData(step.value);
        break;
    }
    if (!status.ok()) return status;
  }
  return db_->Write(engine::WriteOptions(), &batch);
}

engine::Status TracedDatabase::Get(const TracedQuery& query) {
  if (query.steps.size() == 1) {
    engine::PinnableSlice value;
    return db_->Get(engine::ReadOptions(), families_[query.steps[0].family], query.steps[0].key, &value);
  }
  std::vector<engine::ColumnFamilyHandle*> families;
  std::vector<engine::Slice> keys;
  for (const TracedQuery::Step& step : query.steps) {
    families.push_back(families_[step.family]);
    keys.emplace_back(step.key);
  }
  std::vector<std::string> values;
  for (const engine::Status& status : db_->MultiGet(engine::ReadOptions(), families, keys, &values)) {
    if (!status.ok() && !status.IsNotFound()) return status;
  }
  return engine::Status::OK();
}

engine::Status TracedDatabase::Seek(const TracedQuery& query) {
  engine::ReadOptions options;
  const engine::Slice upper_bound = query.upper_bound;
  if (!query.upper_bound.empty()) options.iterate_upper_bound = &upper_bound;
  const std::unique_ptr<engine::Iterator> iterator(db_->NewIterator(options, families_[query.steps[0].family]));
  if (query.kind == TracedQuery::Kind::kSeek) {
    iterator->Seek(query.steps[0].key);
  } else {
    iterator->SeekForPrev(query.steps[0].key);
  }
  return iterator->status();
}

Status TracedDatabase::Run(const TracedQuery& query) {
  engine::Status status;
  if (query.kind == TracedQuery::Kind::kWrite) {
    status = Write(query);
  } else if (query.kind == TracedQuery::Kind::kGet) {
    status = Get(query);
  } else {
    status = Seek(query);
  }
  return status.IsNotFound() ? Status() : FromEngine(status);
}

}  // namespace

Status WriteQueryTrace(const std::string& directory, const std::string& trace_path,
                       const std::vector<TracedQuery>& queries) {
  uint32_t families = 1;
  for (const TracedQuery& query : queries) {
    for (const TracedQuery::Step& step : query.steps) families = std::max(families, step.family + 1);
  }
  KVSTATE_ASSIGN_OR_RETURN(const auto database, TracedDatabase::Open(directory, families));
  KVSTATE_RETURN_IF_ERROR(database->Trace(trace_path));
  for (const TracedQuery& query : queries) KVSTATE_RETURN_IF_ERROR(database->Run(query));
  return database->EndTrace();
}

}  // namespace kvstate::backends::rocksdb
