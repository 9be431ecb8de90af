#include "kvstate/status.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/status_testing.h"

namespace kvstate {
namespace {

TEST(StatusTest, OkHasNoMessageAndIsOnePointerWide) {
  const Status status;
  EXPECT_TRUE(status.ok());
  EXPECT_EQ(status.code(), StatusCode::kOk);
  EXPECT_EQ(status.message(), "");
  EXPECT_EQ(status.ToString(), "OK");
  EXPECT_EQ(sizeof(Status), sizeof(void*));
  EXPECT_TRUE(Status(StatusCode::kOk, "a message that OK does not keep").message().empty());
}

TEST(StatusTest, MakersGiveTheirCodeWordAndMessage) {
  const std::vector<std::pair<Status, std::string>> all = {
      {CancelledError("why"), "CANCELLED: why"},
      {InvalidArgumentError("why"), "INVALID_ARGUMENT: why"},
      {NotFoundError("why"), "NOT_FOUND: why"},
      {AlreadyExistsError("why"), "ALREADY_EXISTS: why"},
      {PermissionDeniedError("why"), "PERMISSION_DENIED: why"},
      {ResourceExhaustedError("why"), "RESOURCE_EXHAUSTED: why"},
      {FailedPreconditionError("why"), "FAILED_PRECONDITION: why"},
      {OutOfRangeError("why"), "OUT_OF_RANGE: why"},
      {UnimplementedError("why"), "UNIMPLEMENTED: why"},
      {InternalError("why"), "INTERNAL: why"},
      {UnavailableError("why"), "UNAVAILABLE: why"},
      {DataLossError("why"), "DATA_LOSS: why"},
  };
  for (const auto& [status, text] : all) {
    EXPECT_FALSE(status.ok());
    EXPECT_EQ(status.ToString(), text);
  }
  EXPECT_EQ(StatusCodeName(StatusCode::kAborted), "ABORTED");
  EXPECT_EQ(StatusCodeName(StatusCode::kUnknown), "UNKNOWN");
}

TEST(StatusTest, CodesKeepTheirCanonicalNumbers) {
  EXPECT_EQ(static_cast<int>(StatusCode::kInvalidArgument), 3);
  EXPECT_EQ(static_cast<int>(StatusCode::kNotFound), 5);
  EXPECT_EQ(static_cast<int>(StatusCode::kAlreadyExists), 6);
  EXPECT_EQ(static_cast<int>(StatusCode::kResourceExhausted), 8);
  EXPECT_EQ(static_cast<int>(StatusCode::kFailedPrecondition), 9);
  EXPECT_EQ(static_cast<int>(StatusCode::kUnimplemented), 12);
  EXPECT_EQ(static_cast<int>(StatusCode::kDataLoss), 15);
}

TEST(StatusTest, CopiesAreIndependent) {
  Status first = NotFoundError("first");
  Status copy = first;
  first = DataLossError("second");
  EXPECT_EQ(copy.ToString(), "NOT_FOUND: first");
  EXPECT_EQ(first.ToString(), "DATA_LOSS: second");
  const Status& alias = copy;
  copy = alias;
  EXPECT_EQ(copy.ToString(), "NOT_FOUND: first");
}

TEST(StatusTest, MovingLeavesOk) {
  Status from = NotFoundError("gone");
  const Status to = std::move(from);
  EXPECT_EQ(to.code(), StatusCode::kNotFound);
  EXPECT_TRUE(from.ok());  // NOLINT(bugprone-use-after-move,clang-analyzer-cplusplus.Move): what a move leaves.
}

TEST(StatusTest, ContextComesBeforeTheMessageAndKeepsTheCode) {
  EXPECT_EQ(NotFoundError("no file").WithContext("opening").ToString(), "NOT_FOUND: opening: no file");
  EXPECT_TRUE(Status().WithContext("opening").ok());
}

TEST(ResultTest, HoldsAValueOrAStatus) {
  const Result<int> good = 7;
  ASSERT_TRUE(good.ok());
  EXPECT_EQ(*good, 7);
  EXPECT_TRUE(good.status().ok());
  const Result<int> bad = NotFoundError("none");
  EXPECT_FALSE(bad.ok());
  EXPECT_EQ(bad.status().code(), StatusCode::kNotFound);
}

TEST(ResultTest, CopyMoveAndAssignKeepValueAndStatusApart) {
  Result<std::string> value = std::string(100, 'v');
  Result<std::string> error = NotFoundError("none");
  Result<std::string> copy = value;
  value = error;
  EXPECT_FALSE(value.ok());
  error = copy;
  ASSERT_TRUE(error.ok());
  EXPECT_EQ(error->size(), 100u);
  Result<std::string> moved = std::move(copy);
  EXPECT_EQ(moved->size(), 100u);
  const std::string out = std::move(moved).value();
  EXPECT_EQ(out, std::string(100, 'v'));
}

TEST(ResultTest, HoldsTypesThatOnlyMove) {
  Result<std::unique_ptr<int>> result = std::make_unique<int>(3);
  const std::unique_ptr<int> out = std::move(result).value();
  EXPECT_EQ(*out, 3);
}

TEST(ResultTest, TakingTheStatusOfATemporaryLeavesNoOkWithoutAValue) {
  Result<std::string> error = NotFoundError("none");
  const Status taken = std::move(error).status();
  EXPECT_EQ(taken.code(), StatusCode::kNotFound);
  EXPECT_FALSE(error.ok());  // NOLINT(bugprone-use-after-move,clang-analyzer-cplusplus.Move): what it must leave.
}

Status Twice(const Result<int>& in, int* out) {
  KVSTATE_ASSIGN_OR_RETURN(const int value, in);
  KVSTATE_RETURN_IF_ERROR(value < 0 ? OutOfRangeError("negative number") : Status());
  *out = 2 * value;
  return Status();
}

TEST(ResultTest, MacrosReturnTheFirstFailure) {
  int out = 0;
  EXPECT_OK(Twice(4, &out));
  EXPECT_EQ(out, 8);
  EXPECT_CODE(Twice(-1, &out), kOutOfRange);
  EXPECT_CODE(Twice(NotFoundError("no such number"), &out), kNotFound);
  EXPECT_EQ(out, 8);
}

}  // namespace
}  // namespace kvstate
