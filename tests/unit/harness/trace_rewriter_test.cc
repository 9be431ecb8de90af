#include "harness/rewrite/trace_rewriter.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "harness/profile/profile_listing.h"
#include "harness/profile/trace_profile.h"
#include "harness/replay/digest.h"
#include "harness/replay/memory_trace.h"
#include "harness/replay/recording_backend.h"
#include "harness/replay/replayer.h"
#include "harness/replay/trace_file.h"
#include "harness/run/backend_choice.h"
#include "kvstate/backends.h"
#include "kvstate/keyed_backend.h"
#include "tests/support/status_testing.h"
#include "tests/unit/harness/temporary_directory.h"

namespace kvstate::harness {
namespace {

constexpr int64_t kRounds = 3000;

/// A trace of all that has a key in it, several blocks long.
class TraceRewriterTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_OK(RegisterBuiltinBackends(registry_));
    ASSERT_OK_AND_ASSIGN(const auto writer, TraceWriter::Create(path_));
    ASSERT_OK_AND_ASSIGN(auto recording,
                         RecordingBackend::Create(Make("hashmap"), SerializerFor<std::string>(), writer.get()));
    RecordingBackend* const backend = recording.get();
    KeyedBackend<std::string> typed(std::move(recording));
    ASSERT_OK(Work(typed, *backend));
    ASSERT_OK(backend->FinishTrace());
    operations_ = writer->totals().operations;
  }

  static Status Work(KeyedBackend<std::string>& backend, RecordingBackend& recording) {
    KVSTATE_ASSIGN_OR_RETURN(auto value, backend.GetState(ValueStateDescriptor<int64_t>("value")));
    KVSTATE_ASSIGN_OR_RETURN(auto map, backend.GetState(MapStateDescriptor<std::string, int64_t>("map")));
    KVSTATE_ASSIGN_OR_RETURN(auto list, backend.GetState<std::string>(ListStateDescriptor<std::string>("list")));
    for (int64_t i = 0; i < kRounds; ++i) {
      recording.SetTime(1000 + i);
      KVSTATE_RETURN_IF_ERROR(backend.SetCurrentKey("user" + std::to_string(i % 41)));
      KVSTATE_RETURN_IF_ERROR(value.Update(i));
      KVSTATE_RETURN_IF_ERROR(map.Put("page" + std::to_string(i % 7), i));
      KVSTATE_RETURN_IF_ERROR(list.SetCurrentNamespace("view" + std::to_string(i % 3)));
      KVSTATE_RETURN_IF_ERROR(list.Add("x"));
      // Each second round leaves key and namespace as they are for a while.
      KVSTATE_RETURN_IF_ERROR(value.Get().status());
      if (i % 10 == 0) {
        KVSTATE_RETURN_IF_ERROR(list.MergeNamespaces(std::string("view9"), {"view0", "view1"}));
        KVSTATE_ASSIGN_OR_RETURN(auto entries, map.Entries());
        KVSTATE_RETURN_IF_ERROR(entries.Next().status());
        KVSTATE_RETURN_IF_ERROR(value.Update(-i));  // In between, so that the steps stand alone.
        KVSTATE_RETURN_IF_ERROR(entries.Remove());
      }
      if (i == 1000) KVSTATE_RETURN_IF_ERROR(recording.EndFill());
    }
    return Status();
  }

  std::unique_ptr<KeyedStateBackend> Make(const std::string& name) {
    auto made = MakeBackend(registry_, {name, {}}, SerializerFor<std::string>(), 128, directory_.work());
    EXPECT_OK(made);
    return std::move(made).value();
  }

  std::string Rewrite(const std::string& name, const RewriteOptions& options) {
    EXPECT_OK(TryRewrite(name, options));
    return directory_.File(name);
  }

