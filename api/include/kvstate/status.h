#ifndef KVSTATE_STATUS_H_
#define KVSTATE_STATUS_H_

#include <cassert>
#include <memory>
#include <new>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "kvstate/export.h"

namespace kvstate {
inline namespace v1 {

/// What the caller can do about a failure. The numbers are the canonical ones of gRPC and never change.
enum class StatusCode : int {
  kOk = 0,
  kCancelled = 1,
  kUnknown = 2,
  kInvalidArgument = 3,  ///< The call is wrong whatever the state is: mend the call.
  kNotFound = 5,         ///< A named thing does not exist. An absent state is not this: it is a null value.
  kAlreadyExists = 6,
  kPermissionDenied = 7,
  kResourceExhausted = 8,   ///< Disk, memory or a limit: free some or raise it, then call again.
  kFailedPrecondition = 9,  ///< Right call, wrong moment: do what the message names first.
  kAborted = 10,
  kOutOfRange = 11,
  kUnimplemented = 12,  ///< This backend or version has no such power.
  kInternal = 13,       ///< An engine or this library broke a promise: report it.
  kUnavailable = 14,    ///< Passing: call again later.
  kDataLoss = 15,       ///< Bytes that do not decode or fail their checksum.
};

/// The canonical upper-case word, such as "INVALID_ARGUMENT".
KVSTATE_EXPORT std::string_view StatusCodeName(StatusCode code);

/// The outcome of a call: a code and, unless it is OK, a message that names what, where and what to do.
///
/// One pointer wide; an OK status holds null and costs nothing to make, move or destroy. Thread-compatible.
class [[nodiscard]] KVSTATE_EXPORT Status {
 public:
  Status() noexcept = default;
  Status(StatusCode code, std::string message);
  Status(const Status& other) : rep_(other.rep_ ? Clone(*other.rep_) : nullptr) {}
  Status(Status&& other) noexcept : rep_(std::exchange(other.rep_, nullptr)) {}
  Status& operator=(Status other) noexcept {
    std::swap(rep_, other.rep_);
    return *this;
  }
  ~Status() {
    if (rep_ != nullptr) Free(rep_);
  }

  static Status Ok() { return Status(); }

  bool ok() const { return rep_ == nullptr; }
  StatusCode code() const { return rep_ == nullptr ? StatusCode::kOk : CodeOf(*rep_); }
  /// Empty when OK; valid as long as this status.
  std::string_view message() const;
  /// "OK" or "CODE: message".
  std::string ToString() const;
  /// The same code, with `context` and ": " before the message; OK stays OK.
  Status WithContext(std::string_view context) const;
  /// Says that ignoring the outcome is deliberate.
  void IgnoreError() const {}

 private:
  struct Rep;
  static Rep* Clone(const Rep& rep);
  static void Free(Rep* rep);
  static StatusCode CodeOf(const Rep& rep);

  Rep* rep_ = nullptr;
};

KVSTATE_EXPORT Status CancelledError(std::string message);
KVSTATE_EXPORT Status InvalidArgumentError(std::string message);
KVSTATE_EXPORT Status NotFoundError(std::string message);
KVSTATE_EXPORT Status AlreadyExistsError(std::string message);
KVSTATE_EXPORT Status PermissionDeniedError(std::string message);
KVSTATE_EXPORT Status ResourceExhaustedError(std::string message);
KVSTATE_EXPORT Status FailedPreconditionError(std::string message);
KVSTATE_EXPORT Status OutOfRangeError(std::string message);
KVSTATE_EXPORT Status UnimplementedError(std::string message);
KVSTATE_EXPORT Status InternalError(std::string message);
KVSTATE_EXPORT Status UnavailableError(std::string message);
KVSTATE_EXPORT Status DataLossError(std::string message);

/// A T or the Status that says why there is none. Never holds an OK status without a value.
template <class T>
class [[nodiscard]] Result {
  static_assert(!std::is_reference_v<T> && !std::is_same_v<std::remove_cv_t<T>, Status>);

 public:
  using value_type = T;

  Result(const T& value) : value_(value) {}                 // NOLINT(google-explicit-constructor)
  Result(T&& value) noexcept : value_(std::move(value)) {}  // NOLINT(google-explicit-constructor)
  /// REQUIRES: !status.ok().
  Result(Status status) : status_(std::move(status)) {  // NOLINT(google-explicit-constructor)
    assert(!status_.ok());
    if (status_.ok()) __builtin_unreachable();  // Else GCC warns of uninitialised values where there are none.
  }
  Result(const Result& other) : status_(other.status_) {
    if (status_.ok()) new (&value_) T(other.value_);
  }
  Result(Result&& other) noexcept : status_(other.status_) {
    if (status_.ok()) new (&value_) T(std::move(other.value_));
  }
  Result& operator=(Result other) noexcept {
    if (status_.ok()) value_.~T();
    status_ = other.status_;
    if (status_.ok()) new (&value_) T(std::move(other.value_));
    return *this;
  }
  ~Result() {
    if (status_.ok()) value_.~T();
  }

  bool ok() const { return status_.ok(); }
  const Status& status() const& { return status_; }
  /// Leaves the result as it was: a copy, since a moved-from status would read as OK without a value.
  Status status() && { return status_; }

  /// REQUIRES: ok().
  const T& value() const& {
    assert(ok());
    return value_;
  }
  T& value() & {
    assert(ok());
    return value_;
  }
  T&& value() && {
    assert(ok());
    return std::move(value_);
  }
  const T& operator*() const& { return value(); }
  T& operator*() & { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  const T* operator->() const { return &value(); }
  T* operator->() { return &value(); }

 private:
  Status status_;
  union {
    T value_;
  };
};

/// Returns from the enclosing function with the status of `expr` unless it is OK.
#define KVSTATE_RETURN_IF_ERROR(expr)           \
  do {                                          \
    ::kvstate::Status kvstate_status_ = (expr); \
    if (!kvstate_status_.ok()) [[unlikely]]     \
      return kvstate_status_;                   \
  } while (false)

#define KVSTATE_CONCAT_INNER_(a, b) a##b
#define KVSTATE_CONCAT_(a, b) KVSTATE_CONCAT_INNER_(a, b)
#define KVSTATE_ASSIGN_OR_RETURN_IMPL_(result, lhs, expr) \
  auto result = (expr);                                   \
  if (!result.ok()) [[unlikely]]                          \
    return result.status();                               \
  lhs = std::move(result).value()
/// Evaluates a Result; returns its status on failure, else moves its value into `lhs`, which may declare a variable.
#define KVSTATE_ASSIGN_OR_RETURN(lhs, expr) \
  KVSTATE_ASSIGN_OR_RETURN_IMPL_(KVSTATE_CONCAT_(kvstate_result_, __LINE__), lhs, expr)

}  // namespace v1
}  // namespace kvstate

#endif  // KVSTATE_STATUS_H_
