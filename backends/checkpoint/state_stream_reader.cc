#include <utility>

#include "backends/checkpoint/state_stream.h"
#include "backends/checkpoint/state_stream_file.h"

namespace kvstate::backends {

struct StateStreamReader::Impl {
  std::unique_ptr<StateStreamFile> file;
};

StateStreamReader::StateStreamReader(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

StateStreamReader::~StateStreamReader() = default;

Result<std::unique_ptr<StateStreamReader>> StateStreamReader::Open(CheckpointStorage& storage, const StoredFile& file,
                                                                   const CancelFlag* cancelled) {
  auto impl = std::make_unique<Impl>();
  KVSTATE_ASSIGN_OR_RETURN(impl->file, StateStreamFile::Open(storage, file, cancelled));
  return std::unique_ptr<StateStreamReader>(new StateStreamReader(std::move(impl)));
}

const StreamHeader& StateStreamReader::header() const { return impl_->file->header(); }

uint64_t StateStreamReader::entries() const { return impl_->file->entries(); }

Status StateStreamReader::ForEach(uint32_t key_group,
                                  const std::function<Status(uint32_t state, const StreamEntry& entry)>& visit) {
  for (const StreamRun& run : impl_->file->RunsOf(key_group)) {
    StreamRunReader entries(*impl_->file, run);
    StreamEntry entry;
    for (;;) {
      KVSTATE_ASSIGN_OR_RETURN(const bool more, entries.Next(&entry));
      if (!more) break;
      KVSTATE_RETURN_IF_ERROR(visit(run.state, entry));
    }
  }
  return Status();
}

}  // namespace kvstate::backends
