#include "backends/embedded/linked_files.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <system_error>
#include <utility>

#include "backends/common/working_directory.h"

namespace kvstate::backends {

Result<std::unique_ptr<LinkedFiles>> LinkedFiles::Make(std::string directory) {
  if (mkdir(directory.c_str(), 0777) != 0) return FileError("cannot create directory", directory, errno);
  return std::unique_ptr<LinkedFiles>(new LinkedFiles(std::move(directory)));
}

LinkedFiles::~LinkedFiles() {
  std::error_code ignored;  // What is left goes with the engine's directory.
  std::filesystem::remove_all(directory_, ignored);
}

void LinkedFiles::Add(const std::string& name, uint64_t bytes, bool immutable) {
  files_.push_back({name, PathOf(name), bytes, immutable});
}

Status LinkedFiles::Link(const std::string& path, const std::string& name) {
  const std::string target = PathOf(name);
  struct stat info {};
  if (link(path.c_str(), target.c_str()) != 0) return FileError("cannot make a hard link to", path, errno);
  if (stat(target.c_str(), &info) != 0) return FileError("cannot read the size of", target, errno);
  Add(name, static_cast<uint64_t>(info.st_size), /*immutable=*/true);
  return Status();
}

Status LinkedFiles::Copy(const std::string& path, const std::string& name, uint64_t bytes) {
  std::ifstream in(path, std::ios::binary);
  std::string contents(bytes, '\0');
  errno = 0;
  if (!in.read(contents.data(), static_cast<std::streamsize>(bytes))) return FileError("cannot read", path, errno);
  return Write(name, contents);
}

Status LinkedFiles::Write(const std::string& name, std::string_view contents) {
  const std::string target = PathOf(name);
  errno = 0;
  std::ofstream out(target, std::ios::binary | std::ios::trunc);
  out.write(contents.data(), static_cast<std::streamsize>(contents.size()));
  out.close();
  if (!out) return FileError("cannot write", target, errno);
  Add(name, contents.size(), /*immutable=*/false);
  return Status();
}

Status MoveFiles(const std::string& from, const std::string& to) {
  std::error_code error;
  std::vector<std::string> names;
  for (std::filesystem::directory_iterator entry(from, error), end; !error && entry != end; entry.increment(error)) {
    names.push_back(entry->path().filename().string());
  }
  if (error) return FileError("cannot list", from, error.value());
  for (const std::string& name : names) {
    const std::string path = from + "/" + name;
    if (std::rename(path.c_str(), (to + "/" + name).c_str()) != 0) {
      return FileError("cannot move into '" + to + "'", path, errno);
    }
  }
  return Status();
}

Status CheckRoomForFlush(const std::string& directory, std::string_view engine, uint64_t bytes) {
  std::error_code error;
  const std::filesystem::space_info space = std::filesystem::space(directory, error);
  if (error || space.available >= bytes) return Status();
  return ResourceExhaustedError("the file system of '" + directory + "' has " + std::to_string(space.available) +
                                " bytes left, and " + std::string(engine) + " up to " + std::to_string(bytes) +
                                " in memory to flush; free space, and take another snapshot");
}

}  // namespace kvstate::backends
