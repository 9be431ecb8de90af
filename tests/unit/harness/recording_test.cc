#include "kvstate/recording.h"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "harness/replay/replayer.h"
#include "harness/replay/trace_file.h"
#include "harness/run/backend_choice.h"
#include "kvstate/backends.h"
#include "kvstate/extension.h"
#include "kvstate/keyed_backend.h"
#include "tests/support/status_testing.h"
#include "tests/unit/harness/temporary_directory.h"

namespace kvstate::harness {
namespace {

class RecordingTest : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_OK(RegisterBuiltinBackends(registry_)); }

  std::unique_ptr<KeyedStateBackend> Plain() {
    auto made = MakeBackend(registry_, {"hashmap", {}}, SerializerFor<int64_t>(), 128, directory_.work());
    EXPECT_OK(made);
    return std::move(made).value();
  }

  std::unique_ptr<KeyedBackend<int64_t>> Record(const RecordingOptions& options) {
    auto made = RecordAccesses(Plain(), SerializerFor<int64_t>(), path_, options);
    EXPECT_OK(made);
    recording_ = GetExtension<Recording>(**made);
    EXPECT_NE(recording_, nullptr);
    return std::make_unique<KeyedBackend<int64_t>>(std::move(made).value());
  }

  static ReducingStateDescriptor<int64_t> OfOwnFunction() {
    return {"mine", MakeReduceFunction<int64_t>([](int64_t& a, const int64_t& b) { a ^= b; })};
  }

  BackendRegistry registry_;
  TemporaryDirectory directory_;
  const std::string path_ = directory_.File("t");
  Recording* recording_ = nullptr;
};

TEST_F(RecordingTest, AProgramsAccessesReplay) {
  const auto backend = Record({});
  ASSERT_OK_AND_ASSIGN(auto value, backend->GetState(ValueStateDescriptor<std::string>("v")));
  for (int64_t i = 0; i < 100; ++i) {
    recording_->SetTime(500 + i);
    ASSERT_OK(backend->SetCurrentKey(i % 7));
    ASSERT_OK(value.Update("value " + std::to_string(i)));
    if (i == 49) {
      ASSERT_OK(recording_->EndFill());
    }
  }
  EXPECT_CODE(recording_->EndFill(), kFailedPrecondition);
  EXPECT_EQ(recording_->recorded().operations, 100u);
  EXPECT_EQ(recording_->recorded().states, 1u);
  EXPECT_EQ(directory_.Files(), 1u) << "a temporary file alone";
  ASSERT_OK(recording_->Finish());
  ASSERT_OK_AND_ASSIGN(const auto trace, TraceReader::Open(path_));
  EXPECT_EQ(trace->operations(), 100u);
  EXPECT_EQ(trace->fill_operations(), 50u);
  EXPECT_EQ(trace->totals().last_time_ms, 599);
  const auto plain = Plain();
  ASSERT_OK(Replay(*trace, *plain, {}));
  KeyedBackend<int64_t> replayed(Plain());
  ASSERT_OK_AND_ASSIGN(auto again, replayed.GetState(ValueStateDescriptor<std::string>("v")));
  ASSERT_OK(Replay(*trace, replayed.backend(), {}));
  ASSERT_OK(replayed.SetCurrentKey(3));
  ASSERT_OK_AND_ASSIGN(const std::string* last, again.Get());
  ASSERT_NE(last, nullptr);
  EXPECT_EQ(*last, "value 94");
}

TEST_F(RecordingTest, WhatFollowsTheEndWorksAndIsNotRecorded) {
  const auto backend = Record({});
  ASSERT_OK_AND_ASSIGN(auto value, backend->GetState(ValueStateDescriptor<int64_t>("v")));
  ASSERT_OK(backend->SetCurrentKey(1));
  ASSERT_OK(value.Update(1));
  ASSERT_OK(recording_->Finish());
  const std::string finished = TemporaryDirectory::Read(path_);
  ASSERT_OK(value.Update(2));
  ASSERT_OK_AND_ASSIGN(auto map, backend->GetState(MapStateDescriptor<int64_t, int64_t>("later")));
  ASSERT_OK(map.Put(1, 1));
  ASSERT_OK_AND_ASSIGN(const int64_t* read, value.Get());
  EXPECT_EQ(*read, 2);
  EXPECT_CODE(recording_->Finish(), kFailedPrecondition);
  EXPECT_CODE(recording_->EndFill(), kFailedPrecondition);
  EXPECT_EQ(TemporaryDirectory::Read(path_), finished);
}

