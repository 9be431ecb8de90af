#ifndef KVSTATE_TESTS_UNIT_WORKLOADS_OPERATOR_TESTING_H_
#define KVSTATE_TESTS_UNIT_WORKLOADS_OPERATOR_TESTING_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "kvstate/bytes.h"
#include "workloads/workload.h"

namespace kvstate::workloads {

/// An event that owns its bytes.
struct OwnedEvent {
  int64_t time_ms = 0;
  std::string key;
  std::string value;
  uint32_t stream = 0;
};

/// The whole stream of a workload's source.
std::vector<OwnedEvent> ReadEvents(const std::string& workload, const Parameters& source, uint64_t seed);

/// A row's bytes, put together as operators do.
class RowBuilder {
 public:
  RowBuilder& Bytes(ByteView bytes) {
    row_.PutBytes(bytes);
    return *this;
  }
  RowBuilder& Prefixed(ByteView bytes) {
    row_.PutLengthPrefixed(bytes);
    return *this;
  }
  RowBuilder& Number(int64_t number) {
    row_.PutFixed64(static_cast<uint64_t>(number));
    return *this;
  }
  RowBuilder& Byte(uint8_t byte) {
    row_.PutByte(byte);
    return *this;
  }
  std::string Build() const { return std::string(row_.view()); }

 private:
  ByteWriter row_;
};

/// Runs the workload's operator over `events` on every built-in backend, whose clock stands at the latest time of an
/// event so far, and expects the rows given, in order, and, where given, as many entries in state at the end. Then
/// again with a savepoint in the middle of the stream, from which a new operator goes on, on the next backend.
void ExpectOutput(const std::string& workload, const Parameters& parameters, const std::vector<OwnedEvent>& events,
                  const std::vector<std::string>& rows, std::optional<uint64_t> entries_left);

/// Parameters of a workload's operator that it does not take.
struct RefusedParameters {
  std::string workload;
  Parameters parameters;
  std::string says;  ///< In the message: what is allowed.
};

/// Expects INVALID_ARGUMENT for each.
void ExpectRefused(const std::vector<RefusedParameters>& refused);

}  // namespace kvstate::workloads

#endif  // KVSTATE_TESTS_UNIT_WORKLOADS_OPERATOR_TESTING_H_
