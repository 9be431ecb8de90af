#ifndef KVSTATE_WORKLOADS_SOURCES_TEXT_SOURCE_H_
#define KVSTATE_WORKLOADS_SOURCES_TEXT_SOURCE_H_

#include <cstdint>
#include <memory>

#include "workloads/workload.h"

namespace kvstate::workloads {

/// Lines of text: so many words each, with a space between two, as an event's payload without a key. `words` gives a
/// word's number as the first 8 bytes of a key (big-endian), and a line the time of its last word. The last line may be
/// shorter.
std::unique_ptr<EventSource> MakeTextSource(std::unique_ptr<EventSource> words, uint64_t words_per_line);

}  // namespace kvstate::workloads

#endif  // KVSTATE_WORKLOADS_SOURCES_TEXT_SOURCE_H_
