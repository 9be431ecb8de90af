#include "harness/replay/made_values.h"

#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "harness/replay/memory_trace.h"
#include "harness/replay/null_backend.h"
#include "harness/replay/prepared_chunk.h"
#include "harness/replay/trace_file.h"
#include "kvstate/descriptors.h"
#include "tests/support/status_testing.h"
#include "tests/unit/harness/temporary_directory.h"
#include "workloads/workload.h"

namespace kvstate::harness {
namespace {

template <class T>
std::string Encoded(const T& value) {
  ByteWriter out;
  Codec<T>::Write(value, out);
  return std::string(out.view());
}

class MadeValuesTest : public ::testing::Test {
 protected:
  /// Writes the encodings with their sizes alone, reads them again: they must be values of the type, of the same sizes.
  template <class T>
  void ExpectMade(const std::vector<std::string>& encodings) {
    ASSERT_OK_AND_ASSIGN(const auto writer, TraceWriter::Create(directory_.File("t"), true));
    ASSERT_OK(writer->Begin({SerializerFor<std::string>(), 128}));
    ASSERT_OK(writer->AddState({SerializerFor<VoidNamespace>(), ValueStateDescriptor<T>("v")}));
    for (const std::string& encoding : encodings) {
      TraceOperation update{.operation = Operation::kUpdate, .state = 0, .sets_key = true, .key = "k"};
      update.value = encoding;
      const Status appended = writer->Append(update);
      ASSERT_OK(appended) << encoding.size() << " bytes";
    }
    ASSERT_OK(writer->Finish());
    ASSERT_OK_AND_ASSIGN(const auto reader, TraceReader::Open(directory_.File("t")));
    EXPECT_TRUE(reader->header().values_are_sizes);
    size_t next = 0;
    while (true) {
      ASSERT_OK_AND_ASSIGN(const std::vector<TraceOperation>* chunk, reader->NextChunk());
      if (chunk->empty()) break;
      for (const TraceOperation& operation : *chunk) {
        ASSERT_EQ(operation.value.size(), encodings[next++].size());
        ByteReader in(operation.value);
        T value = {};
        ASSERT_OK(Codec<T>::Read(in, value)) << operation.value.size() << " bytes";
        EXPECT_TRUE(in.AtEnd());
      }
    }
    EXPECT_EQ(next, encodings.size());
  }

  static Status Refusal(const StateDescriptor& descriptor) {
    MadeValues made;
    return made.AddState({SerializerFor<VoidNamespace>(), descriptor});
  }

