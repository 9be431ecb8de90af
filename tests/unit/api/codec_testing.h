#ifndef KVSTATE_TESTS_UNIT_API_CODEC_TESTING_H_
#define KVSTATE_TESTS_UNIT_API_CODEC_TESTING_H_

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "kvstate/serializers.h"
#include "tests/support/status_testing.h"

namespace kvstate {

/// Bytes written as "00 ff 61", or as text between single quotes: "03 'abc'".
inline std::string Bytes(std::string_view text) {
  std::string bytes;
  const auto digit = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
  for (size_t i = 0; i < text.size();) {
    if (text[i] == '\'') {
      for (++i; text[i] != '\''; ++i) bytes.push_back(text[i]);
      ++i;
    } else if (text[i] == ' ') {
      ++i;
    } else {
      bytes.push_back(static_cast<char>(digit(text[i]) * 16 + digit(text[i + 1])));
      i += 2;
    }
  }
  return bytes;
}

/// What holds for every codec: the exact bytes; they read back; nothing shorter or longer is taken; the serializer over
/// the codec says the same; and the size is the fixed one where there is one.
template <class T>
void ExpectEncoding(const T& value, std::string_view golden) {
  const std::string bytes = Bytes(golden);
  EXPECT_EQ(::testing::PrintToString(Encode(value)), ::testing::PrintToString(bytes));
  if (Codec<T>::kEncodedSize != kVariableSize) {
    EXPECT_EQ(Codec<T>::kEncodedSize, bytes.size());
  }

  const auto decoded = Decode<T>(bytes);
  ASSERT_OK(decoded);
  EXPECT_EQ(*decoded, value);
  for (size_t cut = 0; cut < bytes.size(); ++cut) {
    EXPECT_CODE(Decode<T>(ByteView(bytes).substr(0, cut)), kDataLoss) << "cut at " << cut;
  }
  EXPECT_CODE(Decode<T>(bytes + '\0'), kDataLoss) << "a byte too many";

  const SerializerPtr serializer = SerializerFor<T>();
  ByteWriter out;
  serializer->Serialize(&value, out);
  EXPECT_EQ(out.view(), bytes);
  out.PutBytes("next");
  TypedObject object(serializer);
  ByteReader in(out.view());
  ASSERT_OK(serializer->Deserialize(in, object.get()));
  EXPECT_EQ(*static_cast<const T*>(object.get()), value);
  EXPECT_EQ(in.rest(), "next") << "reads its own bytes and no further";
}

template <class T>
void ExpectRefused(std::string_view bytes) {
  EXPECT_CODE(Decode<T>(Bytes(bytes)), kDataLoss) << bytes;
}

}  // namespace kvstate

#endif  // KVSTATE_TESTS_UNIT_API_CODEC_TESTING_H_
