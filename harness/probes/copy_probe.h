#ifndef KVSTATE_HARNESS_PROBES_COPY_PROBE_H_
#define KVSTATE_HARNESS_PROBES_COPY_PROBE_H_

#include <cstdint>
#include <functional>
#include <string>

#include "kvstate/status.h"

namespace kvstate::harness {

/// How long a disk takes for so many bytes, to hold other times against: nanoseconds of creating a file, writing
/// `bytes` that do not compress, syncing and closing it. The file is at `path`, which must be free, and gone
/// afterwards.
Result<uint64_t> TimeToWrite(const std::string& path, uint64_t bytes, const std::function<bool()>& stopped);

}  // namespace kvstate::harness

#endif  // KVSTATE_HARNESS_PROBES_COPY_PROBE_H_
