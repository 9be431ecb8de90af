#ifndef KVSTATE_OBJECT_SERIALIZER_H_
#define KVSTATE_OBJECT_SERIALIZER_H_

#include <new>
#include <type_traits>
#include <utility>

#include "kvstate/type_serializer.h"

namespace kvstate {
inline namespace v1 {
namespace internal {

/// The object half of a TypeSerializer, for any regular C++ type.
template <class T, class Base = TypeSerializer>
class ObjectSerializer : public Base {
  static_assert(std::is_default_constructible_v<T> && std::is_copy_constructible_v<T> && std::is_copy_assignable_v<T>);

 public:
  void Construct(void* at) const final { new (at) T(); }
  void CopyConstruct(void* at, const void* from) const final { new (at) T(*static_cast<const T*>(from)); }
  void MoveConstruct(void* at, void* from) const final { new (at) T(std::move(*static_cast<T*>(from))); }
  void CopyAssign(void* to, const void* from) const final { *static_cast<T*>(to) = *static_cast<const T*>(from); }
  void MoveAssign(void* to, void* from) const final { *static_cast<T*>(to) = std::move(*static_cast<T*>(from)); }
  void Destroy(void* at) const final { static_cast<T*>(at)->~T(); }

 protected:
  ObjectSerializer(size_t encoded_size, bool self_delimiting)
      : Base(TypeInfo{sizeof(T), alignof(T), encoded_size, std::is_trivially_copyable_v<T>, self_delimiting}) {}
};

}  // namespace internal
}  // namespace v1
}  // namespace kvstate

#endif  // KVSTATE_OBJECT_SERIALIZER_H_
