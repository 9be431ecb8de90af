#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "kvstate/descriptors.h"
#include "kvstate/state.h"
#include "workloads/operators/joins/join_workload.h"

namespace kvstate::workloads {
namespace {

/// A distinct row of the current key, and of how many copies.
struct Match {
  std::string row;
  int32_t copies = 0;
  int32_t associations = 0;  ///< Rows of the other side that it is joined with; kept of an outer side alone.
};

/// The rows of one side, under the backend's current key.
class SideRows {
 public:
  virtual ~SideRows() = default;
  virtual Status Open(KeyedStateBackend& backend, const std::string& name) = 0;
  virtual Status Add(const std::string& row, int32_t associations) = 0;
  /// False when there is no such row.
  virtual Result<bool> Retract(const std::string& row) = 0;
  /// All of them, in the order of their bytes.
  virtual Status Read(std::vector<Match>* to) = 0;
  virtual bool is_outer() const = 0;
  /// REQUIRES: outer; there is such a row.
  virtual Status SetAssociations(const std::string& row, int32_t associations) = 0;
};

/// A map from each row to what is known of its copies: `Stored` says what a map's value is.
template <class Stored>
class MapRows : public SideRows {
 public:
  Status Open(KeyedStateBackend& backend, const std::string& name) final {
    return OpenStateOf<VoidNamespace>(backend, MapStateDescriptor<std::string, Stored>(name), &rows_);
  }

  Status Add(const std::string& row, int32_t associations) final {
    KVSTATE_ASSIGN_OR_RETURN(const Stored* stored, rows_.Get(row));
    return rows_.Put(row, MakeStored(stored == nullptr ? 1 : CopiesOf(*stored) + 1, associations));
  }

  Result<bool> Retract(const std::string& row) final {
    KVSTATE_ASSIGN_OR_RETURN(const Stored* stored, rows_.Get(row));
    if (stored == nullptr) return false;
    if (CopiesOf(*stored) > 1) {
      const Stored fewer = MakeStored(CopiesOf(*stored) - 1, AssociationsOf(*stored));
      KVSTATE_RETURN_IF_ERROR(rows_.Put(row, fewer));
    } else {
      KVSTATE_RETURN_IF_ERROR(rows_.Remove(row));
    }
    return true;
  }

  Status Read(std::vector<Match>* to) final {
    to->clear();
    KVSTATE_ASSIGN_OR_RETURN(auto entries, rows_.Entries());
    while (true) {
      KVSTATE_ASSIGN_OR_RETURN(const bool more, entries.Next());
      if (!more) return Status();
      Match& match = to->emplace_back();
      KVSTATE_ASSIGN_OR_RETURN(const std::string* row, entries.Key());
      match.row = *row;
      KVSTATE_ASSIGN_OR_RETURN(const Stored* stored, entries.Value());
      match.copies = CopiesOf(*stored);
      match.associations = AssociationsOf(*stored);
    }
  }

 protected:
  MapState<std::string, Stored>& rows() { return rows_; }

 private:
  virtual Stored MakeStored(int32_t copies, int32_t associations) const = 0;
  virtual int32_t CopiesOf(const Stored& stored) const = 0;
  virtual int32_t AssociationsOf(const Stored& stored) const = 0;

  MapState<std::string, Stored> rows_;
};

class InnerRows final : public MapRows<int32_t> {
 public:
  bool is_outer() const override { return false; }
  Status SetAssociations(const std::string& /*row*/, int32_t /*associations*/) override {
    return InternalError("an inner side keeps no associations");
  }

 private:
  int32_t MakeStored(int32_t copies, int32_t /*associations*/) const override { return copies; }
  int32_t CopiesOf(const int32_t& stored) const override { return stored; }
  int32_t AssociationsOf(const int32_t& /*stored*/) const override { return 0; }
};

/// Of a side whose rows are emitted alone while they have nothing to be joined with.
class OuterRows final : public MapRows<std::pair<int32_t, int32_t>> {
 public:
  using Stored = std::pair<int32_t, int32_t>;
  bool is_outer() const override { return true; }
  Status SetAssociations(const std::string& row, int32_t associations) override {
    KVSTATE_ASSIGN_OR_RETURN(const Stored* stored, rows().Get(row));
    if (stored == nullptr) return InternalError("a row that was read is not there");
    return rows().Put(row, {stored->first, associations});
  }

