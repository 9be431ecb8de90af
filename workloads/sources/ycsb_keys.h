#ifndef KVSTATE_WORKLOADS_SOURCES_YCSB_KEYS_H_
#define KVSTATE_WORKLOADS_SOURCES_YCSB_KEYS_H_

#include <cstdint>
#include <optional>
#include <string>

#include "workloads/sources/random.h"

namespace kvstate::workloads {

/// FNV-1 with XOR first (FNV-1a) over the number's 8 bytes, the lowest first, as a positive int64: YCSB's fnvhash64.
uint64_t YcsbHash(uint64_t number);
/// "user" and the hash of the record's number, in decimal.
std::string YcsbKey(uint64_t number);

/// Numbers from 0, of which 0 is the most likely, with exponent 0.99: YCSB's ZipfianGenerator, which is that of Gray et
/// al., "Quickly Generating Billion-Record Synthetic Databases" (SIGMOD 1994). The same on every machine.
class YcsbZipfian {
 public:
  /// REQUIRES: items >= 3. Takes time in proportion to them.
  explicit YcsbZipfian(uint64_t items);
  /// `zeta`: the sum of i^-0.99 for i from 1 to items.
  YcsbZipfian(uint64_t items, double zeta);

  /// Of the first `items`, of which there are never fewer than before.
  uint64_t Draw(Random& random, uint64_t items);

 private:
  void SetEta();

  uint64_t items_;
  double zeta_;
  double eta_ = 0;
};

enum class YcsbDistribution {
  kZipfian,  ///< Scattered over the records: a rank of 10^10, hashed.
  kLatest,   ///< The newer, the likelier.
  kUniform,
};

/// Chooses among records as YCSB's CoreWorkload does.
class YcsbKeyChooser {
 public:
  /// `new_records`: how many are expected to come. REQUIRES: records >= 4.
  YcsbKeyChooser(YcsbDistribution distribution, uint64_t records, uint64_t new_records);

  /// A number up to that of the last record that there is. kUniform: of those there were at first.
  uint64_t Draw(Random& random, uint64_t last);

 private:
  const YcsbDistribution distribution_;
  const uint64_t records_;
  const uint64_t hashed_to_;
  std::optional<YcsbZipfian> zipfian_;
};

}  // namespace kvstate::workloads

#endif  // KVSTATE_WORKLOADS_SOURCES_YCSB_KEYS_H_
