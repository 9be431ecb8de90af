#ifndef KVSTATE_TESTS_UNIT_CHECKPOINT_STREAM_TESTING_H_
#define KVSTATE_TESTS_UNIT_CHECKPOINT_STREAM_TESTING_H_

#include <optional>
#include <ostream>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "backends/checkpoint/state_stream.h"
#include "kvstate/codec.h"
#include "kvstate/namespaces.h"
#include "tests/support/status_testing.h"

namespace kvstate::backends {

/// What a stream has of one key; no value: a removal.
struct TestEntry {
  uint32_t key_group = 0;
  uint32_t state = 0;
  std::string key;
  std::optional<std::string> value;
  friend bool operator==(const TestEntry&, const TestEntry&) = default;
  friend std::ostream& operator<<(std::ostream& out, const TestEntry& entry) {
    return out << "{" << entry.key_group << ", " << entry.state << ", " << entry.key.substr(0, 32) << " = "
               << entry.value.value_or("removed").substr(0, 32) << "}";
  }
};

inline SavedState TestState(std::string name) {
  return {std::move(name), StateKind::kValue, Codec<VoidNamespace>::Snapshot(), Codec<std::string>::Snapshot(), {}, {}};
}

inline StreamHeader TestHeader(const std::vector<std::string>& states, bool changes = false) {
  StreamHeader header;
  header.changes = changes;
  header.max_parallelism = 128;
  header.key_groups = {10, 20};
  header.key_serializer = Codec<int64_t>::Snapshot();
  for (const std::string& state : states) header.states.push_back(TestState(state));
  return header;
}

inline Result<StoredFile> WriteStream(CheckpointStorage& storage, std::string path, const StreamHeader& header,
                                      const std::vector<TestEntry>& entries, bool compress = false) {
  KVSTATE_ASSIGN_OR_RETURN(auto writer, StateStreamWriter::Create(storage, std::move(path), header, compress, nullptr));
  const TestEntry* last = nullptr;
  for (const TestEntry& entry : entries) {
    if (last == nullptr || std::pair(last->key_group, last->state) != std::pair(entry.key_group, entry.state)) {
      KVSTATE_RETURN_IF_ERROR(writer->Begin(entry.key_group, entry.state));
    }
    last = &entry;
    KVSTATE_RETURN_IF_ERROR(writer->Add({entry.key, entry.value.value_or(""), !entry.value.has_value()}));
  }
  return writer->Finish();
}

/// All that a StateStreamReader or StateChainReader gives of key groups 10..20.
template <class Reader>
Result<std::vector<TestEntry>> ReadEntries(Reader& reader) {
  std::vector<TestEntry> entries;
  for (uint32_t key_group = 10; key_group <= 20; ++key_group) {
    KVSTATE_RETURN_IF_ERROR(reader.ForEach(key_group, [&](uint32_t state, const StreamEntry& entry) {
      entries.push_back({key_group, state, std::string(entry.key), std::nullopt});
      if (!entry.removed) entries.back().value = std::string(entry.value);
      return Status();
    }));
  }
  return entries;
}

}  // namespace kvstate::backends

#endif  // KVSTATE_TESTS_UNIT_CHECKPOINT_STREAM_TESTING_H_
