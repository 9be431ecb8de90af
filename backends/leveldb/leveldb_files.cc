#include "backends/leveldb/leveldb_files.h"

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>

#include "backends/common/file_error.h"
#include "backends/embedded/linked_files.h"

namespace kvstate::backends::leveldb {

namespace {

constexpr std::string_view kCurrent = "CURRENT";
constexpr std::string_view kManifest = "MANIFEST-000001";

Result<std::string> ReadWhole(const std::string& path) {
  errno = 0;
  std::ifstream in(path, std::ios::binary);
  std::string bytes{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  if (!in) return FileError("cannot read", path, errno);
  return bytes;
}

Status WriteWhole(const std::string& path, std::string_view bytes) {
  errno = 0;
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  out.close();
  return out ? Status() : FileError("cannot write", path, errno);
}

/// What `directory` says that it is, whether or not the files are there.
Result<Manifest> ReadManifest(const std::string& directory) {
  KVSTATE_ASSIGN_OR_RETURN(std::string current, ReadWhole(directory + "/" + std::string(kCurrent)));
  if (!current.starts_with("MANIFEST-") || current.back() != '\n' || current.find('/') != std::string::npos) {
    return DataLossError("the file CURRENT of a LevelDB in '" + directory + "' names no MANIFEST");
  }
  current.pop_back();
  KVSTATE_ASSIGN_OR_RETURN(const std::string bytes, ReadWhole(directory + "/" + current));
  return ParseManifest(bytes);
}

std::string CurrentContents() { return std::string(kManifest) + "\n"; }

Status LinkAll(const std::string& database, LinkedFiles* linked) {
  KVSTATE_ASSIGN_OR_RETURN(const Manifest manifest, ReadManifest(database));
  for (const TableFile& file : manifest.files) {
    const std::string name = TableFileName(file.number);
    KVSTATE_RETURN_IF_ERROR(linked->Link(database + "/" + name, name));
  }
  KVSTATE_RETURN_IF_ERROR(linked->Write(std::string(kManifest), EncodeManifest(manifest)));
  return linked->Write(std::string(kCurrent), CurrentContents());
}

}  // namespace

Result<std::unique_ptr<StoreFiles>> LinkLiveFiles(StoreEnv& env, const std::string& database,
                                                  const std::string& links) {
  KVSTATE_ASSIGN_OR_RETURN(std::unique_ptr<LinkedFiles> linked, LinkedFiles::Make(links));
  // LevelDB writes that a file is no longer live before it removes it. So none is removed that is live in what is read
  // of the MANIFEST after this; edits that follow meanwhile are none of ours.
  env.HoldDeletions();
  const Status status = LinkAll(database, linked.get());
  env.ReleaseDeletions();
  KVSTATE_RETURN_IF_ERROR(status);
  return std::unique_ptr<StoreFiles>(std::move(linked));
}

Result<Manifest> ReadVersion(const std::string& directory) {
  auto manifest = ReadManifest(directory);
  if (!manifest.ok()) return DataLossError(std::string(manifest.status().message()));
  for (const TableFile& file : manifest->files) {
    const std::string path = directory + "/" + TableFileName(file.number);
    std::error_code error;
    const uint64_t bytes = std::filesystem::file_size(path, error);
    if (error) return DataLossError("LevelDB's file '" + path + "': " + error.message());
    if (bytes != file.bytes) {
      return DataLossError("LevelDB's file '" + path + "' has " + std::to_string(bytes) + " bytes, not " +
                           std::to_string(file.bytes));
    }
  }
  return manifest;
}

Status WriteVersion(const std::string& directory, const Manifest& manifest) {
  KVSTATE_RETURN_IF_ERROR(WriteWhole(directory + "/" + std::string(kManifest), EncodeManifest(manifest)));
  return WriteWhole(directory + "/" + std::string(kCurrent), CurrentContents());
}

}  // namespace kvstate::backends::leveldb
