#ifndef KVSTATE_HARNESS_SAVEPOINT_VALUE_JSON_H_
#define KVSTATE_HARNESS_SAVEPOINT_VALUE_JSON_H_

#include <string>
#include <string_view>

#include "kvstate/bytes.h"
#include "kvstate/stored_format.h"

namespace kvstate::harness {

/// Appends `text` as a JSON string. REQUIRES: it is UTF-8.
void AppendJsonString(std::string_view text, std::string* json);

/// Appends the value that `bytes` encode, as JSON on one line:
///   integers, floats      numbers, exact; "NaN", "Infinity", "-Infinity"
///   string                a string; {"hex": "…"} where it is not UTF-8
///   raw_bytes             the same, and {"hex": "…"} where there are control characters, too
///   optional              null or the value
///   tuple, vector, list   an array
///   map                   an array of [key, value]
///   struct                an object by member name
///   void_namespace        null
///   time_window           {"start": …, "end": …}
///   ttl                   {"time": …, "value": …}: when the time to live began, by the clock of the program
/// What nobody here can decode, the whole of it: {"hex": "…", "type": "…"}, with "error" where the type is known and
/// the bytes are none of it.
void AppendJsonValue(const StoredFormat& type, ByteView bytes, std::string* json);

}  // namespace kvstate::harness

#endif  // KVSTATE_HARNESS_SAVEPOINT_VALUE_JSON_H_
