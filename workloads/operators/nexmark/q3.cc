#include <cstdint>
#include <memory>
#include <string>
#include <tuple>

#include "workloads/operators/nexmark/one_to_many_join.h"

namespace kvstate::workloads {
namespace {

using NameCityState = std::tuple<std::string, std::string, std::string>;

/// Local item suggestion: who sells in category 10 and lives in Oregon, Idaho or California. Joins auctions with their
/// sellers by the person's id; filters stand before the join, so that state has only what passes them.
class Q3Operator final : public OneToManyJoin<NameCityState, int64_t> {
 public:
  Q3Operator() : OneToManyJoin("person", "auctions_waiting") {}

 private:
  Status OnPerson(const Person& person) override {
    if (person.state != "OR" && person.state != "ID" && person.state != "CA") return Status();
    return TakeOne(person.id, {person.name, person.city, person.state});
  }
  Status OnAuction(const Auction& auction) override {
    return auction.category == 10 ? TakeMany(auction.seller, auction.id) : Status();
  }
  void EmitPair(const NameCityState& person, const int64_t& auction) override { EmitRow(person, auction); }
};

}  // namespace

WorkloadSpec NexmarkQ3();

WorkloadSpec NexmarkQ3() {
  return MakeNexmarkQuery("nexmark_q3", "Nexmark 3: auctions of a category joined with sellers of three states", {},
                          [](ParameterReader&) { return std::make_unique<Q3Operator>(); });
}

}  // namespace kvstate::workloads
