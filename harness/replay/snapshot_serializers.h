#ifndef KVSTATE_HARNESS_REPLAY_SNAPSHOT_SERIALIZERS_H_
#define KVSTATE_HARNESS_REPLAY_SNAPSHOT_SERIALIZERS_H_

#include "kvstate/status.h"
#include "kvstate/type_serializer.h"

namespace kvstate::harness {

/// A serializer that reads and writes what the one with this snapshot did, from the snapshot alone: the program that
/// had the C++ type need not be there.
///
/// Integers, floating point, bool, string, raw bytes, the namespaces, and lists of those, become their own C++ types.
/// Of other built-in formats (tuple, optional, vector, map, struct) the object is the value's canonical bytes, checked
/// for form: in place where all encodings have one length, in a std::string where not. INVALID_ARGUMENT for a format
/// that is not built in, DATA_LOSS for a snapshot that does not decode.
Result<SerializerPtr> SerializerFromSnapshot(const SerializerSnapshot& snapshot);

}  // namespace kvstate::harness

#endif  // KVSTATE_HARNESS_REPLAY_SNAPSHOT_SERIALIZERS_H_
