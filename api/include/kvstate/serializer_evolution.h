#ifndef KVSTATE_SERIALIZER_EVOLUTION_H_
#define KVSTATE_SERIALIZER_EVOLUTION_H_

#include <string>
#include <string_view>

#include "kvstate/export.h"
#include "kvstate/status.h"
#include "kvstate/type_serializer.h"

namespace kvstate {
inline namespace v1 {

/// Extension of a TypeSerializer whose ResolveCompatibility says more than as is and incompatible. Thread-safe.
class KVSTATE_EXPORT SerializerEvolution {
 public:
  static constexpr std::string_view kExtensionId = "kvstate.serializer_evolution.1";
  virtual ~SerializerEvolution();

  /// REQUIRES: ResolveCompatibility(old) is kAfterMigration. A serializer of the same C++ type that reads what the one
  /// with snapshot `old` wrote, and is never asked to write. Its info() is that of the old one.
  virtual Result<SerializerPtr> ReaderOf(const SerializerSnapshot& old) const = 0;
  /// REQUIRES: ResolveCompatibility(old) is kReconfigured. A serializer of the same C++ type that reads and writes what
  /// the one with snapshot `old` did; its own snapshot is `old`.
  virtual Result<SerializerPtr> ReconfiguredFor(const SerializerSnapshot& old) const = 0;
  /// For an error message, where ResolveCompatibility(old) is kIncompatible: "member 'price' was int64, and is int32
  /// now". Empty: there is no more to say than that they differ.
  virtual std::string WhyIncompatible(const SerializerSnapshot& old) const;
};

}  // namespace v1
}  // namespace kvstate

#endif  // KVSTATE_SERIALIZER_EVOLUTION_H_
