#include <gtest/gtest.h>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tests/conformance/conformance.h"

namespace kvstate::conformance {
namespace {

struct Join {
  std::string Create() const { return ""; }
  void Add(std::string& a, const std::string& in) const { a += in; }
  std::string Result(const std::string& a) const { return a; }
  void Merge(std::string& a, const std::string& b) const { a += b; }
};

/// The merging kinds under one face: what was added, one text after another.
struct Merging {
  std::string name;
  InternalMergingState* state = nullptr;

  void SetWindow(int64_t start) const { Must(state->SetCurrentNamespace(Encode(TimeWindow{start, start + 10}))); }
  void Add(int64_t start, const std::string& text) const {
    SetWindow(start);
    Must(state->Add(&text));
  }
  std::optional<std::string> Content(int64_t start) const {
    SetWindow(start);
    const void* value = Must(state->Get());
    if (value == nullptr) return std::nullopt;
    if (state->descriptor().kind != StateKind::kList) return *static_cast<const std::string*>(value);
    std::string joined;
    for (const std::string& text : *static_cast<const std::vector<std::string>*>(value)) joined += text;
    return joined;
  }
  Status Merge(int64_t target, const std::vector<int64_t>& sources) const {
    std::vector<std::string> encoded;
    for (const int64_t start : sources) encoded.push_back(Encode(TimeWindow{start, start + 10}));
    const std::vector<ByteView> views(encoded.begin(), encoded.end());
    return state->MergeNamespaces(Encode(TimeWindow{target, target + 10}), views);
  }
};

class MergingTest : public BackendTest {
 protected:
  void SetUp() override {
    backend_.emplace(Open<int64_t>());
    AddState(ListStateDescriptor<std::string>("list"));
    AddState(ReducingStateDescriptor<std::string>("reducing", Concatenate(false)));
    AddState(ReducingStateDescriptor<std::string>("reducing, put off", Concatenate(true)));
    AddState(AggregatingStateDescriptor<std::string, std::string, std::string>(
        "aggregating", MakeAggregateFunction<std::string, std::string, std::string>(Join())));
    Must(backend_->SetCurrentKey(1));
  }
  void AddState(const StateDescriptor& descriptor) {
    InternalKVState* state = Must(backend_->backend().GetOrCreateState(SerializerFor<TimeWindow>(), descriptor));
    states_.push_back({descriptor.name, static_cast<InternalMergingState*>(state)});
  }
  size_t Namespaces(const Merging& merging) { return PairsOf(backend_->backend(), merging.name).size(); }

