#ifndef KVSTATE_TESTS_UNIT_HARNESS_IMPORTED_TRACE_H_
#define KVSTATE_TESTS_UNIT_HARNESS_IMPORTED_TRACE_H_

#include <string>
#include <vector>

#include "harness/import/import_accesses.h"
#include "harness/replay/memory_trace.h"

namespace kvstate::harness {

/// What an importer of accesses made: each operation as one text, such as "default value update k = v".
struct ImportedTrace {
  std::vector<std::string> operations;
  std::vector<int64_t> times_ms;
  ReadingReport report;
};

inline std::string Described(const TraceOperation& operation, const TraceState& state) {
  const std::string name = std::string(OperationName(operation.operation));
  std::string text = state.descriptor.name + " " + std::string(StateKindName(state.descriptor.kind)) + " " + name;
  text += " " + std::string(operation.key);
  if (name.starts_with("map_") && name != "map_scan") text += " " + std::string(operation.user_key);
  if (name == "map_scan") text += " " + std::to_string(operation.count);
  if (name == "update" || name == "add" || name == "map_put") text += " = " + std::string(operation.value);
  return text;
}

inline Result<ImportedTrace> ImportToTexts(const AccessImportOptions& options) {
  ImportedTrace imported;
  MemoryTrace trace;
  KVSTATE_ASSIGN_OR_RETURN(imported.report, ImportAccesses(options, &trace));
  std::string key;
  while (true) {
    KVSTATE_ASSIGN_OR_RETURN(const std::vector<TraceOperation>* chunk, trace.NextChunk());
    if (chunk->empty()) return imported;
    for (TraceOperation operation : *chunk) {
      if (operation.sets_key) key = operation.key;
      operation.key = key;
      imported.operations.push_back(Described(operation, trace.states()[operation.state]));
      imported.times_ms.push_back(operation.time_ms);
    }
  }
}

}  // namespace kvstate::harness

#endif  // KVSTATE_TESTS_UNIT_HARNESS_IMPORTED_TRACE_H_
