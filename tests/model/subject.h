#ifndef KVSTATE_TESTS_MODEL_SUBJECT_H_
#define KVSTATE_TESTS_MODEL_SUBJECT_H_

#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "kvstate/internal_kv_state.h"
#include "kvstate/serialized_access.h"

namespace kvstate::model {

/// The backend did not do what the model did.
struct Difference : std::runtime_error {
  using std::runtime_error::runtime_error;
};

inline void Ok(const Status& status) {
  if (!status.ok()) throw Difference(status.ToString());
}
template <class T>
T Ok(Result<T> result) {
  Ok(result.status());
  return std::move(result).value();
}
inline void Agree(bool agrees, const std::string& what) {
  if (!agrees) throw Difference(what);
}

using OptionalText = std::optional<std::string>;

/// What is under one key and namespace. All values, elements and inputs are texts.
struct Content {
  OptionalText value;                       ///< Value; accumulator of reducing, aggregating, folding.
  std::vector<std::string> list;            ///< List.
  std::map<std::string, OptionalText> map;  ///< Map, by canonical user key.

  // When each of them was written last.
  int64_t value_time = 0;
  std::vector<int64_t> list_times;
  std::map<std::string, int64_t> map_times;

  bool absent() const { return !value.has_value() && list.empty() && map.empty(); }
};

/// Canonical key and namespace.
using Place = std::pair<std::string, std::string>;

/// One state of the backend, and the model of it.
class Subject {
 public:
  Subject(StateDescriptor descriptor, SerializerPtr namespace_serializer);
  void SetTtl(const std::optional<TtlConfig>& ttl) { descriptor_.ttl = ttl; }

  StateKind kind() const { return descriptor_.kind; }
  const std::string& name() const { return descriptor_.name; }
  const StateDescriptor& descriptor() const { return descriptor_; }
  const SerializerPtr& namespace_serializer() const { return namespace_serializer_; }
  /// Null: to none.
  void Attach(InternalKVState* state);
  bool attached() const { return state_ != nullptr; }
  InternalKVState& state() const { return *state_; }
  SerializedAccess& access() const;

  InternalValueState& value() const { return static_cast<InternalValueState&>(*state_); }
  InternalListState& list() const { return static_cast<InternalListState&>(*state_); }
  InternalMapState& map() const { return static_cast<InternalMapState&>(*state_); }
  InternalAppendingState& appending() const { return static_cast<InternalAppendingState&>(*state_); }
  InternalMergingState& merging() const { return static_cast<InternalMergingState&>(*state_); }
  bool merges() const {
    return kind() == StateKind::kList || kind() == StateKind::kReducing || kind() == StateKind::kAggregating;
  }

  std::map<Place, Content>& contents() { return contents_; }
  const std::map<Place, Content>& contents() const { return contents_; }
  /// Absent ones are as if default made.
  const Content& At(const Place& place) const;
  /// What a write changed, and thereby made new.
  enum class Written { kAll, kAppended, kEntry, kNothing };
  /// `user_key`: of kEntry.
  void Set(const Place& place, Content content, int64_t now, Written written = Written::kAll,
           const std::string& user_key = "");
  /// A read of all that is there.
  void Touch(const Place& place, int64_t now);
  void TouchEntry(const Place& place, const std::string& user_key, int64_t now);
  /// Takes out what has expired, and gives the places where there was such. `latest` becomes the last moment at which
  /// something of that expired, if that is later.
  std::vector<Place> Expire(int64_t now, int64_t* latest);
  /// Moments at which something expires that is there, with its place; in any order.
  std::vector<std::pair<int64_t, Place>> Expiries() const;
  size_t NumEntries() const;

  // --- what the model does ---
  void Add(Content& content, const std::string& input) const;
  static void Merge(Content& target, const Content& source, int64_t now);
  /// What Get gives of a stored accumulator or value.
  std::string Result(const std::string& stored) const;
  /// The canonical bytes of a text as value (input) or as user key.
  std::string EncodeText(const std::string& text) const;
  std::string EncodeUserKey(const std::string& text) const;
  std::string DecodeUserKey(const std::string& bytes) const;
  std::string EncodeList(const std::vector<std::string>& list) const;
  /// As InternalKVState::GetSerialized writes it.
  std::string EncodeContent(const Content& content) const;
  /// What a visitor gives of the value there.
  OptionalText Describe(const void* value) const;
  OptionalText Describe(const Content& content, const std::string& user_key) const;

 private:
  /// Of something written at that time; none for never.
  std::optional<int64_t> ExpiryOf(int64_t time) const;
  bool ReadsRenew() const {
    return descriptor_.ttl.has_value() && descriptor_.ttl->update == TtlConfig::Update::kOnReadAndWrite;
  }

  StateDescriptor descriptor_;
  SerializerPtr namespace_serializer_;
  InternalKVState* state_ = nullptr;
  std::map<Place, Content> contents_;
};

/// States of all kinds, over serializers of every shape.
std::vector<Subject> MakeSubjects();

}  // namespace kvstate::model

#endif  // KVSTATE_TESTS_MODEL_SUBJECT_H_