  Status TryRewrite(const std::string& name, const RewriteOptions& options) {
    KVSTATE_ASSIGN_OR_RETURN(const auto writer, TraceWriter::Create(directory_.File(name)));
    KVSTATE_ASSIGN_OR_RETURN(const auto reader, TraceReader::Open(path_));
    KVSTATE_RETURN_IF_ERROR(reader->SeekToOperation(options.from_operation));
    TraceRewriter rewriter(writer.get(), options);
    TraceHeader header = reader->header();
    header.is_part = options.from_operation > 0;
    KVSTATE_RETURN_IF_ERROR(rewriter.Begin(header, reader->fill_operations()));
    while (reader->next_operation() < options.to_operation) {
      const uint64_t first = reader->next_operation();
      KVSTATE_ASSIGN_OR_RETURN(const auto* chunk, reader->NextChunk());
      if (chunk->empty()) break;
      KVSTATE_RETURN_IF_ERROR(rewriter.Add(*chunk, first, reader->states()));
    }
    dropped_steps_ = rewriter.dropped_steps();
    return rewriter.Finish();
  }

  static std::string Profile(const std::string& path) {
    auto reader = TraceReader::Open(path);
    EXPECT_OK(reader);
    TraceProfile profile((*reader)->operations(), 100);
    while (true) {
      const auto chunk = (*reader)->NextChunk();
      EXPECT_OK(chunk);
      if (!chunk.ok() || (*chunk)->empty()) break;
      for (const TraceOperation& operation : **chunk) profile.Add(operation, (*reader)->states());
    }
    profile.Finish();
    return ProfileJson({"trace", 0, 0, 0, {}, 0}, profile);
  }

  /// Replays on all backends; they must agree.
  StateDigest ReplayOnAll(const std::string& path) {
    StateDigest first;
    for (const std::string& name : registry_.Names()) {
      const auto backend = Make(name);
      auto reader = TraceReader::Open(path);
      EXPECT_OK(reader);
      EXPECT_OK(Replay(**reader, *backend, {}));
      const auto digest = DigestOfState(*backend, (*reader)->states(), [] { return false; });
      EXPECT_OK(digest);
      if (name == registry_.Names().front()) first = *digest;
      EXPECT_EQ(*digest, first) << name;
    }
    return first;
  }

  BackendRegistry registry_;
  TemporaryDirectory directory_;
  const std::string path_ = directory_.File("whole");
  uint64_t operations_ = 0;
  uint64_t dropped_steps_ = 0;
};

TEST_F(TraceRewriterTest, HashedKeysChangeNothingThatAProfileShows) {
  ASSERT_OK_AND_ASSIGN(const auto hasher, KeyHasher::Create("a secret of some length"));
  const std::string hashed = Rewrite("hashed", {.hasher = hasher.get()});
  EXPECT_EQ(Profile(hashed), Profile(path_));
  ASSERT_OK_AND_ASSIGN(const auto reader, TraceReader::Open(hashed));
  EXPECT_TRUE(reader->header().keys_are_hashed);
  const StateDigest of_whole = ReplayOnAll(path_);
  const StateDigest of_hashed = ReplayOnAll(hashed);
  EXPECT_EQ(of_hashed.entries, of_whole.entries);
  EXPECT_NE(of_hashed.digest, of_whole.digest);
}

TEST_F(TraceRewriterTest, NoNameIsLeftInATraceWhoseKeysAreHashed) {
  ASSERT_OK_AND_ASSIGN(const auto hasher, KeyHasher::Create("a secret of some length"));
  ASSERT_OK_AND_ASSIGN(const auto reader, TraceReader::Open(Rewrite("hashed", {.hasher = hasher.get()})));
  while (true) {
    ASSERT_OK_AND_ASSIGN(const std::vector<TraceOperation>* chunk, reader->NextChunk());
    if (chunk->empty()) break;
    for (const TraceOperation& operation : *chunk) {
      for (const ByteView part : {operation.key, operation.user_key, operation.state_namespace,
                                  operation.operation == Operation::kMerge ? operation.value : ByteView()}) {
        for (const std::string_view name : {"user", "page", "view"}) {
          ASSERT_EQ(part.find(name), ByteView::npos) << part;
        }
      }
    }
  }
}

