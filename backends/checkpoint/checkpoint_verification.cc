#include <string>
#include <string_view>

#include "backends/checkpoint/checkpoint_layout.h"
#include "backends/checkpoint/stored_file.h"
#include "kvstate/checkpoint_store.h"
#include "kvstate/extension.h"

namespace kvstate {
inline namespace v1 {

Result<CheckpointMetadata> ReadCheckpointMetadata(CheckpointStorage& storage, std::string_view folder) {
  const std::string path = std::string(folder).append("/").append(backends::kMetadataName);
  const std::string named = "'" + path + "' in " + std::string(storage.location());
  KVSTATE_ASSIGN_OR_RETURN(const auto reader, storage.Open(path));
  std::string bytes;
  KVSTATE_RETURN_IF_ERROR(reader->Read(0, static_cast<size_t>(reader->size()), &bytes));
  auto metadata = DecodeCheckpointMetadata(bytes);
  if (!metadata.ok()) return metadata.status().WithContext(named);
  const std::string expected = CheckpointFolder(metadata->kind, metadata->checkpoint_id);
  if (folder == expected) return metadata;
  return DataLossError(named + " are those of '" + expected + "': they have been copied or moved");
}

Status VerifyCheckpoint(CheckpointStorage& storage, const CheckpointMetadata& metadata) {
  auto* const copies = GetExtension<NearCopies>(storage);
  CheckpointStorage& verified = copies == nullptr ? storage : copies->durable();
  for (const SnapshotFile& file : FilesOf(metadata)) {
    KVSTATE_RETURN_IF_ERROR(backends::OpenVerified(verified, file.file, nullptr).status());
  }
  return Status();
}

}  // namespace v1
}  // namespace kvstate
