#include "kvstate/extension.h"
#include "kvstate/serializer_evolution.h"
#include "tests/unit/operators/operators_testing.h"

namespace kvstate {
namespace {

using namespace testing_support;

/// A serializer of int64 in a format of its own, which is told how it gets on with others.
class Versioned final : public internal::ObjectSerializer<int64_t>, public SerializerEvolution {
 public:
  Versioned(uint32_t version, SerializerCompatibility with_others)
      : ObjectSerializer(kVariableSize, true), version_(version), with_others_(with_others) {}

  /// A number in as many bytes as its version, plus one.
  void Serialize(const void* value, ByteWriter& out) const override {
    for (uint32_t i = 0; i <= version_; ++i) out.PutByte(static_cast<uint8_t>(*static_cast<const int64_t*>(value)));
  }
  Status Deserialize(ByteReader& in, void* value) const override {
    uint8_t byte = 0;
    for (uint32_t i = 0; i <= version_; ++i) {
      if (!in.ReadByte(&byte)) return in.Malformed("number");
    }
    *static_cast<int64_t*>(value) = byte;
    return Status();
  }
  uint32_t KeyHash(ByteView) const override { return 0; }
  SerializerSnapshot Snapshot() const override { return {"versioned", version_, ""}; }
  SerializerCompatibility ResolveCompatibility(const SerializerSnapshot& old) const override {
    return old == Snapshot() ? SerializerCompatibility::kAsIs : with_others_;
  }
  void* GetExtension(std::string_view id) const override {
    return id == kExtensionId ? const_cast<SerializerEvolution*>(static_cast<const SerializerEvolution*>(this))
                              : nullptr;
  }
  Result<SerializerPtr> ReaderOf(const SerializerSnapshot& old) const override {
    return SerializerPtr(std::make_shared<Versioned>(old.version, with_others_));
  }
  Result<SerializerPtr> ReconfiguredFor(const SerializerSnapshot& old) const override { return ReaderOf(old); }

 private:
  const uint32_t version_;
  const SerializerCompatibility with_others_;
};

class OperatorEvolutionTest : public testing::Test {
 protected:
  static OperatorListStateDescriptor<int64_t> List(uint32_t version, SerializerCompatibility with_others) {
    return {"list", OperatorStateMode::kSplit, std::make_shared<Versioned>(version, with_others)};
  }
  static BroadcastStateDescriptor<std::string, int64_t> Rules(uint32_t version, SerializerCompatibility with_others) {
    return {"rules", SerializerFor<std::string>(), std::make_shared<Versioned>(version, with_others)};
  }

  /// Takes over what version 1 wrote, and gives the versions with which a snapshot then has both states.
  std::pair<uint32_t, uint32_t> TakeOver(SerializerCompatibility with_others) {
    const Backend backend = MakeSubtask();
    Must(Must(GetState(*backend, List(1, with_others))).AddAll({7, 8}));
    Must(Must(GetState(*backend, Rules(1, with_others))).Put("a", 9));
    const OperatorStateHandle old = Must(TrySnapshot(*backend, 1, storage_));
    restored_ = MakeSubtask();
    Must(restored_->Restore({&old, 1}, storage_));
    auto list = Must(GetState(*restored_, List(2, with_others)));
    auto rules = Must(GetState(*restored_, Rules(2, with_others)));
    EXPECT_EQ(list.Get(), (Numbers{7, 8}));
    EXPECT_EQ(*rules.Get("a"), 9);
    const OperatorStateHandle taken = Must(TrySnapshot(*restored_, 2, storage_));
    const Backend again = MakeSubtask();
    Must(again->Restore({&taken, 1}, storage_));
    EXPECT_EQ(Must(GetState(*again, List(2, with_others))).Get(), (Numbers{7, 8}));
    EXPECT_EQ(*Must(GetState(*again, Rules(2, with_others))).Get("a"), 9);
    return {taken.states[0].value_serializer.version, taken.states[1].value_serializer.version};
  }

  const std::shared_ptr<CheckpointStorage> storage_ = MakeMemoryStorage(1 << 20);
  Backend restored_;
};

TEST_F(OperatorEvolutionTest, AfterAMigrationTheNewFormatIsWritten) {
  EXPECT_EQ(TakeOver(SerializerCompatibility::kAfterMigration), std::pair(2u, 2u));
}

TEST_F(OperatorEvolutionTest, AReconfiguredSerializerGoesOnInTheOldFormat) {
  EXPECT_EQ(TakeOver(SerializerCompatibility::kReconfigured), std::pair(1u, 1u));
}

TEST_F(OperatorEvolutionTest, AnIncompatibleOneIsRefusedAndTheStateStays) {
  constexpr auto kNever = SerializerCompatibility::kIncompatible;
  const Backend backend = MakeSubtask();
  Must(Must(GetState(*backend, List(1, kNever))).Add(7));
  const OperatorStateHandle old = Must(TrySnapshot(*backend, 1, storage_));
  restored_ = MakeSubtask();
  Must(restored_->Restore({&old, 1}, storage_));
  const Status status = GetState(*restored_, List(2, kNever)).status();
  EXPECT_CODE(status, kInvalidArgument);
  EXPECT_MENTIONS(status, "another value serializer");
  EXPECT_EQ(Must(GetState(*restored_, List(1, kNever))).Get(), Numbers{7});
}

TEST_F(OperatorEvolutionTest, AChangedKeySerializerOfABroadcastStateIsRefused) {
  const Backend backend = MakeSubtask();
  Must(RulesOf(*backend).Put("a", 1));
  const OperatorStateHandle old = Must(TrySnapshot(*backend, 1, storage_));
  restored_ = MakeSubtask();
  Must(restored_->Restore({&old, 1}, storage_));
  const BroadcastStateDescriptor<std::string, int64_t> raw("rules", RawBytesSerializer(), SerializerFor<int64_t>());
  EXPECT_MENTIONS(GetState(*restored_, raw).status(), "another key serializer");
  EXPECT_EQ(*RulesOf(*restored_).Get("a"), 1);
}

}  // namespace
}  // namespace kvstate
