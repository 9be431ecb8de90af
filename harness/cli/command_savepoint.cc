#include "harness/cli/command_savepoint.h"

#include <algorithm>
#include <memory>
#include <string_view>
#include <utility>

#include "harness/report/progress.h"
#include "harness/run/suite.h"
#include "harness/run/work_directory.h"
#include "harness/savepoint/snapshot_catalog.h"
#include "harness/savepoint/snapshot_converter.h"
#include "harness/savepoint/snapshot_dump.h"
#include "harness/savepoint/snapshot_listing.h"
#include "harness/savepoint/snapshot_verification.h"

namespace kvstate::cli {

namespace {

using harness::SnapshotLocation;

int FailOf(const Console& console, const Status& status) {
  return console.Fail(status, status.code() == StatusCode::kInvalidArgument ? kExitUsage : kExitFailed);
}

int Finish(const Console& console, int code) {
  console.out.flush();
  return console.out ? code : kExitFailed;
}

std::string ShortSize(const CheckpointMetadata& metadata) {
  const harness::SnapshotSize size = harness::SizeOf(metadata);
  return std::to_string(size.files) + " files, " + harness::ShortBytes(static_cast<double>(size.bytes));
}

int List(const SnapshotLocation& location, const SavepointOptions& options, const Console& console) {
  if (location.folder.has_value()) {
    return console.Fail(InvalidArgumentError("list takes a storage directory; for one of its folders there is 'kvstate "
                                             "savepoint info'"),
                        kExitUsage);
  }
  const auto catalog = harness::ReadCatalog(location);
  if (!catalog.ok()) return FailOf(console, catalog.status());
  console.out << (options.json ? harness::CatalogJson(*catalog) : harness::CatalogText(*catalog, console.style));
  const bool sound = std::all_of(catalog->begin(), catalog->end(), [](const auto& s) { return s.metadata.ok(); });
  return Finish(console, sound ? kExitGood : kExitFailed);
}

int Info(const SnapshotLocation& location, const SavepointOptions& options, const Console& console) {
  const auto metadata = harness::ReadSnapshot(location);
  if (!metadata.ok()) return FailOf(console, metadata.status());
  const auto catalog = harness::ReadCatalog(location);
  if (!catalog.ok()) return FailOf(console, catalog.status());
  console.out << (options.json ? harness::SnapshotJson(*metadata, *catalog)
                               : harness::SnapshotText(*metadata, *catalog));
  return Finish(console, kExitGood);
}

int Verify(const SnapshotLocation& location, const Console& console) {
  auto catalog = harness::ReadCatalog(location);
  if (location.folder.has_value()) {
    // One that has no _metadata is not in the catalogue, and has something to say about that.
    auto metadata = harness::ReadSnapshot(location);
    if (metadata.status().code() == StatusCode::kNotFound) return console.Fail(metadata.status());
    catalog = std::vector<harness::CataloguedSnapshot>{{*location.folder, std::move(metadata)}};
  }
  if (!catalog.ok()) return FailOf(console, catalog.status());
  harness::Progress progress(console.progress);
  progress.SetSteps(catalog->size());
  int code = kExitGood;
  for (const harness::CataloguedSnapshot& snapshot : *catalog) {
    progress.BeginStep("verifying " + snapshot.folder);
    const auto verdict = harness::VerifySnapshot(location, snapshot, console.stopped,
                                                 [&](uint64_t done, uint64_t total) { progress.Update(done, total); });
    progress.Clear();
    if (!verdict.ok()) return console.Fail(verdict.status());
    for (const Status& failure : verdict->failures) code = console.Fail(failure.WithContext(verdict->folder));
    if (!verdict->failures.empty()) continue;
    console.out << verdict->folder << ": sound; " << verdict->files << " files, "
                << harness::ShortBytes(static_cast<double>(verdict->bytes));
    if (verdict->entries > 0) console.out << ", " << verdict->entries << " entries";
    console.out << "\n";
  }
  return Finish(console, code);
}

/// What Convert and Dump of an engine's own format need: a work directory, and a converter over it.
struct Conversion {
  explicit Conversion(const Console& console) : progress(console.progress) {}

  Status Open(const SnapshotLocation& location, const CheckpointMetadata& metadata, const SavepointOptions& options,
              const Console& console) {
    KVSTATE_ASSIGN_OR_RETURN(const harness::ReduceFunctions functions, harness::ParseReduceFunctions(options.reduce));
    const std::string& parent = options.directory.empty() ? console.temporary_directory : options.directory;
    KVSTATE_ASSIGN_OR_RETURN(directory, harness::WorkDirectory::Create(parent));
    KVSTATE_ASSIGN_OR_RETURN(
        converter,
        harness::SnapshotConverter::Create(
            {.registry = console.registry, .directory = *directory, .progress = progress, .stopped = console.stopped},
            location.storage, metadata, functions));
    return Status();
  }

