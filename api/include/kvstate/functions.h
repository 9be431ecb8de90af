#ifndef KVSTATE_FUNCTIONS_H_
#define KVSTATE_FUNCTIONS_H_

#include <memory>
#include <string_view>
#include <utility>

#include "kvstate/export.h"

namespace kvstate {
inline namespace v1 {

/// Combines values of one type into an accumulator of the same type. Immutable; called on the backend's thread, and on
/// an engine's threads too when ThreadSafe() says so.
class KVSTATE_EXPORT ReduceFunction {
 public:
  virtual ~ReduceFunction();
  /// Folds `value` into `accumulator`. Must be associative.
  virtual void Reduce(void* accumulator, const void* value) const = 0;
  /// Whether Reduce may run on any thread, at any time, any number of times: an engine may then put the work off and do
  /// it while it compacts. False when the function has side effects.
  virtual bool ThreadSafe() const;
};

/// Combines inputs into an accumulator of another type, from which a result of a third is drawn.
class KVSTATE_EXPORT AggregateFunction {
 public:
  virtual ~AggregateFunction();
  /// Sets the live object `accumulator` to the accumulator of no input.
  virtual void CreateAccumulator(void* accumulator) const = 0;
  virtual void Add(void* accumulator, const void* input) const = 0;
  /// Sets the live object `result`.
  virtual void GetResult(const void* accumulator, void* result) const = 0;
  /// Folds accumulator `from` into accumulator `into`.
  virtual void Merge(void* into, const void* from) const = 0;
};

/// The legacy kind: folds inputs into an accumulator of another type that starts at the descriptor's initial value.
class KVSTATE_EXPORT FoldFunction {
 public:
  virtual ~FoldFunction();
  virtual void Fold(void* accumulator, const void* input) const = 0;
};

/// A ReduceFunction from a callable `void(V& accumulator, const V& value)`.
template <class V, class F>
std::shared_ptr<const ReduceFunction> MakeReduceFunction(F f, bool thread_safe = false) {
  class Impl final : public ReduceFunction {
   public:
    Impl(F f, bool thread_safe) : f_(std::move(f)), thread_safe_(thread_safe) {}
    void Reduce(void* accumulator, const void* value) const override {
      f_(*static_cast<V*>(accumulator), *static_cast<const V*>(value));
    }
    bool ThreadSafe() const override { return thread_safe_; }

   private:
    F f_;
    bool thread_safe_;
  };
  return std::make_shared<Impl>(std::move(f), thread_safe);
}

/// An AggregateFunction from an object with `Acc Create() const`, `void Add(Acc&, const In&) const`,
/// `Out Result(const Acc&) const` and `void Merge(Acc&, const Acc&) const`.
template <class In, class Acc, class Out, class F>
std::shared_ptr<const AggregateFunction> MakeAggregateFunction(F f) {
  class Impl final : public AggregateFunction {
   public:
    explicit Impl(F f) : f_(std::move(f)) {}
    void CreateAccumulator(void* accumulator) const override { *static_cast<Acc*>(accumulator) = f_.Create(); }
    void Add(void* accumulator, const void* input) const override {
      f_.Add(*static_cast<Acc*>(accumulator), *static_cast<const In*>(input));
    }
    void GetResult(const void* accumulator, void* result) const override {
      *static_cast<Out*>(result) = f_.Result(*static_cast<const Acc*>(accumulator));
    }
    void Merge(void* into, const void* from) const override {
      f_.Merge(*static_cast<Acc*>(into), *static_cast<const Acc*>(from));
    }

   private:
    F f_;
  };
  return std::make_shared<Impl>(std::move(f));
}

/// A FoldFunction from a callable `void(Acc& accumulator, const In& input)`.
template <class In, class Acc, class F>
std::shared_ptr<const FoldFunction> MakeFoldFunction(F f) {
  class Impl final : public FoldFunction {
   public:
    explicit Impl(F f) : f_(std::move(f)) {}
    void Fold(void* accumulator, const void* input) const override {
      f_(*static_cast<Acc*>(accumulator), *static_cast<const In*>(input));
    }

   private:
    F f_;
  };
  return std::make_shared<Impl>(std::move(f));
}

}  // namespace v1
}  // namespace kvstate

#endif  // KVSTATE_FUNCTIONS_H_
