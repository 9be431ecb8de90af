#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <utility>

#include "tests/conformance/snapshot_testing.h"
#include "tests/conformance/ttl_testing.h"

namespace kvstate {

/// Writes what a state of numbers with a time to live has stored, of the clock's start, and of number 13 three bytes.
struct StoredNumber {
  int64_t number = 0;

  /// What a snapshot says of such a state.
  static SerializerSnapshot& Snapshot() {
    static SerializerSnapshot snapshot;
    return snapshot;
  }
};
template <>
struct Codec<StoredNumber> {
  static constexpr size_t kEncodedSize = kVariableSize;
  static void Write(const StoredNumber& value, ByteWriter& out) {
    if (value.number == 13) return out.PutBytes("bad");
    out.PutFixed64(static_cast<uint64_t>(conformance::kStart));
    Codec<int64_t>::Write(value.number, out);
  }
  static Status Read(ByteReader& in, StoredNumber& value) {
    uint64_t time = 0;
    return in.ReadFixed64(&time) ? Codec<int64_t>::Read(in, value.number) : in.Malformed("stored number");
  }
  static uint32_t KeyHash(ByteView encoded) { return JavaBytesHash(encoded); }
  static SerializerSnapshot Snapshot() { return StoredNumber::Snapshot(); }
};

namespace conformance {
namespace {

constexpr int64_t kKeys = 40;

class TtlDamageTest : public OnManualClock<SnapshotTest> {
 protected:
  static auto Numbers(const std::string& name) {
    TtlConfig ttl = Uncleaned();
    ttl.cleanup.incremental_entries = 5;
    return WithTtl(ValueStateDescriptor<int64_t>(name), ttl);
  }

  /// States "damaged" and "sound" of as many keys.
  KeyedStateHandle Write() {
    auto sample = Open<int64_t>();
    Must(sample.GetState(Numbers("damaged")));
    const KeyedStateHandle handle = Take(sample.backend(), 1, SnapshotKind::kSavepoint).handle;
    StoredNumber::Snapshot() = handle.states.front().value_serializer;

    auto backend = Open<int64_t>();
    auto damaged = Must(backend.GetState(ValueStateDescriptor<StoredNumber>("damaged")));
    auto sound = Must(backend.GetState(Numbers("sound")));
    for (int64_t key = 0; key < kKeys; ++key) {
      Must(backend.SetCurrentKey(key));
      Must(damaged.Update(StoredNumber{key}));
      Must(sound.Update(key));
    }
    return Take(backend.backend(), 2, SnapshotKind::kSavepoint).handle;
  }
  static void Renew(KeyedBackend<int64_t>& backend, ValueState<int64_t>& state, int64_t key) {
    Must(backend.SetCurrentKey(key));
    Must(state.Update(key));
  }
};
KVSTATE_ON_EVERY_BACKEND(TtlDamageTest);

TEST_P(TtlDamageTest, ADamagedValueEndsNoCleanupButItsOwn) {
  auto backend = OpenRestored<int64_t>({Write()});
  auto sound = Must(backend.GetState(Numbers("sound")));
  auto made = backend.GetState(Numbers("damaged"));
  if (!made.ok()) {
    // Where values are objects it shows as soon as they are made.
    EXPECT_CODE(made, kDataLoss);
    EXPECT_MENTIONS(made, "state 'damaged'");
    clock().AdvanceMillis(kTtl - 1);
    Renew(backend, sound, 0);
    clock().AdvanceMillis(1);
    SweepAll(backend.backend());
    EXPECT_EQ(KeysOf(backend.backend(), "sound", kVoid), std::vector<std::string>{Encode(int64_t{0})});
    return;
  }
  auto damaged = std::move(made).value();
  clock().AdvanceMillis(kTtl - 1);
  Renew(backend, sound, 0);
  Renew(backend, damaged, 0);
  clock().AdvanceMillis(1);
  int failures = 0;
  bool complete = false;
  for (int calls = 0; calls < 1000 && !complete; ++calls) {
    const Result<bool> swept = SweepOf(backend.backend()).Sweep(10);
    complete = swept.ok() && *swept;
    if (swept.ok()) continue;
    ++failures;
    EXPECT_CODE(swept, kDataLoss);
    EXPECT_MENTIONS(swept, "state 'damaged'");
    EXPECT_MENTIONS(swept, "restore another checkpoint");
  }
  EXPECT_TRUE(complete);
  EXPECT_EQ(failures, 1) << "it is met once in a pass";
  EXPECT_EQ(Must(backend.backend().NumEntries()), 3u) << "what was renewed, and what is damaged";
  Must(backend.SetCurrentKey(0));
  EXPECT_EQ(Current(sound), 0);
  EXPECT_EQ(Current(damaged), 0);
  Must(backend.SetCurrentKey(13));
  EXPECT_CODE(damaged.Get(), kDataLoss);
  EXPECT_MENTIONS(damaged.Get(), "state 'damaged'");
  EXPECT_EQ(Current(sound), std::nullopt);
  Must(damaged.Update(14));
  EXPECT_EQ(Current(damaged), 14) << "a write repairs it";
}

}  // namespace
}  // namespace conformance
}  // namespace kvstate
