#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <vector>

#include "tests/fuzz/round_trip.h"

namespace {

struct Order {
  int64_t id = 0;
  std::string item;
  std::optional<std::vector<int32_t>> counts;
};

}  // namespace

template <>
struct kvstate::StructTraits<Order> {
  [[maybe_unused]] static constexpr std::string_view kName = "Order";
  static constexpr auto kMembers =
      std::make_tuple(Member("id", &Order::id), Member("item", &Order::item), Member("counts", &Order::counts));
};

using kvstate::fuzz::RoundTrip;

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto bytes = kvstate::fuzz::BytesOf(data, size);
  RoundTrip<std::optional<int16_t>>(bytes, true);
  RoundTrip<std::optional<std::optional<std::string>>>(bytes, true);
  RoundTrip<std::pair<std::string, std::string>>(bytes, true);
  RoundTrip<std::tuple<bool, std::string, uint32_t>>(bytes, true);
  RoundTrip<std::vector<bool>>(bytes, true);
  RoundTrip<std::vector<uint16_t>>(bytes, true);
  RoundTrip<std::vector<std::string>>(bytes, true);
  RoundTrip<std::vector<std::vector<std::vector<std::string>>>>(bytes, true);
  RoundTrip<std::vector<std::tuple<>>>(bytes, true);
  RoundTrip<Order>(bytes, true);
  // Maps are read in any order of entries and written in their own.
  RoundTrip<std::map<int8_t, std::string>>(bytes, false);
  RoundTrip<std::map<std::string, std::vector<std::pair<bool, Order>>>>(bytes, false);
  RoundTrip<std::unordered_map<std::string, uint8_t>>(bytes, false);
  return 0;
}
