#ifndef KVSTATE_BACKENDS_INTERFACE_TAX_SIDE_H_
#define KVSTATE_BACKENDS_INTERFACE_TAX_SIDE_H_

#include <benchmark/benchmark.h>

#include <cstdint>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>

#include "backends/interface_tax/dataset.h"
#include "kvstate/status.h"

namespace kvstate::interface_tax {

/// What a slice of operations did: equal on both sides, or the comparison means nothing.
struct Digest {
  uint64_t found = 0;  ///< Values or entries given.
  uint64_t sum = 0;    ///< Of what was read of them.

  void Add(uint64_t touched) {
    ++found;
    sum = sum * 31 + touched;
  }
  friend bool operator==(const Digest&, const Digest&) = default;
};

/// One side of a comparison: an engine, or kvstate over it, with one shape of data in it. Virtual by the slice of
/// operations, so that no operation pays for the frame. Calls throw std::runtime_error when an engine fails: this
/// program has nothing to save.
class Side {
 public:
  virtual ~Side() = default;
  virtual void Load(const AccessPlan& plan) = 0;
  /// Waits until the engine has written out and compacted what it was given.
  virtual void Settle() = 0;
  virtual Digest Run(Operation operation, std::span<const Access> accesses, uint64_t round) = 0;
  /// Makes each list one element long again, as Load left it.
  virtual void ResetLists(const AccessPlan& plan) = 0;
  /// Reads back what `accesses` wrote.
  virtual Digest ReadBack(Shape shape, std::span<const Access> accesses) = 0;
};

/// What to open.
struct SideOptions {
  Shape shape = Shape::kValue;
  size_t value_bytes = 8;
  std::string directory;  ///< Exists and is empty.
};

[[noreturn]] inline void Fail(const std::string& what) { throw std::runtime_error(what); }
inline void Check(const Status& status) {
  if (!status.ok()) [[unlikely]]
    Fail(status.ToString());
}
template <class T>
T Take(Result<T> result) {
  Check(result.status());
  return std::move(result).value();
}

/// A Side over an engine of values of type V, which has
///   const V* Get(key)            null when absent; the object decoded, or the live one, until the next call
///   void Put(key, value)
///   void Increment(key)          reads, adds one, writes
///   void Append(key, value)      to the key's list
///   void Replace(key, value)     makes it the key's list, alone
///   void ForEachElement(key, f)  f(const V&) for each of the key's list
///   const V* MapGet(key, user key), void MapPut(key, user key, value)
///   void Scan(key, f)            f(user key, const V&) for the key's whole map, in order of user keys
///   void Settle()
template <class V, class Engine>
class SideOf final : public Side {
 public:
  template <class... Arguments>
  explicit SideOf(Arguments&&... arguments) : engine_(std::forward<Arguments>(arguments)...) {}

  void Load(const AccessPlan& plan) override {
    switch (plan.shape()) {
      case Shape::kValue:
        Run(Operation::kPut, plan.load(), 0);
        break;
      case Shape::kList:
        Run(Operation::kListAppend, plan.load(), 0);
        break;
      case Shape::kMap:
        Run(Operation::kMapPut, plan.load(), 0);
        break;
    }
  }
  void Settle() override { engine_.Settle(); }
  void ResetLists(const AccessPlan& plan) override {
    for (const Access& access : plan.load()) engine_.Replace(access.key, pool_.At(access, 0));
  }

  Digest Run(Operation operation, std::span<const Access> accesses, uint64_t round) override {
    Digest digest;
    switch (operation) {
      case Operation::kGetHit:
      case Operation::kGetMiss:
        for (const Access& access : accesses) Read(engine_.Get(access.key), digest);
        break;
      case Operation::kPut:
        for (const Access& access : accesses) engine_.Put(access.key, pool_.At(access, round));
        break;
      case Operation::kReadModifyWrite:
        for (const Access& access : accesses) engine_.Increment(access.key);
        break;
      case Operation::kListAppend:
        for (const Access& access : accesses) engine_.Append(access.key, pool_.At(access, round));
        break;
      case Operation::kMapGet:
        for (const Access& access : accesses) Read(engine_.MapGet(access.key, access.user_key), digest);
        break;
      case Operation::kMapPut:
        for (const Access& access : accesses) engine_.MapPut(access.key, access.user_key, pool_.At(access, round));
        break;
      case Operation::kScan10:
        for (const Access& access : accesses) {
          engine_.Scan(access.key, [&digest](uint64_t user_key, const V& value) {
            benchmark::DoNotOptimize(value);
            digest.Add(user_key + ValueTraits<V>::Touch(value));
          });
        }
        break;
    }
    return digest;
  }

  Digest ReadBack(Shape shape, std::span<const Access> accesses) override {
    Digest digest;
    for (const Access& access : accesses) {
      switch (shape) {
        case Shape::kValue:
          Read(engine_.Get(access.key), digest);
          break;
        case Shape::kList:
          engine_.ForEachElement(access.key, [&digest](const V& value) { digest.Add(ValueTraits<V>::Touch(value)); });
          break;
        case Shape::kMap:
          Read(engine_.MapGet(access.key, access.user_key), digest);
          break;
      }
    }
    return digest;
  }

 private:
  /// The object must be there whole, although the digest takes two words of it.
  static void Read(const V* value, Digest& digest) {
    if (value == nullptr) return;
    benchmark::DoNotOptimize(*value);
    digest.Add(ValueTraits<V>::Touch(*value));
  }

  const ValuePool<V> pool_;
  Engine engine_;
};

/// Makes a side of the engine template `Engine` for the size of value that the options ask for.
template <template <class> class Engine, class... Arguments>
std::unique_ptr<Side> MakeSide(const SideOptions& options, Arguments&&... arguments) {
  auto make = [&]<class V>() {
    return std::make_unique<SideOf<V, Engine<V>>>(options, std::forward<Arguments>(arguments)...);
  };
  switch (options.value_bytes) {
    case 8:
      return make.template operator()<uint64_t>();
    case 100:
      return make.template operator()<Payload<100>>();
    case 1024:
      return make.template operator()<Payload<1024>>();
    default:
      Fail("values of " + std::to_string(options.value_bytes) + " bytes; there are 8, 100 and 1024");
  }
}

// The direct sides, each in its engine's folder.
std::unique_ptr<Side> MakeDirectHashMap(const SideOptions& options);
std::unique_ptr<Side> MakeDirectRocksdb(const SideOptions& options);
std::unique_ptr<Side> MakeDirectLeveldb(const SideOptions& options);
std::unique_ptr<Side> MakeDirectLmdb(const SideOptions& options);

}  // namespace kvstate::interface_tax

#endif  // KVSTATE_BACKENDS_INTERFACE_TAX_SIDE_H_
