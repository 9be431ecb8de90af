#include "backends/rocksdb/rocksdb_files.h"

#include <rocksdb/metadata.h>

#include <utility>
#include <vector>

#include "backends/embedded/linked_files.h"
#include "backends/rocksdb/rocksdb_status.h"

namespace kvstate::backends::rocksdb {

namespace {

bool IsImmutable(const ::rocksdb::LiveFileStorageInfo& file) {
  return file.file_type == ::rocksdb::kTableFile || file.file_type == ::rocksdb::kBlobFile;
}

/// Whether RocksDB can be opened without it: its log is empty, and its options are given anew.
bool IsNeedless(const ::rocksdb::LiveFileStorageInfo& file) {
  return file.file_type == ::rocksdb::kWalFile || file.file_type == ::rocksdb::kOptionsFile;
}

::rocksdb::Status FlushAndList(::rocksdb::DB& db, std::vector<::rocksdb::LiveFileStorageInfo>* files) {
  const ::rocksdb::LiveFilesStorageInfoOptions flush_always;
  ::rocksdb::Status status = db.GetLiveFilesStorageInfo(flush_always, files);
  // After a full disk RocksDB goes on only when told to; there may be room again.
  if (IsOutOfSpace(status) && db.Resume().ok()) status = db.GetLiveFilesStorageInfo(flush_always, files);
  return status;
}

}  // namespace

Result<std::unique_ptr<StoreFiles>> LinkLiveFiles(::rocksdb::DB& db, const std::string& directory) {
  KVSTATE_ASSIGN_OR_RETURN(std::unique_ptr<LinkedFiles> linked, LinkedFiles::Make(directory));
  ::rocksdb::Status status = db.DisableFileDeletions();
  if (!status.ok()) return FromRocksDb(status, "hold back deletions");
  std::vector<::rocksdb::LiveFileStorageInfo> files;
  Status outcome = FromRocksDb(FlushAndList(db, &files), "flush");
  for (const ::rocksdb::LiveFileStorageInfo& file : files) {
    if (!outcome.ok()) break;
    if (IsNeedless(file)) continue;
    const std::string path = file.directory + "/" + file.relative_filename;
    if (IsImmutable(file)) {
      outcome = linked->Link(path, file.relative_filename);
    } else if (!file.replacement_contents.empty()) {
      outcome = linked->Write(file.relative_filename, file.replacement_contents);
    } else {
      outcome = linked->Copy(path, file.relative_filename, file.size);
    }
  }
  status = db.EnableFileDeletions(/*force=*/false);
  KVSTATE_RETURN_IF_ERROR(outcome);
  if (!status.ok()) return FromRocksDb(status, "allow deletions again");
  return std::unique_ptr<StoreFiles>(std::move(linked));
}

}  // namespace kvstate::backends::rocksdb