  std::optional<KeyedBackend<int64_t>> backend_;
  std::vector<Merging> states_;
};
KVSTATE_ON_EVERY_BACKEND(MergingTest);

TEST_P(MergingTest, FoldsSourcesIntoTheTargetInTheOrderGiven) {
  for (const Merging& s : states_) {
    SCOPED_TRACE(s.name);
    for (const auto& [start, text] : std::vector<std::pair<int64_t, std::string>>{{0, "a"}, {20, "c"}, {10, "b"}}) {
      s.Add(start, text);
      s.Add(start, text + "2 ");
    }
    EXPECT_OK(s.Merge(20, {10, 0}));
    EXPECT_EQ(s.Content(20), "cc2 bb2 aa2 ");
    EXPECT_EQ(s.Content(10), std::nullopt) << "sources are gone";
    EXPECT_EQ(s.Content(0), std::nullopt);
    EXPECT_EQ(Namespaces(s), 1u);
    s.Add(20, "later");
    EXPECT_EQ(s.Content(20), "cc2 bb2 aa2 later");
  }
}

TEST_P(MergingTest, MakesAnAbsentTarget) {
  for (const Merging& s : states_) {
    SCOPED_TRACE(s.name);
    s.Add(0, "a");
    s.Add(10, "b");
    EXPECT_OK(s.Merge(50, {0, 10}));
    EXPECT_EQ(s.Content(50), "ab");
    EXPECT_EQ(Namespaces(s), 1u);
  }
}

TEST_P(MergingTest, AbsentSourcesCountForNothing) {
  for (const Merging& s : states_) {
    SCOPED_TRACE(s.name);
    s.Add(0, "a");
    s.Add(10, "b");
    EXPECT_OK(s.Merge(0, {90, 10, 80}));
    EXPECT_EQ(s.Content(0), "ab");
    EXPECT_OK(s.Merge(0, {90, 80}));
    EXPECT_OK(s.Merge(0, {}));
    EXPECT_EQ(s.Content(0), "ab");
    EXPECT_EQ(Namespaces(s), 1u);
  }
}

TEST_P(MergingTest, OfNothingMakesNothing) {
  for (const Merging& s : states_) {
    SCOPED_TRACE(s.name);
    EXPECT_OK(s.Merge(0, {10, 20}));
    EXPECT_OK(s.Merge(0, {}));
    EXPECT_OK(s.Merge(0, {0}));
    EXPECT_EQ(s.Content(0), std::nullopt);
    EXPECT_EQ(Namespaces(s), 0u);
  }
}

TEST_P(MergingTest, TheTargetAmongTheSourcesStaysAsItIs) {
  for (const Merging& s : states_) {
    SCOPED_TRACE(s.name);
    s.Add(0, "a");
    EXPECT_OK(s.Merge(0, {0}));
    EXPECT_EQ(s.Content(0), "a");
    s.Add(10, "b");
    s.Add(20, "c");
    EXPECT_OK(s.Merge(0, {10, 0, 20}));
    EXPECT_EQ(s.Content(0), "abc") << "counted once";
    EXPECT_EQ(Namespaces(s), 1u);
  }
}

TEST_P(MergingTest, DoesNotDisturbTheCurrentNamespace) {
  for (const Merging& s : states_) {
    SCOPED_TRACE(s.name);
    s.Add(0, "a");
    s.Add(10, "b");
    s.SetWindow(70);
    EXPECT_OK(s.Merge(0, {10}));
    EXPECT_EQ(s.state->current_namespace(), Encode(TimeWindow{70, 80}));
    const std::string text = "here";
    Must(s.state->Add(&text));
    EXPECT_EQ(s.Content(70), "here");
    EXPECT_EQ(s.Content(0), "ab");
    s.state->ClearCurrentNamespace();
    s.Add(10, "c");
    s.state->ClearCurrentNamespace();
    EXPECT_OK(s.Merge(0, {10})) << "needs no current namespace";
    EXPECT_EQ(s.state->current_namespace(), "");
    EXPECT_EQ(s.Content(0), "abc");
  }
}

TEST_P(MergingTest, TouchesTheCurrentKeyAlone) {
  for (const Merging& s : states_) {
    SCOPED_TRACE(s.name);
    for (const int64_t key : {1, 2}) {
      Must(backend_->SetCurrentKey(key));
      s.Add(0, "a");
      s.Add(10, "b");
    }
    EXPECT_OK(s.Merge(0, {10}));
    Must(backend_->SetCurrentKey(1));
    EXPECT_EQ(s.Content(0), "a");
    EXPECT_EQ(s.Content(10), "b");
  }
}

TEST_P(MergingTest, ChainsLikeSessionWindows) {
  for (const Merging& s : states_) {
    SCOPED_TRACE(s.name);
    std::string expected;
    for (int64_t n = 1; n <= 60; ++n) {
      s.Add(n, std::to_string(n) + " ");
      ASSERT_OK(s.Merge(0, {n, 0})) << "each event's window joins the session";
      expected += std::to_string(n) + " ";
    }
    EXPECT_EQ(s.Content(0), expected);
    s.Add(70, "70 ");
    ASSERT_OK(s.Merge(1000, {70, 0})) << "a window that covers both";
    EXPECT_EQ(s.Content(1000), "70 " + expected);
    EXPECT_EQ(Namespaces(s), 1u);
  }
}

TEST_P(MergingTest, RefusesNamespacesOfAnotherLength) {
  for (const Merging& s : states_) {
    SCOPED_TRACE(s.name);
    s.Add(0, "a");
    const std::string good = Encode(TimeWindow{0, 10});
    const std::vector<ByteView> wrong = {"wrong"};
    const std::vector<ByteView> right = {good};
    EXPECT_CODE(s.state->MergeNamespaces(good, wrong), kInvalidArgument);
    EXPECT_CODE(s.state->MergeNamespaces("wrong", right), kInvalidArgument);
    EXPECT_EQ(s.Content(0), "a");
  }
}

}  // namespace
}  // namespace kvstate::conformance