  TemporaryDirectory directory_;
};

TEST_F(MadeValuesTest, EachTypeGetsValuesOfTheSizesItsValuesHad) {
  ExpectMade<int64_t>({Encoded<int64_t>(1), Encoded<int64_t>(-1)});
  ExpectMade<bool>(std::vector<std::string>(50, Encoded(true)));
  ExpectMade<double>(std::vector<std::string>(50, Encoded(1.5)));
  ExpectMade<TimeWindow>({Encoded(TimeWindow{1, 2})});
  ExpectMade<std::optional<int64_t>>(
      {Encoded(std::optional<int64_t>()), Encoded(std::optional<int64_t>(3)), Encoded(std::optional<int64_t>())});
  ExpectMade<std::pair<int64_t, bool>>({Encoded(std::pair<int64_t, bool>(1, false))});
  std::vector<std::string> strings, pairs, numbers, texts, maybe;
  for (const size_t n : {0u, 1u, 5u, 126u, 127u, 128u, 129u, 130u, 300u, 16383u, 16384u, 70000u}) {
    const std::string text(n, 'x');
    strings.push_back(Encoded(text));
    pairs.push_back(Encoded(std::tuple<std::string, int32_t, std::string>("ab", 7, text)));
    pairs.push_back(Encoded(std::tuple<std::string, int32_t, std::string>(text, 7, "")));
    maybe.push_back(Encoded(std::optional<std::string>(text)));
    numbers.push_back(Encoded(std::vector<int64_t>(n)));
    texts.push_back(Encoded(std::vector<std::string>{text}));
    texts.push_back(Encoded(std::vector<std::string>{text, "b", "cd"}));
  }
  texts.push_back(Encoded(std::vector<std::string>()));
  ExpectMade<std::string>(strings);
  ExpectMade<std::tuple<std::string, int32_t, std::string>>(pairs);
  ExpectMade<std::vector<int64_t>>(numbers);
  ExpectMade<std::vector<std::string>>(texts);
  ExpectMade<std::optional<std::string>>(maybe);
}

TEST_F(MadeValuesTest, AnElementOfAListIsMadeAndAListOfAsManyWhereSizesSay) {
  const TraceState state{SerializerFor<VoidNamespace>(), ListStateDescriptor<int64_t>("l")};
  TraceOperation add{.operation = Operation::kAdd, .state = 0, .sets_key = true, .key = "k"};
  add.value = "12345678";
  TraceOperation all{.operation = Operation::kAddAll, .state = 0};
  all.value = "123456781234567812345678";
  ASSERT_OK_AND_ASSIGN(const auto writer, TraceWriter::Create(directory_.File("t"), true));
  ASSERT_OK(writer->Begin({SerializerFor<std::string>(), 128}));
  ASSERT_OK(writer->AddState(state));
  ASSERT_OK(writer->Append(add));
  ASSERT_OK(writer->Append(all));
  TraceOperation odd = all;
  odd.value = "123456789";
  EXPECT_CODE(writer->Append(odd), kInvalidArgument);
  ASSERT_OK(writer->Finish());
  ASSERT_OK_AND_ASSIGN(const auto reader, TraceReader::Open(directory_.File("t")));
  ASSERT_OK_AND_ASSIGN(const std::vector<TraceOperation>* chunk, reader->NextChunk());
  ChunkPreparer preparer(reader->header().key_serializer);
  ASSERT_OK_AND_ASSIGN(const auto prepared, preparer.Prepare(*chunk, reader->states()));
  EXPECT_EQ(static_cast<const std::vector<int64_t>*>(prepared[1].value)->size(), 3u);
}

TEST_F(MadeValuesTest, TheSameFileAlwaysGivesTheSameValuesAndTheyDiffer) {
  ASSERT_OK_AND_ASSIGN(const auto writer, TraceWriter::Create(directory_.File("t"), true));
  ASSERT_OK(writer->Begin({SerializerFor<std::string>(), 128}));
  ASSERT_OK(writer->AddState({SerializerFor<VoidNamespace>(), ValueStateDescriptor<std::string>("v")}));
  for (size_t i = 0; i < 2 * kBlockOperations; ++i) {
    TraceOperation update{.operation = Operation::kUpdate, .state = 0, .sets_key = true, .key = "k"};
    const std::string value = Encoded(std::string(30, 'x'));
    update.value = value;
    ASSERT_OK(writer->Append(update));
  }
  ASSERT_OK(writer->Finish());
  ASSERT_OK_AND_ASSIGN(const auto reader, TraceReader::Open(directory_.File("t")));
  ASSERT_OK(reader->NextChunk());
  ASSERT_OK_AND_ASSIGN(const std::vector<TraceOperation>* chunk, reader->NextChunk());
  const std::string read(chunk->front().value);
  EXPECT_NE(read, chunk->back().value);
  ASSERT_OK(reader->SeekToOperation(kBlockOperations + 5));
  ASSERT_OK_AND_ASSIGN(chunk, reader->NextChunk());
  EXPECT_EQ(chunk->front().value, read);
}

TEST_F(MadeValuesTest, LargeValuesMakeSmallBlocksSoThatAReadersMemoryIsBounded) {
  ASSERT_OK_AND_ASSIGN(const auto writer, TraceWriter::Create(directory_.File("t"), true));
  ASSERT_OK(writer->Begin({SerializerFor<std::string>(), 128}));
  ASSERT_OK(writer->AddState({SerializerFor<VoidNamespace>(), ValueStateDescriptor<std::string>("v")}));
  const std::string value = Encoded(std::string(kBlockBytes / 4, 'v'));
  for (int i = 0; i < 20; ++i) {
    TraceOperation update{.operation = Operation::kUpdate, .state = 0};
    update.value = value;
    ASSERT_OK(writer->Append(update));
  }
  ASSERT_OK(writer->Finish());
  EXPECT_EQ(writer->totals().blocks, 5u);
  EXPECT_LT(writer->bytes(), 1000u);
}

TEST_F(MadeValuesTest, WhatSizesSayTooLittleOfIsRefusedByName) {
  EXPECT_OK(Refusal(MapStateDescriptor<std::string, int64_t>("entries")));
  const Status of_map = Refusal(ValueStateDescriptor<std::map<std::string, int64_t>>("whole_map"));
  EXPECT_CODE(of_map, kUnimplemented);
  EXPECT_MENTIONS(of_map, "whole_map");
  EXPECT_CODE(Refusal(ValueStateDescriptor<std::vector<std::map<int64_t, int64_t>>>("nested")), kUnimplemented);
  EXPECT_OK(Refusal(ReducingStateDescriptor<int64_t>("sum", workloads::NamedReduceFunction("sum_int64"))));
  const Status of_texts = Refusal(ReducingStateDescriptor<std::string>(
      "texts", MakeReduceFunction<std::string>([](std::string& a, const std::string& b) { a += b; })));
  EXPECT_CODE(of_texts, kUnimplemented);
  EXPECT_MENTIONS(of_texts, "what its function gives");
}

TEST_F(MadeValuesTest, ASizeThatNoValueHasIsDamage) {
  BlockEncoder encoder;
  encoder.WriteSizesOfValues();
  TraceOperation update{.operation = Operation::kUpdate, .state = 0};
  update.value = "1234567";
  encoder.Append(update);
  MadeValues made;
  ASSERT_OK(made.AddState({SerializerFor<VoidNamespace>(), ValueStateDescriptor<int64_t>("v")}));
  std::vector<TraceOperation> operations;
  const Status decoded = DecodeBlock(encoder.Finish(), 1, &operations, &made);
  EXPECT_CODE(decoded, kDataLoss);
  EXPECT_MENTIONS(decoded, "7 bytes");
}

}  // namespace
}  // namespace kvstate::harness
