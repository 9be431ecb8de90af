#include "harness/replay/trace_file.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "harness/replay/memory_trace.h"
#include "harness/replay/state_codec.h"
#include "harness/replay/trace_block.h"
#include "kvstate/descriptors.h"
#include "kvstate/namespaces.h"
#include "tests/support/status_testing.h"
#include "tests/unit/harness/temporary_directory.h"
#include "workloads/workload.h"

namespace kvstate::harness {
namespace {

class TraceFileTest : public ::testing::Test {
 protected:
  static std::vector<TraceState> States() {
    ValueStateDescriptor<int64_t> count("count");
    count.WithDefault(5);
    return {{SerializerFor<VoidNamespace>(), count},
            {SerializerFor<TimeWindow>(), MapStateDescriptor<std::string, double>("map")},
            {SerializerFor<TimeWindow>(),
             ReducingStateDescriptor<int64_t>("sum", workloads::NamedReduceFunction("sum_int64"))},
            {SerializerFor<TimeWindow>(), AggregatingStateDescriptor<int64_t, std::pair<int64_t, int64_t>, double>(
                                              "mean", workloads::NamedAggregateFunction("mean_int64"))}};
  }

  static std::vector<TraceOperation> Operations() {
    std::vector<TraceOperation> operations;
    TraceOperation get{.operation = Operation::kGet, .state = 0, .sets_key = true, .time_ms = -5, .key = "k"};
    operations.push_back(get);
    operations.push_back({.operation = Operation::kUpdate, .state = 0, .null_value = true, .time_ms = 7});
    operations.push_back({.operation = Operation::kMapPut,
                          .state = 1,
                          .sets_namespace = true,
                          .time_ms = 3,
                          .state_namespace = "0123456789abcdef",
                          .user_key = "u",
                          .value = "12345678"});
    operations.push_back({.operation = Operation::kIteratorAdvance,
                          .state = 1,
                          .reads_values = true,
                          .time_ms = 3,
                          .iterator = 9,
                          .count = 1000});
    operations.push_back({.operation = Operation::kMerge, .state = 2, .time_ms = 3, .user_key = "t", .value = "v"});
    return operations;
  }

  std::string WriteSmallTrace(const std::string& name) {
    auto writer = TraceWriter::Create(directory_.File(name));
    EXPECT_OK(writer);
    EXPECT_OK((*writer)->Begin({SerializerFor<std::string>(), 64}));
    for (const TraceState& state : States()) EXPECT_OK((*writer)->AddState(state));
    for (const TraceOperation& operation : Operations()) EXPECT_OK((*writer)->Append(operation));
    EXPECT_OK((*writer)->Finish());
    return directory_.File(name);
  }

  /// Reads it all; the number of operations.
  static Result<uint64_t> ReadAll(const std::string& path) {
    KVSTATE_ASSIGN_OR_RETURN(const std::unique_ptr<TraceReader> reader, TraceReader::Open(path));
    uint64_t operations = 0;
    while (true) {
      KVSTATE_ASSIGN_OR_RETURN(const std::vector<TraceOperation>* chunk, reader->NextChunk());
      if (chunk->empty()) return operations;
      operations += chunk->size();
    }
  }

