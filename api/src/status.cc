#include "kvstate/status.h"

namespace kvstate {
inline namespace v1 {

struct Status::Rep {
  StatusCode code;
  std::string message;
};

Status::Status(StatusCode code, std::string message)
    : rep_(code == StatusCode::kOk ? nullptr : new Rep{code, std::move(message)}) {}

Status::Rep* Status::Clone(const Rep& rep) { return new Rep(rep); }
void Status::Free(Rep* rep) { delete rep; }
StatusCode Status::CodeOf(const Rep& rep) { return rep.code; }

std::string_view Status::message() const { return rep_ == nullptr ? std::string_view() : rep_->message; }

std::string Status::ToString() const {
  if (ok()) return "OK";
  std::string text(StatusCodeName(code()));
  text.append(": ").append(message());
  return text;
}

Status Status::WithContext(std::string_view context) const {
  if (ok()) return Status();
  std::string text(context);
  text.append(": ").append(message());
  return Status(code(), std::move(text));
}

std::string_view StatusCodeName(StatusCode code) {
  switch (code) {
    case StatusCode::kOk:
      return "OK";
    case StatusCode::kCancelled:
      return "CANCELLED";
    case StatusCode::kUnknown:
      return "UNKNOWN";
    case StatusCode::kInvalidArgument:
      return "INVALID_ARGUMENT";
    case StatusCode::kNotFound:
      return "NOT_FOUND";
    case StatusCode::kAlreadyExists:
      return "ALREADY_EXISTS";
    case StatusCode::kPermissionDenied:
      return "PERMISSION_DENIED";
    case StatusCode::kResourceExhausted:
      return "RESOURCE_EXHAUSTED";
    case StatusCode::kFailedPrecondition:
      return "FAILED_PRECONDITION";
    case StatusCode::kAborted:
      return "ABORTED";
    case StatusCode::kOutOfRange:
      return "OUT_OF_RANGE";
    case StatusCode::kUnimplemented:
      return "UNIMPLEMENTED";
    case StatusCode::kInternal:
      return "INTERNAL";
    case StatusCode::kUnavailable:
      return "UNAVAILABLE";
    case StatusCode::kDataLoss:
      return "DATA_LOSS";
  }
  return "UNKNOWN";
}

Status CancelledError(std::string message) { return {StatusCode::kCancelled, std::move(message)}; }
Status InvalidArgumentError(std::string message) { return {StatusCode::kInvalidArgument, std::move(message)}; }
Status NotFoundError(std::string message) { return {StatusCode::kNotFound, std::move(message)}; }
Status AlreadyExistsError(std::string message) { return {StatusCode::kAlreadyExists, std::move(message)}; }
Status PermissionDeniedError(std::string message) { return {StatusCode::kPermissionDenied, std::move(message)}; }
Status ResourceExhaustedError(std::string message) { return {StatusCode::kResourceExhausted, std::move(message)}; }
Status FailedPreconditionError(std::string message) { return {StatusCode::kFailedPrecondition, std::move(message)}; }
Status OutOfRangeError(std::string message) { return {StatusCode::kOutOfRange, std::move(message)}; }
Status UnimplementedError(std::string message) { return {StatusCode::kUnimplemented, std::move(message)}; }
Status InternalError(std::string message) { return {StatusCode::kInternal, std::move(message)}; }
Status UnavailableError(std::string message) { return {StatusCode::kUnavailable, std::move(message)}; }
Status DataLossError(std::string message) { return {StatusCode::kDataLoss, std::move(message)}; }

}  // namespace v1
}  // namespace kvstate
