#ifndef KVSTATE_HARNESS_IMPORT_ROCKSDB_TRACE_READER_H_
#define KVSTATE_HARNESS_IMPORT_ROCKSDB_TRACE_READER_H_

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "harness/import/access_reader.h"
#include "kvstate/bytes.h"
#include "kvstate/status.h"

namespace kvstate::harness {

/// A trace of queries, as RocksDB's DB::StartTrace writes it, of the versions 0.1 and 0.2. Numbers are little-endian:
///
///   record  = 8 bytes of microseconds, 1 byte of type, 4 bytes of the payload's length, payload
///   first   = type 1; "feedcafedeadbeef", a tab, "Trace Version: 0.2", a tab, and more
///   last    = type 2
///   types   = 3 write batch, 4 get, 5 seek, 6 seek for prev, 13 multi-get; of others accesses have no record here
///   payload = of version 0.2: 8 bytes, bit n of which says that member n follows; members in the order of their bits
///
/// A column family is a store, named `default` or `column_family_<id>`: names are not in a trace. A file that is cut
/// short, and a record whose type is none, end the reading even where what is bad is passed over.
class RocksDBTraceReader final : public AccessReader {
 public:
  /// Reads the header. INVALID_ARGUMENT when the file is no such trace or of another version. `seek_steps`: of the
  /// iterators, whose steps are not in a trace.
  static Result<std::unique_ptr<AccessReader>> Open(std::unique_ptr<InputFile> file, uint64_t seek_steps,
                                                    bool skip_bad_rows);

  static constexpr size_t kMaxRecordBytes = size_t{1} << 30;

 private:
  class Cursor;
  enum class Type : uint8_t {
    kBegin = 1,
    kEnd = 2,
    kWrite = 3,
    kGet = 4,
    kSeek = 5,
    kSeekForPrev = 6,
    kMultiGet = 13,
    kLast = kMultiGet,
  };
  enum class Read { kRecord, kEnd, kLost };

  RocksDBTraceReader(std::unique_ptr<InputFile> file, uint64_t seek_steps, bool skip_bad_rows)
      : AccessReader(std::move(file), skip_bad_rows), seek_steps_(seek_steps) {}
  Status ReadHeader();
  Result<bool> ReadOn(std::vector<StoreAccess>* accesses) override;
  /// The next record into type_, time_ms_ and payload_; kLost, and a complaint, when what follows can not be told
  /// apart.
  Result<Read> ReadRecord(std::string* complaint);
  Result<bool> TakeEnd();
  /// Empty, or what is wrong with the record.
  std::string TakeRecord(std::vector<StoreAccess>* accesses);
  std::string TakeGet(Cursor payload, std::vector<StoreAccess>* accesses);
  std::string TakeSeek(Cursor payload, std::vector<StoreAccess>* accesses);
  std::string BeginWriteBatch(Cursor payload);
  std::string BeginMultiGet(Cursor payload);
  /// Go on with what has begun: some accesses at a time, since a record may have very many.
  std::string TakeOfWriteBatch(std::vector<StoreAccess>* accesses);
  std::string TakeOfMultiGet(std::vector<StoreAccess>* accesses);
  std::string TakeWrite(std::vector<StoreAccess>* accesses);
  void Drop();
  StoreAccess Access(StoreAccess::Kind kind, uint32_t family, ByteView key);
  /// Such as " at offset 17", of the record.
  std::string Where() const { return " at offset " + std::to_string(record_offset_); }

  const uint64_t seek_steps_;
  bool has_payload_map_ = true;
  bool ended_ = false;
  uint64_t record_offset_ = 0;
  std::string head_;
  Type type_ = Type::kBegin;
  int64_t time_ms_ = 0;
  std::string payload_;
  ByteView batch_;  ///< Of a write batch, what is left of it.
  uint32_t batch_writes_left_ = 0;
  ByteView multi_get_families_;
  ByteView multi_get_keys_;
  uint32_t multi_gets_left_ = 0;
  std::map<uint32_t, std::string> names_;  ///< Of column families.
};

}  // namespace kvstate::harness

#endif  // KVSTATE_HARNESS_IMPORT_ROCKSDB_TRACE_READER_H_
