#include <algorithm>
#include <cstdint>
#include <memory>
#include <utility>

#include "kvstate/descriptors.h"
#include "kvstate/state.h"
#include "workloads/operators/operator_support.h"
#include "workloads/sources/synthetic_source.h"
#include "workloads/sources/text_source.h"

namespace kvstate::workloads {
namespace {

/// Splits each event's payload into words, at spaces, and counts them: a word is the key. Emits word and count so far.
class WordCountOperator final : public OperatorBase {
 public:
  Status Process(const Event& event) override {
    ByteView rest = event.value;
    while (!rest.empty()) {
      const size_t length = std::min(rest.find(' '), rest.size());
      if (length > 0) KVSTATE_RETURN_IF_ERROR(Count(rest.substr(0, length)));
      rest.remove_prefix(std::min(length + 1, rest.size()));
    }
    return Status();
  }

  Status Finish() override { return Status(); }

 private:
  Status OpenStates() override { return OpenState(ValueStateDescriptor<int64_t>("count"), &count_); }

  Status Count(ByteView word) {
    KVSTATE_RETURN_IF_ERROR(SetKey(word));
    KVSTATE_ASSIGN_OR_RETURN(const int64_t* before, count_.Get());
    const int64_t count = before == nullptr ? 1 : *before + 1;
    KVSTATE_RETURN_IF_ERROR(count_.Update(count));
    ByteWriter& row = NewRow();
    row.PutLengthPrefixed(word);
    row.PutFixed64(static_cast<uint64_t>(count));
    Emit();
    return Status();
  }

  ValueState<int64_t> count_;
};

}  // namespace

WorkloadSpec WordCount();

WorkloadSpec WordCount() {
  WorkloadSpec spec = MakeWorkload("word_count", "Words of lines of text, counted: each event is split into its keys",
                                   {{"key_distribution", "zipfian"}}, {},
                                   [](ParameterReader&) { return std::make_unique<WordCountOperator>(); });
  // The synthetic source's keys are words, its events are words in the text.
  spec.source_parameters.push_back({"words_per_line", "10", "Words of an event's payload, which are keys, 1 to 10^4"});
  spec.make_source = [workload = spec.name, specs = spec.source_parameters](
                         const Parameters& parameters, uint64_t seed) -> Result<std::unique_ptr<EventSource>> {
    KVSTATE_ASSIGN_OR_RETURN(std::unique_ptr<EventSource> words,
                             MakeSyntheticSource(workload, specs, parameters, seed));
    ParameterReader reader("source of workload " + workload, specs, parameters);
    const uint64_t words_per_line = reader.Count("words_per_line", 1, 10'000);
    KVSTATE_RETURN_IF_ERROR(reader.status());
    return MakeTextSource(std::move(words), words_per_line);
  };
  return spec;
}

}  // namespace kvstate::workloads
