#ifndef KVSTATE_TESTS_SUPPORT_STATUS_TESTING_H_
#define KVSTATE_TESTS_SUPPORT_STATUS_TESTING_H_

#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "kvstate/status.h"

namespace kvstate::testing_support {

inline Status StatusOf(Status status) { return status; }
template <class T>
Status StatusOf(const Result<T>& result) {
  return result.status();
}

inline ::testing::AssertionResult IsOk(const char* expression, const Status& status) {
  if (status.ok()) return ::testing::AssertionSuccess();
  return ::testing::AssertionFailure() << expression << " failed: " << status.ToString();
}

/// The code, and a message that says more than nothing.
inline ::testing::AssertionResult HasCode(const char* expression, const char*, const Status& status, StatusCode code) {
  if (status.code() != code) {
    return ::testing::AssertionFailure() << expression << " gave " << status.ToString() << ", not "
                                         << StatusCodeName(code);
  }
  if (!status.ok() && status.message().size() < 10) {
    return ::testing::AssertionFailure() << expression << " failed without saying why: " << status.ToString();
  }
  return ::testing::AssertionSuccess();
}

inline ::testing::AssertionResult Mentions(const char* expression, const char*, const Status& status,
                                           std::string_view text) {
  if (status.message().find(text) != std::string_view::npos) return ::testing::AssertionSuccess();
  return ::testing::AssertionFailure() << expression << " gave " << status.ToString() << ", which does not mention '"
                                       << text << "'";
}

}  // namespace kvstate::testing_support

#define EXPECT_OK(expression) \
  EXPECT_PRED_FORMAT1(::kvstate::testing_support::IsOk, ::kvstate::testing_support::StatusOf(expression))
#define ASSERT_OK(expression) \
  ASSERT_PRED_FORMAT1(::kvstate::testing_support::IsOk, ::kvstate::testing_support::StatusOf(expression))
/// `code` without its enum: EXPECT_CODE(call, kInvalidArgument).
#define EXPECT_CODE(expression, code)                                                                        \
  EXPECT_PRED_FORMAT2(::kvstate::testing_support::HasCode, ::kvstate::testing_support::StatusOf(expression), \
                      ::kvstate::StatusCode::code)
#define EXPECT_MENTIONS(expression, text) \
  EXPECT_PRED_FORMAT2(::kvstate::testing_support::Mentions, ::kvstate::testing_support::StatusOf(expression), text)

#define ASSERT_OK_AND_ASSIGN_IMPL_(result, lhs, expression) \
  auto result = (expression);                               \
  ASSERT_OK(result);                                        \
  lhs = std::move(result).value()
#define ASSERT_OK_AND_ASSIGN(lhs, expression) \
  ASSERT_OK_AND_ASSIGN_IMPL_(KVSTATE_CONCAT_(test_result_, __LINE__), lhs, expression)

#endif  // KVSTATE_TESTS_SUPPORT_STATUS_TESTING_H_
