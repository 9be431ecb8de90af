#ifndef KVSTATE_HARNESS_PROFILE_STACK_DISTANCE_H_
#define KVSTATE_HARNESS_PROFILE_STACK_DISTANCE_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

namespace kvstate::harness {

/// LRU stack distances: how many other addresses were accessed since an address was last. An LRU cache of n addresses
/// hits exactly the accesses whose distance is below n (Mattson et al. 1970). Exact; an access takes logarithmic time.
/// Memory: some 60 bytes for each address. Not thread-safe.
class StackDistances {
 public:
  StackDistances();

  /// Nothing for the first access of an address.
  std::optional<uint64_t> Access(uint64_t address);
  uint64_t addresses() const { return last_.size(); }

 private:
  /// Of the positions at or before `position`, how many are an address's last one.
  uint64_t CountUpTo(size_t position) const;
  void Add(size_t position, int32_t change);
  /// Renumbers the last positions from 0, so that as many are free behind them.
  void Compact();

  std::unordered_map<uint64_t, size_t> last_;  ///< Position of each address's last access.
  std::vector<uint32_t> tree_;                 ///< Fenwick tree (1994) over positions: 1 where one is a last one.
  size_t next_ = 0;
};

}  // namespace kvstate::harness

#endif  // KVSTATE_HARNESS_PROFILE_STACK_DISTANCE_H_