 private:
  Stored MakeStored(int32_t copies, int32_t associations) const override { return {copies, associations}; }
  int32_t CopiesOf(const Stored& stored) const override { return stored.first; }
  int32_t AssociationsOf(const Stored& stored) const override { return stored.second; }
};

std::unique_ptr<SideRows> MakeSideRows(bool is_outer) {
  if (is_outer) return std::make_unique<OuterRows>();
  return std::make_unique<InnerRows>();
}

/// Joins two streams of changes for good, as a join of two tables that change: each row is joined with all those of its
/// key that the other side has, and a retracted row takes back what it was joined with. Rows have no primary key: each
/// side is a map from row to the number of its copies. What it emits are changes too.
class ContinuousJoinOperator final : public OperatorBase {
 public:
  ContinuousJoinOperator(bool left_is_outer, bool right_is_outer)
      : left_(MakeSideRows(left_is_outer)), right_(MakeSideRows(right_is_outer)) {}

  Status Process(const Event& event) override {
    KVSTATE_RETURN_IF_ERROR(CheckJoinStream(event, /*retractions=*/true));
    KVSTATE_RETURN_IF_ERROR(SetKey(event.key));
    key_ = event.key;
    row_.assign(event.value);
    is_left_ = event.stream == kLeftRows || event.stream == kLeftRetractions;
    SideRows& own = is_left_ ? *left_ : *right_;
    SideRows& other = is_left_ ? *right_ : *left_;
    return event.stream == kLeftRows || event.stream == kRightRows ? Insert(own, other) : Retract(own, other);
  }

  Status Finish() override { return Status(); }

 private:
  enum class Change : uint8_t { kInsert = 0, kDelete = 1 };

  Status OpenStates() override {
    KVSTATE_RETURN_IF_ERROR(left_->Open(backend(), "left"));
    return right_->Open(backend(), "right");
  }

  Status Insert(SideRows& own, SideRows& other) {
    KVSTATE_RETURN_IF_ERROR(other.Read(&matches_));
    int32_t associations = 0;
    for (const Match& match : matches_) {
      associations += match.copies;
      if (other.is_outer()) {
        if (match.associations == 0) EmitCopies(Change::kDelete, nullptr, match);
        KVSTATE_RETURN_IF_ERROR(other.SetAssociations(match.row, match.associations + 1));
      }
      EmitCopies(Change::kInsert, &row_, match);
    }
    if (matches_.empty() && own.is_outer()) EmitChange(Change::kInsert, &row_, nullptr);
    return own.Add(row_, associations);
  }

  Status Retract(SideRows& own, SideRows& other) {
    KVSTATE_ASSIGN_OR_RETURN(const bool was_there, own.Retract(row_));
    if (!was_there) return InvalidArgumentError("an event takes back a row that its side of the join does not have");
    KVSTATE_RETURN_IF_ERROR(other.Read(&matches_));
    for (const Match& match : matches_) {
      EmitCopies(Change::kDelete, &row_, match);
      if (!other.is_outer()) continue;
      if (match.associations == 1) EmitCopies(Change::kInsert, nullptr, match);
      KVSTATE_RETURN_IF_ERROR(other.SetAssociations(match.row, match.associations - 1));
    }
    if (matches_.empty() && own.is_outer()) EmitChange(Change::kDelete, &row_, nullptr);
    return Status();
  }

  void EmitCopies(Change change, const std::string* own, const Match& other) {
    for (int32_t i = 0; i < other.copies; ++i) EmitChange(change, own, &other.row);
  }

  /// Null: nothing of that side.
  void EmitChange(Change change, const std::string* own, const std::string* other) {
    ByteWriter& row = NewRow();
    row.PutByte(static_cast<uint8_t>(change));
    row.PutLengthPrefixed(key_);
    for (const std::string* side : {is_left_ ? own : other, is_left_ ? other : own}) {
      row.PutByte(side == nullptr ? 0 : 1);
      if (side != nullptr) row.PutLengthPrefixed(*side);
    }
    Emit();
  }

  const std::unique_ptr<SideRows> left_;
  const std::unique_ptr<SideRows> right_;
  std::vector<Match> matches_;
  // Of the event.
  ByteView key_;
  std::string row_;
  bool is_left_ = true;
};

}  // namespace

WorkloadSpec ContinuousJoin();

WorkloadSpec ContinuousJoin() {
  JoinSource source;
  source.defaults = {{"value_bytes", "64"}};
  source.retracts = true;
  return MakeJoinWorkload(
      "continuous_join", "Two streams of changes joined by key for good, without windows", source,
      {{"join_type", "inner",
        "Of which sides rows are emitted alone while they have nothing to be joined with: inner (of none), left, full "
        "(of both)"}},
      [](ParameterReader& reader) {
        const size_t type = reader.Choice("join_type", {"inner", "left", "full"});
        return std::make_unique<ContinuousJoinOperator>(type >= 1, type == 2);
      });
}

}  // namespace kvstate::workloads
