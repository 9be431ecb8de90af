#include "workloads/sources/ycsb_keys.h"

#include <algorithm>
#include <cassert>

#include "workloads/sources/portable_math.h"

namespace kvstate::workloads {
namespace {

constexpr double kTheta = 0.99;
/// Of a scattered Zipfian, whatever the number of records.
constexpr uint64_t kRanks = 10'000'000'000;
constexpr double kZetaOfRanks = 26.46902820178302;

double Power(double base, double exponent) { return PortableExp(exponent * PortableLog(base)); }

double Zeta(uint64_t from, uint64_t to, double zeta) {
  for (uint64_t i = from; i <= to; ++i) zeta += 1 / Power(static_cast<double>(i), kTheta);
  return zeta;
}

}  // namespace

uint64_t YcsbHash(uint64_t number) {
  uint64_t hash = 0xcbf29ce484222325u;
  for (int i = 0; i < 8; ++i) {
    hash ^= number & 0xff;
    hash *= 1'099'511'628'211u;
    number >>= 8;
  }
  return hash >> 63 == 0 ? hash : 0 - hash;
}

std::string YcsbKey(uint64_t number) { return "user" + std::to_string(YcsbHash(number)); }

YcsbZipfian::YcsbZipfian(uint64_t items) : YcsbZipfian(items, Zeta(1, items, 0)) {}

YcsbZipfian::YcsbZipfian(uint64_t items, double zeta) : items_(items), zeta_(zeta) {
  assert(items >= 3);
  SetEta();
}

void YcsbZipfian::SetEta() {
  const double of_two = 1 + Power(0.5, kTheta);
  eta_ = (1 - Power(2.0 / static_cast<double>(items_), 1 - kTheta)) / (1 - of_two / zeta_);
}

uint64_t YcsbZipfian::Draw(Random& random, uint64_t items) {
  assert(items >= items_);
  if (items > items_) {
    zeta_ = Zeta(items_ + 1, items, zeta_);
    items_ = items;
    SetEta();
  }
  const double u = random.Unit();
  const double scaled = u * zeta_;
  if (scaled < 1) return 0;
  if (scaled < 1 + Power(0.5, kTheta)) return 1;
  const double drawn = static_cast<double>(items) * Power(eta_ * u - eta_ + 1, 1 / (1 - kTheta));
  // Rounding may give one too many.
  return std::min(static_cast<uint64_t>(drawn), items - 1);
}

YcsbKeyChooser::YcsbKeyChooser(YcsbDistribution distribution, uint64_t records, uint64_t new_records)
    : distribution_(distribution), records_(records), hashed_to_(records + new_records + 1) {
  assert(records >= 4);
  if (distribution == YcsbDistribution::kZipfian) zipfian_.emplace(kRanks, kZetaOfRanks);
  if (distribution == YcsbDistribution::kLatest) zipfian_.emplace(records - 1);
}

uint64_t YcsbKeyChooser::Draw(Random& random, uint64_t last) {
  switch (distribution_) {
    case YcsbDistribution::kUniform:
      return random.Below(records_);
    case YcsbDistribution::kLatest:
      return last - zipfian_->Draw(random, last);
    case YcsbDistribution::kZipfian:
      break;
  }
  // Records that are yet to come have their popularity already, so that those that are there keep theirs.
  while (true) {
    const uint64_t number = YcsbHash(zipfian_->Draw(random, kRanks)) % hashed_to_;
    if (number <= last) return number;
  }
}

}  // namespace kvstate::workloads
