#include <cstdint>
#include <memory>
#include <vector>

#include "kvstate/descriptors.h"
#include "kvstate/state.h"
#include "workloads/operators/state_micro/state_micro.h"

namespace kvstate::workloads {
namespace {

enum class ListAccess : uint8_t { kUpdate, kAdd, kAppend, kGet, kAddAll, kClear };

struct StateMicroListOptions {
  ListAccess access = ListAccess::kGet;
  uint64_t setup_elements = 1;
  uint64_t list_elements = 1;
};

class StateMicroListOperator final : public StateMicroOperator {
 public:
  explicit StateMicroListOperator(const StateMicroListOptions& options) : options_(options) {}

 private:
  Status OpenStates() override { return OpenState(ListStateDescriptor<int64_t>("list"), &list_); }
  bool adds() const override { return options_.access == ListAccess::kAdd; }

  Status SetUp(const StateMicroEvent& operands) override {
    return list_.AddAll(Elements(operands, options_.setup_elements));
  }

  Status Access(const StateMicroEvent& operands) override {
    switch (options_.access) {
      case ListAccess::kUpdate:
      case ListAccess::kAdd:
        return list_.Update(Elements(operands, 1));
      case ListAccess::kAppend:
        return list_.Add(operands.value);
      case ListAccess::kAddAll:
        return list_.AddAll(Elements(operands, options_.list_elements));
      case ListAccess::kClear:
        return list_.Clear();
      case ListAccess::kGet:
        break;
    }
    KVSTATE_ASSIGN_OR_RETURN(const std::vector<int64_t>* list, list_.Get());
    if (list == nullptr) return InternalError("state \"list\" has nothing under a key that was set up");
    ByteWriter& row = NewRowOfKey();
    for (const int64_t element : *list) row.PutFixed64(static_cast<uint64_t>(element));
    Emit();
    return Status();
  }

  /// The event's value, and others that follow from it.
  const std::vector<int64_t>& Elements(const StateMicroEvent& operands, uint64_t count) {
    elements_.clear();
    elements_.push_back(operands.value);
    for (uint64_t i = 1; i < count; ++i) elements_.push_back(Derived(operands.value, i));
    return elements_;
  }

  const StateMicroListOptions options_;
  ListState<int64_t> list_;
  std::vector<int64_t> elements_;
};

}  // namespace

WorkloadSpec StateMicroList();

WorkloadSpec StateMicroList() {
  return MakeStateMicroWorkload(
      "state_micro_list", "Flink's micro-benchmark of list state: one access an event, to longs of each key",
      {{"access", "get",
        "update (by a list of one, of a key that was set up), add (the same of a new key), append (one element), get, "
        "add_all, clear"},
       {"setup_elements", "100", "Elements of each list after the set-up, 1 to 10^6"},
       {"list_elements", "100", "Elements of each list that add_all adds, 1 to 10^6"}},
      [](ParameterReader& reader) {
        StateMicroListOptions options;
        options.access =
            static_cast<ListAccess>(reader.Choice("access", {"update", "add", "append", "get", "add_all", "clear"}));
        options.setup_elements = reader.Count("setup_elements", 1, 1'000'000);
        options.list_elements = reader.Count("list_elements", 1, 1'000'000);
        if (options.access != ListAccess::kAddAll && reader.IsGiven("list_elements")) {
          reader.Refuse("list_elements", "given with access=add_all alone");
        }
        return std::make_unique<StateMicroListOperator>(options);
      });
}

}  // namespace kvstate::workloads