  harness::Progress progress;
  std::unique_ptr<harness::WorkDirectory> directory;
  std::unique_ptr<harness::SnapshotConverter> converter;
};

Status CheckTarget(const SavepointOptions& options, const Console& console) {
  const std::string names = harness::JoinList(console.registry.Names());
  if (options.to.empty()) return InvalidArgumentError("--to is missing: savepoint, or one of " + names);
  if (options.out.empty()) return InvalidArgumentError("--out is missing: the directory to make");
  if (options.to != harness::kToSavepoint && !console.registry.Find(options.to).ok()) {
    return InvalidArgumentError("--to: '" + options.to + "' is neither savepoint nor one of " + names);
  }
  return Status();
}

int Convert(const SnapshotLocation& location, const SavepointOptions& options, const Console& console) {
  const Status target = CheckTarget(options, console);
  if (!target.ok()) return console.Fail(target, kExitUsage);
  const auto metadata = harness::ReadSnapshot(location);
  if (!metadata.ok()) return FailOf(console, metadata.status());
  Conversion conversion(console);
  const Status opened = conversion.Open(location, *metadata, options, console);
  if (!opened.ok()) return FailOf(console, opened);
  const auto written = harness::ConvertSnapshot(
      *conversion.converter, *metadata,
      {.to = options.to, .out = options.out, .parallelism = options.parallelism, .compress = options.compress});
  conversion.progress.Clear();
  if (!written.ok()) return FailOf(console, written.status());
  console.out << options.out << "/" << CheckpointFolder(written->kind, written->checkpoint_id) << ": "
              << SnapshotKindName(written->kind);
  if (!written->handles.empty()) console.out << " of " << written->handles.front().backend;
  console.out << ", " << written->handles.size() << " handles, " << ShortSize(*written) << "\n";
  return Finish(console, kExitGood);
}

int Dump(const SnapshotLocation& location, const SavepointOptions& options, const Console& console) {
  harness::DumpOptions dump{.states = options.states, .key_groups = {}, .limit = options.limit};
  if (!options.key_groups.empty()) {
    const auto range = harness::ParseKeyGroups(options.key_groups);
    if (!range.ok()) return console.Fail(range.status(), kExitUsage);
    dump.key_groups = *range;
  }
  const auto metadata = harness::ReadSnapshot(location);
  if (!metadata.ok()) return FailOf(console, metadata.status());
  Conversion conversion(console);
  const auto is_own = [](const KeyedStateHandle& handle) { return handle.format != kStateStreamFormat; };
  if (std::any_of(metadata->handles.begin(), metadata->handles.end(), is_own)) {
    const Status opened = conversion.Open(location, *metadata, options, console);
    if (!opened.ok()) return FailOf(console, opened);
  }
  const Status status =
      harness::DumpSnapshot(conversion.converter.get(), location, *metadata, dump, console.stopped, console.out);
  conversion.progress.Clear();
  // Who reads a pipe and has enough closes it: no reason for a message.
  if (status.code() == StatusCode::kUnavailable && !console.out) return kExitFailed;
  return status.ok() ? Finish(console, kExitGood) : FailOf(console, status);
}

}  // namespace

std::vector<CommandSpec> SavepointCommands() {
  return {{"savepoint list", "DIR", "Lists the checkpoints and savepoints in a storage directory.", {"json"}},
          {"savepoint info",
           "PATH",
           "Shows all that a checkpoint or savepoint (DIR/chk-7) says of itself: states, types, files.",
           {"json"}},
          {"savepoint verify", "PATH", "Reads everything of one, or of all in DIR, and names what is damaged.", {}},
          {"savepoint convert",
           "PATH",
           "Writes one anew: as a savepoint, or as another backend's checkpoint.",
           {"to", "out", "parallelism", "compress", "reduce", "directory"}},
          {"savepoint dump",
           "PATH",
           "Prints its entries as JSON, a line each.",
           {"states", "key_groups", "limit", "reduce", "directory"}}};
}

int SavepointCommand(std::string_view name, const SavepointOptions& options, const Console& console) {
  if (options.paths.size() != 1) {
    return console.Fail(InvalidArgumentError("kvstate " + std::string(name) + " takes one path, such as DIR or DIR/" +
                                             CheckpointFolder(SnapshotKind::kFullCheckpoint, 7)),
                        kExitUsage);
  }
  const auto location = harness::FindSnapshots(options.paths.front());
  if (!location.ok()) return FailOf(console, location.status());
  if (name == "savepoint list") return List(*location, options, console);
  if (name == "savepoint info") return Info(*location, options, console);
  if (name == "savepoint verify") return Verify(*location, console);
  if (name == "savepoint convert") return Convert(*location, options, console);
  return Dump(*location, options, console);
}

}  // namespace kvstate::cli