TEST_F(RecordingTest, WithoutItsEndNothingIsLeft) {
  {
    const auto backend = Record({});
    ASSERT_OK_AND_ASSIGN(auto value, backend->GetState(ValueStateDescriptor<int64_t>("v")));
    ASSERT_OK(backend->SetCurrentKey(1));
    ASSERT_OK(value.Update(1));
  }
  EXPECT_EQ(directory_.Files(), 0u);
}

TEST_F(RecordingTest, AStateOfAFunctionOfOnesOwnIsRefusedByNameAndTheRestGoesOn) {
  const auto backend = Record({});
  const auto refused = backend->GetState(OfOwnFunction());
  EXPECT_CODE(refused, kUnimplemented);
  EXPECT_MENTIONS(refused, "'mine'");
  ASSERT_OK_AND_ASSIGN(auto value, backend->GetState(ValueStateDescriptor<int64_t>("v")));
  ASSERT_OK(backend->SetCurrentKey(1));
  ASSERT_OK(value.Update(1));
  ASSERT_OK(recording_->Finish());
  EXPECT_EQ(recording_->recorded().states, 1u);
}

TEST_F(RecordingTest, OtherStatesAreLeftOutOnRequestAndWork) {
  RecordingOptions options;
  options.leave_out_others = true;
  const auto backend = Record(options);
  ASSERT_OK_AND_ASSIGN(auto mine, backend->GetState(OfOwnFunction()));
  ASSERT_OK_AND_ASSIGN(auto value, backend->GetState(ValueStateDescriptor<int64_t>("v")));
  for (int64_t key = 0; key < 5; ++key) {
    ASSERT_OK(backend->SetCurrentKey(key));
    ASSERT_OK(mine.Add(3));
    ASSERT_OK(mine.Add(4));
    ASSERT_OK(value.Update(key));
  }
  ASSERT_OK_AND_ASSIGN(const int64_t* combined, mine.Get());
  EXPECT_EQ(*combined, 7);
  // A walk over a state that is left out, and what it does to one that is not.
  uint64_t walked = 0;
  ASSERT_OK(backend->backend().ApplyToAllKeys("mine", ByteView("\0", 1), [&](ByteView, InternalKVState& state) {
    ++walked;
    KVSTATE_RETURN_IF_ERROR(value.Update(100));
    return state.Clear();
  }));
  EXPECT_EQ(walked, 5u);
  ASSERT_OK(backend->backend().RemoveState("mine"));
  ASSERT_OK(backend->GetState(OfOwnFunction()));
  EXPECT_EQ(recording_->recorded().left_out, std::vector<std::string>{"mine"});
  EXPECT_EQ(recording_->recorded().operations, 10u);
  ASSERT_OK(recording_->Finish());
  ASSERT_OK_AND_ASSIGN(const auto trace, TraceReader::Open(path_));
  const auto plain = Plain();
  ASSERT_OK(Replay(*trace, *plain, {}));
  ASSERT_EQ(trace->states().size(), 1u);
  EXPECT_EQ(trace->states()[0].descriptor.name, "v");
}

TEST_F(RecordingTest, SizesAloneAreRecordedOnRequest) {
  RecordingOptions options;
  options.values = RecordingOptions::Values::kSizes;
  const auto backend = Record(options);
  EXPECT_CODE(backend->GetState(ValueStateDescriptor<std::map<int64_t, int64_t>>("whole_map")), kUnimplemented);
  ASSERT_OK_AND_ASSIGN(auto value, backend->GetState(ValueStateDescriptor<std::string>("v")));
  ASSERT_OK(backend->SetCurrentKey(1));
  ASSERT_OK(value.Update("a value that nobody is to see"));
  ASSERT_OK(recording_->Finish());
  ASSERT_OK_AND_ASSIGN(const auto trace, TraceReader::Open(path_));
  EXPECT_TRUE(trace->header().values_are_sizes);
  ASSERT_OK_AND_ASSIGN(const std::vector<TraceOperation>* chunk, trace->NextChunk());
  EXPECT_EQ(chunk->front().value.size(), 30u);
  EXPECT_EQ(TemporaryDirectory::Read(path_).find("nobody"), std::string::npos);
}

TEST_F(RecordingTest, APlaceThatCanNotBeWrittenIsToldAtOnce) {
  EXPECT_CODE(RecordAccesses(Plain(), SerializerFor<int64_t>(), directory_.File("none/t")), kNotFound);
}

}  // namespace
}  // namespace kvstate::harness
