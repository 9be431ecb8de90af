#ifndef KVSTATE_HARNESS_PROBES_SERIALIZATION_PROBE_H_
#define KVSTATE_HARNESS_PROBES_SERIALIZATION_PROBE_H_

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include "harness/probes/histogram.h"
#include "harness/probes/tick_clock.h"
#include "kvstate/state_descriptor.h"
#include "kvstate/type_serializer.h"

namespace kvstate::harness {

/// Calls of Serialize or of Deserialize. Counts are exact; time is that of one call in eight or so, taken at random and
/// scaled up, so that taking it distorts little.
struct SerializationCounters {
  uint64_t calls = 0;
  uint64_t bytes = 0;
  Histogram timed_ticks;
};

struct SerializationTotals {
  uint64_t serialize_calls = 0;
  uint64_t serialize_bytes = 0;
  double serialize_ns = 0;
  uint64_t deserialize_calls = 0;
  uint64_t deserialize_bytes = 0;
  double deserialize_ns = 0;
  uint64_t background_calls = 0;  ///< By an engine's own threads; in none of the above.
};

/// Puts counting serializers into state descriptors. The thread that makes it is the one whose calls it counts; an
/// engine's threads may call the serializers too. Must outlive the backends that got them.
class SerializationProbe {
 public:
  explicit SerializationProbe(const TickClock& clock);
  ~SerializationProbe();

  /// The same state with serializers that write the same, and count.
  StateDescriptor Decorate(const StateDescriptor& descriptor);
  SerializationTotals Totals() const;
  /// Forgets what was counted until now. Not while an engine may call.
  void Reset();

  /// What one serializer has counted. Written by the owner's thread, but for the background calls.
  struct Counts {
    SerializationCounters serialize;
    SerializationCounters deserialize;
    std::atomic<uint64_t> background_calls{0};
  };

 private:
  SerializerPtr DecorateSerializer(const SerializerPtr& serializer);

  const TickClock clock_;
  std::vector<std::unique_ptr<Counts>> counts_;
  std::map<const TypeSerializer*, SerializerPtr> decorated_;
};

}  // namespace kvstate::harness

#endif  // KVSTATE_HARNESS_PROBES_SERIALIZATION_PROBE_H_