  TemporaryDirectory directory_;
};

TEST_F(TraceFileTest, GivesBackWhatWasWritten) {
  ASSERT_OK_AND_ASSIGN(const auto reader, TraceReader::Open(WriteSmallTrace("t")));
  EXPECT_EQ(reader->operations(), 5u);
  EXPECT_EQ(reader->header().max_parallelism, 64u);
  EXPECT_EQ(reader->header().key_serializer->Snapshot(), SerializerFor<std::string>()->Snapshot());
  for (int pass = 0; pass < 2; ++pass) {
    ASSERT_OK_AND_ASSIGN(const std::vector<TraceOperation>* chunk, reader->NextChunk());
    const auto expected = Operations();
    ASSERT_EQ(chunk->size(), expected.size());
    for (size_t i = 0; i < expected.size(); ++i) {
      EXPECT_EQ((*chunk)[i].operation, expected[i].operation);
      EXPECT_EQ((*chunk)[i].state, expected[i].state);
      EXPECT_EQ((*chunk)[i].time_ms, expected[i].time_ms);
      EXPECT_EQ((*chunk)[i].sets_key, expected[i].sets_key);
      EXPECT_EQ((*chunk)[i].key, expected[i].key);
      EXPECT_EQ((*chunk)[i].sets_namespace, expected[i].sets_namespace);
      EXPECT_EQ((*chunk)[i].state_namespace, expected[i].state_namespace);
      EXPECT_EQ((*chunk)[i].user_key, expected[i].user_key);
      EXPECT_EQ((*chunk)[i].value, expected[i].value);
      EXPECT_EQ((*chunk)[i].null_value, expected[i].null_value);
      EXPECT_EQ((*chunk)[i].reads_values, expected[i].reads_values);
      EXPECT_EQ((*chunk)[i].iterator, expected[i].iterator);
      EXPECT_EQ((*chunk)[i].count, expected[i].count);
    }
    ASSERT_EQ(reader->states().size(), 4u);
    EXPECT_EQ(*static_cast<const int64_t*>(reader->states()[0].descriptor.default_value->get()), 5);
    EXPECT_NE(reader->states()[2].descriptor.reduce, nullptr);
    EXPECT_NE(reader->states()[3].descriptor.aggregate, nullptr);
    // The function works on live pairs, not on their bytes.
    const TypeInfo& of_pair = SerializerFor<std::pair<int64_t, int64_t>>()->info();
    EXPECT_EQ(reader->states()[3].descriptor.value_serializer->info().alignment, of_pair.alignment);
    ASSERT_OK_AND_ASSIGN(chunk, reader->NextChunk());
    EXPECT_TRUE(chunk->empty());
    ASSERT_OK(reader->Rewind());
  }
}

TEST_F(TraceFileTest, ABlockStartsWithItsKeyAndNamespaces) {
  ASSERT_OK_AND_ASSIGN(const auto writer, TraceWriter::Create(directory_.File("t")));
  ASSERT_OK(writer->Begin({SerializerFor<std::string>(), 128}));
  for (const TraceState& state : States()) ASSERT_OK(writer->AddState(state));
  TraceOperation operation{.operation = Operation::kGet, .state = 2, .sets_key = true, .sets_namespace = true};
  operation.key = "key";
  operation.state_namespace = "namespace";
  for (size_t i = 0; i < 2 * kBlockOperations; ++i) {
    ASSERT_OK(writer->Append(operation));
    operation = {.operation = Operation::kGet, .state = 2};
  }
  ASSERT_OK(writer->Finish());
  ASSERT_OK_AND_ASSIGN(const auto reader, TraceReader::Open(directory_.File("t")));
  for (int block = 0; block < 2; ++block) {
    ASSERT_OK_AND_ASSIGN(const std::vector<TraceOperation>* chunk, reader->NextChunk());
    ASSERT_EQ(chunk->size(), kBlockOperations);
    EXPECT_EQ(chunk->front().key, "key");
    EXPECT_EQ(chunk->front().state_namespace, "namespace");
    EXPECT_FALSE(chunk->back().sets_key);
    EXPECT_FALSE(chunk->back().sets_namespace);
  }
}

TEST_F(TraceFileTest, ABlockIsNoLargerThanItsBoundAndOneOperation) {
  ASSERT_OK_AND_ASSIGN(const auto writer, TraceWriter::Create(directory_.File("t")));
  ASSERT_OK(writer->Begin({SerializerFor<std::string>(), 128}));
  ASSERT_OK(writer->AddState(States()[0]));
  const std::string value(kBlockBytes / 4, 'v');
  for (int i = 0; i < 20; ++i) {
    ASSERT_OK(writer->Append({.operation = Operation::kUpdate, .state = 0, .value = value}));
  }
  ASSERT_OK(writer->Finish());
  EXPECT_EQ(writer->totals().blocks, 5u);
  ASSERT_OK_AND_ASSIGN(const uint64_t operations, ReadAll(directory_.File("t")));
  EXPECT_EQ(operations, 20u);
}

TEST_F(TraceFileTest, EveryFlippedByteIsFound) {
  const std::string whole = TemporaryDirectory::Read(WriteSmallTrace("t"));
  for (size_t i = 0; i < whole.size(); ++i) {
    for (const int flip : {0x01, 0x80, 0xff}) {
      std::string damaged = whole;
      damaged[i] = static_cast<char>(damaged[i] ^ flip);
      const auto read = ReadAll(directory_.Write("damaged", damaged));
      ASSERT_FALSE(read.ok()) << "byte " << i << " flipped by " << flip << " was not found";
      ASSERT_TRUE(read.status().code() == StatusCode::kDataLoss || read.status().code() == StatusCode::kInvalidArgument)
          << read.status().ToString();
      EXPECT_MENTIONS(read, "damaged");
    }
  }
}

TEST_F(TraceFileTest, ABlockWithoutOperationsIsNotTheEnd) {
  std::vector<TraceOperation> operations;
  EXPECT_CODE(DecodeBlock(ByteView("\0\0", 2), 1, &operations), kDataLoss);
}

TEST_F(TraceFileTest, EveryTruncationIsFound) {
  const std::string whole = TemporaryDirectory::Read(WriteSmallTrace("t"));
  for (size_t size = 0; size < whole.size(); ++size) {
    ASSERT_FALSE(ReadAll(directory_.Write("short", whole.substr(0, size))).ok()) << size;
  }
  EXPECT_CODE(ReadAll(directory_.Write("long", whole + "x")), kDataLoss);
  EXPECT_CODE(ReadAll(directory_.Write("twice", whole + whole)), kDataLoss);
}

TEST_F(TraceFileTest, AMissingBlockIsFoundBetweenGoodOnes) {
  ASSERT_OK_AND_ASSIGN(const auto writer, TraceWriter::Create(directory_.File("t")));
  ASSERT_OK(writer->Begin({SerializerFor<std::string>(), 128}));
  ASSERT_OK(writer->AddState(States()[0]));
  std::vector<uint64_t> ends;
  for (size_t i = 0; i < 3 * kBlockOperations; ++i) {
    ASSERT_OK(writer->Append({.operation = Operation::kGet, .state = 0, .time_ms = static_cast<int64_t>(i)}));
    if ((i + 1) % kBlockOperations == 0) ends.push_back(writer->bytes());
  }
  ASSERT_OK(writer->Finish());
  const std::string whole = TemporaryDirectory::Read(directory_.File("t"));
  const auto read = ReadAll(directory_.Write("gap", whole.substr(0, ends[0]) + whole.substr(ends[1])));
  EXPECT_CODE(read, kDataLoss);
  EXPECT_MENTIONS(read, "block 3 at offset " + std::to_string(ends[0]));
}

TEST_F(TraceFileTest, ForeignAndNewerFilesAreRefusedByWhatTheyAre) {
  EXPECT_CODE(ReadAll(directory_.Write("foreign", "job,1,2,3\njob,4,5,6\n")), kInvalidArgument);
  EXPECT_MENTIONS(ReadAll(directory_.File("foreign")), "not a kvstate trace");
  std::string newer = TemporaryDirectory::Read(WriteSmallTrace("t"));
  newer[11] = 4;
  EXPECT_CODE(ReadAll(directory_.Write("newer", newer)), kInvalidArgument);
  EXPECT_MENTIONS(ReadAll(directory_.File("newer")), "version 4; this program reads versions 1 to 3");
  EXPECT_CODE(ReadAll(directory_.File("none")), kNotFound);
  EXPECT_CODE(ReadAll(directory_.path()), kInvalidArgument);
}

TEST_F(TraceFileTest, ATimeToLiveIsKeptAndItsCleanupIsNot) {
  TtlConfig ttl;
  ttl.ttl_millis = int64_t{1} << 40;
  ttl.update = TtlConfig::Update::kOnReadAndWrite;
  ttl.visibility = TtlConfig::Visibility::kReturnExpiredIfNotCleanedUp;
  TraceState with{SerializerFor<VoidNamespace>(), ValueStateDescriptor<int64_t>("with")};
  with.descriptor.ttl = ttl;
  with.descriptor.ttl->cleanup.incremental_entries = 7;
  const TraceState without{SerializerFor<VoidNamespace>(), ValueStateDescriptor<int64_t>("without")};
  ASSERT_OK_AND_ASSIGN(const auto writer, TraceWriter::Create(directory_.File("t")));
  ASSERT_OK(writer->Begin({SerializerFor<std::string>(), 128}));
  ASSERT_OK(writer->AddState(with));
  ASSERT_OK(writer->AddState(without));
  ASSERT_OK(writer->Finish());
  ASSERT_OK_AND_ASSIGN(const auto reader, TraceReader::Open(directory_.File("t")));
  ASSERT_OK(reader->NextChunk());
  ASSERT_EQ(reader->states().size(), 2u);
  EXPECT_EQ(reader->states()[0].descriptor.ttl, ttl);
  EXPECT_FALSE(reader->states()[1].descriptor.ttl.has_value());
}

TEST_F(TraceFileTest, QueuesOfTimersAndTheirOperationsAreKept) {
  TraceState queue{
      .namespace_serializer = SerializerFor<TimeWindow>(), .descriptor = {}, .timers = TimerStorage::kHeap};
  queue.descriptor.name = "t/event_time";
  TraceOperation add{.operation = Operation::kTimerAdd, .state = 0, .time_ms = 3, .user_key = "key", .value = "window"};
  add.timestamp = -77;
  ASSERT_OK_AND_ASSIGN(const auto writer, TraceWriter::Create(directory_.File("t")));
  ASSERT_OK(writer->Begin({SerializerFor<std::string>(), 128}));
  ASSERT_OK(writer->AddState(queue));
  ASSERT_OK(writer->Append(add));
  ASSERT_OK(writer->Append({.operation = Operation::kTimerPoll, .state = 0, .time_ms = 3}));
  ASSERT_OK(writer->Finish());
  ASSERT_OK_AND_ASSIGN(const auto reader, TraceReader::Open(directory_.File("t")));
  ASSERT_OK_AND_ASSIGN(const std::vector<TraceOperation>* chunk, reader->NextChunk());
  ASSERT_EQ(chunk->size(), 2u);
  EXPECT_EQ((*chunk)[0].operation, Operation::kTimerAdd);
  EXPECT_EQ((*chunk)[0].timestamp, -77);
  EXPECT_EQ((*chunk)[0].user_key, "key");
  EXPECT_EQ((*chunk)[0].value, "window");
  EXPECT_EQ((*chunk)[1].operation, Operation::kTimerPoll);
  ASSERT_EQ(reader->states().size(), 1u);
  EXPECT_EQ(reader->states()[0].timers, TimerStorage::kHeap);
  EXPECT_EQ(reader->states()[0].descriptor.name, "t/event_time");
}

TEST_F(TraceFileTest, TracesOfOlderVersionsAreRead) {
  const std::pair<std::string, int> files[] = {
      {"value_rmw", 1}, {"session_windows", 1}, {"version_2_timers", 2}, {"version_2_ttl", 2}};
  for (const auto& [name, version] : files) {
    const std::string path = std::string(KVSTATE_FUZZ_CORPUS_DIR) + "/trace_file/" + name + ".trace";
    ASSERT_EQ(TemporaryDirectory::Read(path)[11], version) << name;
    ASSERT_OK_AND_ASSIGN(const uint64_t operations, ReadAll(path));
    EXPECT_GT(operations, 0u) << name;
    ASSERT_OK_AND_ASSIGN(const auto reader, TraceReader::Open(path));
    EXPECT_EQ(reader->fill_operations(), 0u) << name;
  }
}

TEST_F(TraceFileTest, TheEndOfFillingIsKept) {
  MemoryTrace memory;
  ASSERT_OK_AND_ASSIGN(const auto writer, TraceWriter::Create(directory_.File("t")));
  for (TraceSink* sink : {static_cast<TraceSink*>(&memory), static_cast<TraceSink*>(writer.get())}) {
    ASSERT_OK(sink->Begin({SerializerFor<std::string>(), 128}));
    ASSERT_OK(sink->AddState(States()[0]));
    for (int i = 0; i < 5; ++i) {
      ASSERT_OK(sink->Append({.operation = Operation::kGet, .state = 0}));
      if (i != 2) continue;
      ASSERT_OK(sink->EndFill());
      EXPECT_CODE(sink->EndFill(), kFailedPrecondition);
    }
    ASSERT_OK(sink->Finish());
  }
  EXPECT_EQ(memory.fill_operations(), 3u);
  ASSERT_OK_AND_ASSIGN(const auto reader, TraceReader::Open(directory_.File("t")));
  EXPECT_EQ(reader->fill_operations(), 3u);
  EXPECT_EQ(reader->operations(), 5u);
}

TEST_F(TraceFileTest, NothingIsThereUnlessItWasFinished) {
  {
    ASSERT_OK_AND_ASSIGN(const auto writer, TraceWriter::Create(directory_.File("t")));
    ASSERT_OK(writer->Begin({SerializerFor<std::string>(), 128}));
  }
  EXPECT_EQ(directory_.Files(), 0u);
  EXPECT_CODE(TraceWriter::Create(directory_.File("none/t")), kNotFound);
  EXPECT_CODE(TraceWriter::Create(directory_.path()), kInvalidArgument);
}

TEST_F(TraceFileTest, AFunctionThatWorksOnOtherTypesIsRefused) {
  for (const bool reduces : {true, false}) {
    TraceState state{SerializerFor<VoidNamespace>(),
                     ReducingStateDescriptor<int64_t>("r", workloads::NamedReduceFunction("sum_int64"))};
    if (!reduces) {
      state.descriptor = AggregatingStateDescriptor<int64_t, std::pair<int64_t, int64_t>, double>(
          "a", workloads::NamedAggregateFunction("mean_int64"));
    }
    state.descriptor.value_serializer = SerializerFor<std::string>();
    ByteWriter encoded;
    ASSERT_OK(EncodeTraceState(state, encoded));
    EXPECT_CODE(DecodeTraceState(encoded.view()), kInvalidArgument);
  }
}

TEST_F(TraceFileTest, AStateWhoseFunctionHasNoNameIsRefused) {
  ASSERT_OK_AND_ASSIGN(const auto writer, TraceWriter::Create(directory_.File("t")));
  ASSERT_OK(writer->Begin({SerializerFor<std::string>(), 128}));
  const ReducingStateDescriptor<int64_t> descriptor(
      "mine", MakeReduceFunction<int64_t>([](int64_t& a, const int64_t& b) { a ^= b; }));
  EXPECT_CODE(writer->AddState({SerializerFor<VoidNamespace>(), descriptor}), kUnimplemented);
}

}  // namespace
}  // namespace kvstate::harness