TEST_F(TraceRewriterTest, PartsWithoutStateBeforeThemReplayAlikeOnAllBackends) {
  for (const uint64_t from : {uint64_t{1}, uint64_t{4099}, uint64_t{8000}}) {
    const uint64_t to = from + 5000;
    const std::string part = Rewrite("part" + std::to_string(from), {.from_operation = from, .to_operation = to});
    ASSERT_OK_AND_ASSIGN(const auto reader, TraceReader::Open(part));
    EXPECT_EQ(reader->operations() + dropped_steps_, 5000u);
    ASSERT_OK_AND_ASSIGN(const std::vector<TraceOperation>* chunk, reader->NextChunk());
    EXPECT_TRUE(chunk->front().sets_key);
    ReplayOnAll(part);
  }
}

TEST_F(TraceRewriterTest, PartsOnePutTogetherAreTheWhole) {
  // Iterators apart: where a part begins within the steps of one, they go.
  const uint64_t cut = operations_ / 2;
  std::vector<std::string> keys;
  for (const std::string& path : {path_, Rewrite("a", {.to_operation = cut}), Rewrite("b", {.from_operation = cut})}) {
    ASSERT_OK_AND_ASSIGN(const auto reader, TraceReader::Open(path));
    std::string current;
    if (path == path_ || path.back() == 'a') keys.emplace_back();
    while (true) {
      ASSERT_OK_AND_ASSIGN(const std::vector<TraceOperation>* chunk, reader->NextChunk());
      if (chunk->empty()) break;
      for (const TraceOperation& operation : *chunk) {
        if (operation.sets_key) current = operation.key;
        if (operation.operation == Operation::kIteratorRemove) continue;
        keys.back() += std::string(OperationName(operation.operation)) + current + " ";
      }
    }
  }
  EXPECT_EQ(keys[0], keys[1]);
}

TEST_F(TraceRewriterTest, TheEndOfFillingStaysWhereItIs) {
  ASSERT_OK_AND_ASSIGN(const auto whole, TraceReader::Open(path_));
  const uint64_t fill = whole->fill_operations();
  ASSERT_GT(fill, 4100u);
  const auto fill_of = [this](const std::string& name, const RewriteOptions& options) {
    const auto reader = TraceReader::Open(Rewrite(name, options));
    EXPECT_OK(reader);
    return (*reader)->fill_operations();
  };
  EXPECT_EQ(fill_of("all", {}), fill);
  EXPECT_EQ(fill_of("later", {.from_operation = 12}), fill - 12);
  EXPECT_EQ(fill_of("after", {.from_operation = fill}), 0u);
  EXPECT_EQ(fill_of("before", {.to_operation = 100}), 100u) << "all of it fills";
}

TEST_F(TraceRewriterTest, ATimeIsAnOperation) {
  ASSERT_OK_AND_ASSIGN(const auto reader, TraceReader::Open(path_));
  ASSERT_OK_AND_ASSIGN(const uint64_t first, OperationAtTime(*reader, 0));
  EXPECT_EQ(first, 0u);
  ASSERT_OK_AND_ASSIGN(const uint64_t second, OperationAtTime(*reader, 1001));
  EXPECT_EQ(second, 10u) << "four, a merge, an iterator's open, step, removal and close, and an update";
  ASSERT_OK_AND_ASSIGN(const uint64_t none, OperationAtTime(*reader, 1000 + kRounds));
  EXPECT_EQ(none, operations_);
}

TEST_F(TraceRewriterTest, SizesStaySizes) {
  ASSERT_OK_AND_ASSIGN(const auto writer, TraceWriter::Create(directory_.File("sizes"), true));
  ASSERT_OK_AND_ASSIGN(const auto reader, TraceReader::Open(path_));
  TraceRewriter rewriter(writer.get(), {});
  ASSERT_OK(rewriter.Begin(reader->header(), 0));
  while (true) {
    ASSERT_OK_AND_ASSIGN(const std::vector<TraceOperation>* chunk, reader->NextChunk());
    if (chunk->empty()) break;
    ASSERT_OK(rewriter.Add(*chunk, reader->next_operation() - chunk->size(), reader->states()));
  }
  ASSERT_OK(rewriter.Finish());
  EXPECT_EQ(Profile(directory_.File("sizes")), Profile(path_));
  ReplayOnAll(directory_.File("sizes"));
}

}  // namespace
}  // namespace kvstate::harness
