#include "backends/checkpoint/part_file.h"

#include <cassert>
#include <utility>

#include "kvstate/extension.h"

#define XXH_STATIC_LINKING_ONLY
#include <xxhash.h>

namespace kvstate::backends {

namespace {

// docs/formats.md, "Part files".
constexpr ByteView kMagic = "KVSTPART";
constexpr uint32_t kVersion = 1;
constexpr size_t kStartBytes = 12;   // Magic and version.
constexpr size_t kFooterBytes = 16;  // Where the index begins, and its checksum.

uint64_t ChecksumOf(ByteView bytes) { return XXH3_64bits(bytes.data(), bytes.size()); }

/// Of the index together with what else is not in a part.
uint64_t IndexChecksum(ByteView start, uint64_t index_offset, ByteView index) {
  ByteWriter seed;
  seed.PutBytes(start);
  seed.PutFixed64(index_offset);
  return XXH3_64bits_withSeed(index.data(), index.size(), ChecksumOf(seed.view()));
}

void WriteIndex(const PartFileOwner& owner, const std::vector<Part>& parts, ByteWriter& out) {
  out.PutByte(static_cast<uint8_t>(owner.kind));
  out.PutVarint(owner.checkpoint_id);
  out.PutLengthPrefixed(owner.operator_name);
  out.PutVarint(owner.first);
  out.PutVarint(owner.second);
  out.PutVarint(parts.size());
  uint64_t last_id = 0;
  for (const Part& part : parts) {
    out.PutVarint(part.id - last_id);
    out.PutVarint(part.entries);
    out.PutVarint(part.bytes);
    out.PutFixed64(part.checksum);
    last_id = part.id;
  }
}

Status ReadOwner(ByteReader& in, PartFileOwner* owner) {
  uint8_t kind = 0;
  uint64_t first = 0;
  uint64_t second = 0;
  ByteView name;
  if (!in.ReadByte(&kind) || !in.ReadVarint(&owner->checkpoint_id) || !in.ReadLengthPrefixed(&name) ||
      !in.ReadVarint(&first) || !in.ReadVarint(&second) || first > UINT32_MAX || second > UINT32_MAX) {
    return in.Malformed("whose parts these are");
  }
  owner->kind = static_cast<PartFileKind>(kind);
  owner->operator_name = name;
  owner->first = static_cast<uint32_t>(first);
  owner->second = static_cast<uint32_t>(second);
  return Status();
}

/// The parts, which fill what is between the start and `end`.
Status ReadParts(ByteReader& in, uint64_t end, std::vector<Part>* parts) {
  uint64_t count = 0;
  if (!in.ReadVarint(&count)) return in.Malformed("count of parts");
  Part part{.offset = kStartBytes};
  for (uint64_t i = 0; i < count; ++i) {
    part.offset += part.bytes;
    uint64_t step = 0;
    if (!in.ReadVarint(&step) || step > UINT64_MAX - part.id || !in.ReadVarint(&part.entries) ||
        !in.ReadVarint(&part.bytes) || !in.ReadFixed64(&part.checksum)) {
      return in.Malformed("a part");
    }
    if (part.bytes > end - part.offset) return in.Malformed("a part within the file");
    part.id += step;
    parts->push_back(part);
  }
  if (!in.AtEnd()) return in.Malformed("end of the index");
  if (part.offset + part.bytes != end) return in.Malformed("parts that fill the file");
  return Status();
}

}  // namespace

Result<std::unique_ptr<PartFileWriter>> PartFileWriter::Create(CheckpointStorage& storage, std::string path,
                                                               const PartFileOwner& owner) {
  KVSTATE_ASSIGN_OR_RETURN(auto file, StoredFileWriter::Create(storage, std::move(path)));
  std::unique_ptr<PartFileWriter> writer(new PartFileWriter(std::move(file)));
  writer->owner_ = owner;
  ByteWriter start;
  start.PutBytes(kMagic);
  start.PutFixed32(kVersion);
  writer->start_ = start.view();
  KVSTATE_RETURN_IF_ERROR(writer->file_->Append(writer->start_));
  return writer;
}

Status PartFileWriter::Add(uint64_t id, uint64_t entries, ByteView bytes) {
  assert(parts_.empty() || parts_.back().id <= id);
  parts_.push_back({id, entries, bytes.size(), ChecksumOf(bytes), file_->bytes()});
  if (bytes.empty()) return Status();
  return file_->Append(bytes);
}

Result<StoredFile> PartFileWriter::Finish() {
  ByteWriter index;
  WriteIndex(owner_, parts_, index);
  const uint64_t index_offset = file_->bytes();
  const uint64_t checksum = IndexChecksum(start_, index_offset, index.view());
  index.PutFixed64(index_offset);
  index.PutFixed64(checksum);
  KVSTATE_RETURN_IF_ERROR(file_->Append(index.view()));
  return file_->Close();
}

Result<PartFileReader::Source> PartFileReader::OpenIn(CheckpointStorage& storage) const {
  Source source;
  source.name = "'" + file_.path + "' in " + std::string(storage.location());
  auto opened = storage.Open(file_.path);
  if (opened.status().code() == StatusCode::kNotFound) return DataLossError(source.name + " is missing");
  KVSTATE_RETURN_IF_ERROR(opened.status());
  source.reader = std::move(opened).value();
  const uint64_t size = source.reader->size();
  if (size != file_.bytes || size < kStartBytes + kFooterBytes) {
    return DataLossError(source.name + " has " + std::to_string(size) + " bytes, not the " +
                         std::to_string(file_.bytes) + " that were written");
  }
  std::string start;
  std::string end;
  KVSTATE_RETURN_IF_ERROR(source.reader->Read(0, kStartBytes, &start));
  KVSTATE_RETURN_IF_ERROR(source.reader->Read(size - kFooterBytes, kFooterBytes, &end));
  if (!start.starts_with(kMagic)) return DataLossError(source.name + " is no part file, or damaged at its start");
  ByteReader footer(end);
  uint64_t index_offset = 0;
  uint64_t checksum = 0;
  if (!footer.ReadFixed64(&index_offset) || !footer.ReadFixed64(&checksum)) return footer.Malformed("footer");
  if (index_offset < kStartBytes || index_offset > size - kFooterBytes) {
    return DataLossError(source.name + " is damaged: its index would begin at byte " + std::to_string(index_offset));
  }
  std::string index;
  KVSTATE_RETURN_IF_ERROR(
      source.reader->Read(index_offset, static_cast<size_t>(size - kFooterBytes - index_offset), &index));
  if (checksum != IndexChecksum(start, index_offset, index)) {
    return DataLossError(source.name + " is damaged: its index does not fit its checksum");
  }
  ByteReader version_bytes(ByteView(start).substr(kMagic.size()));
  uint32_t version = 0;
  if (!version_bytes.ReadFixed32(&version)) return version_bytes.Malformed("version");
  if (version > kVersion) {
    return UnimplementedError(source.name + " has format version " + std::to_string(version) +
                              ", and this library reads versions up to " + std::to_string(kVersion) +
                              "; use the one that wrote it, or a newer one");
  }
  if (version == 0) return DataLossError(source.name + " has format version 0, which there never was");
  ByteReader in(index);
  PartFileOwner owner;
  KVSTATE_RETURN_IF_ERROR(ReadOwner(in, &owner).WithContext(source.name));
  if (owner != owner_) {
    return DataLossError(source.name + " is of operator '" + owner.operator_name + "', checkpoint " +
                         std::to_string(owner.checkpoint_id) + ", and not the file that was written there");
  }
  KVSTATE_RETURN_IF_ERROR(ReadParts(in, index_offset, &source.parts).WithContext(source.name));
  return source;
}

Result<std::unique_ptr<PartFileReader>> PartFileReader::Open(CheckpointStorage& storage, const StoredFile& file,
                                                             const PartFileOwner& owner) {
  std::unique_ptr<PartFileReader> reader(new PartFileReader(file, owner));
  reader->near_ = GetExtension<NearCopies>(storage);
  if (reader->near_ != nullptr) {
    auto near = reader->OpenIn(reader->near_->near());
    if (near.ok()) {
      reader->source_ = std::move(near).value();
      return reader;
    }
    reader->near_->ReplacedByDurable(file.path, near.status());
  }
  CheckpointStorage& durable = reader->near_ == nullptr ? storage : reader->near_->durable();
  reader->near_ = nullptr;
  KVSTATE_ASSIGN_OR_RETURN(reader->source_, reader->OpenIn(durable));
  return reader;
}

Status PartFileReader::ReadFrom(const Source& source, const Part& part, std::string* bytes) {
  bytes->clear();
  if (part.bytes != 0) {
    KVSTATE_RETURN_IF_ERROR(source.reader->Read(part.offset, static_cast<size_t>(part.bytes), bytes));
  }
  if (ChecksumOf(*bytes) == part.checksum) return Status();
  return DataLossError(source.name + " is damaged: the " + std::to_string(part.bytes) + " bytes at byte " +
                       std::to_string(part.offset) + " do not fit their checksum");
}

Status PartFileReader::Read(const Part& part, std::string* bytes) {
  Status status = ReadFrom(source_, part, bytes);
  if (status.ok() || near_ == nullptr) return status;
  near_->ReplacedByDurable(file_.path, status);
  KVSTATE_ASSIGN_OR_RETURN(Source durable, OpenIn(near_->durable()));
  // The caller goes by the parts that there were, and `part` is one of them.
  if (durable.parts != source_.parts) return DataLossError(durable.name + " differs from its near copy");
  near_ = nullptr;
  source_.reader = std::move(durable.reader);
  source_.name = std::move(durable.name);
  return ReadFrom(source_, part, bytes);
}

Status PartFileReader::Damaged(std::string_view what) const {
  return DataLossError(source_.name + " is damaged: " + std::string(what));
}

}  // namespace kvstate::backends
