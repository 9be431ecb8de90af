#ifndef KVSTATE_BACKENDS_HASHMAP_PAYLOAD_H_
#define KVSTATE_BACKENDS_HASHMAP_PAYLOAD_H_

#include <cstddef>
#include <cstring>

#include "kvstate/type_serializer.h"

namespace kvstate::backends::hashmap {

class MapEntries;

/// What a table's slot holds beside its key, to code that moves and destroys slots.
class Payload {
 public:
  virtual ~Payload() = default;
  size_t size() const { return size_; }
  size_t alignment() const { return alignment_; }
  /// Whether a memcpy moves it, leaving nothing to destroy behind.
  bool moves_by_memcpy() const { return moves_by_memcpy_; }
  bool needs_destroy() const { return needs_destroy_; }

  /// Moves into raw memory; `from` is raw memory afterwards. Only called unless moves_by_memcpy().
  virtual void Relocate(void* to, void* from) const = 0;
  /// Only called when needs_destroy().
  virtual void Destroy(void* at) const = 0;
  /// Of payloads that are maps; null: this is an ObjectCell.
  virtual const MapEntries* map_entries() const { return nullptr; }

 protected:
  Payload(size_t size, size_t alignment, bool moves_by_memcpy, bool needs_destroy)
      : size_(size), alignment_(alignment), moves_by_memcpy_(moves_by_memcpy), needs_destroy_(needs_destroy) {}

 private:
  const size_t size_;
  const size_t alignment_;
  const bool moves_by_memcpy_;
  const bool needs_destroy_;
};

/// One live object of a serializer's type, as it is held in a cell of a table or a map: in place, or, when it is large
/// or oddly aligned, behind a pointer, so that growing does not copy it and empty cells do not cost its size.
class ObjectCell final : public Payload {
 public:
  /// Objects of at most `max_inline_bytes` are held in place.
  ObjectCell(SerializerPtr serializer, size_t max_inline_bytes);

  const TypeSerializer& serializer() const { return *serializer_; }
  bool boxed() const { return boxed_; }
  /// Bytes on the heap for one object; 0 unless boxed.
  size_t box_bytes() const { return boxed_ ? serializer_->info().size : 0; }

  void* Object(void* cell) const { return boxed_ ? *static_cast<void**>(cell) : cell; }
  const void* Object(const void* cell) const { return boxed_ ? *static_cast<const void* const*>(cell) : cell; }

  /// Gives a raw cell memory for an object and returns it. The caller makes the object at once.
  void* Allocate(void* cell) const { return boxed_ ? AllocateBox(cell) : cell; }
  /// Undoes Allocate.
  void Deallocate(void* cell) const;

  void CopyConstruct(void* object, const void* from) const {
    if (trivial_) {
      std::memcpy(object, from, object_bytes_);
    } else {
      serializer_->CopyConstruct(object, from);
    }
  }
  /// `from` may be `object`.
  void CopyAssign(void* object, const void* from) const {
    if (object == from) return;
    if (trivial_) {
      std::memcpy(object, from, object_bytes_);
    } else {
      serializer_->CopyAssign(object, from);
    }
  }

  void Relocate(void* to, void* from) const override;
  void Destroy(void* cell) const override;

 private:
  void* AllocateBox(void* cell) const;

  const SerializerPtr serializer_;
  const size_t object_bytes_;
  const bool trivial_;
  const bool boxed_;
};

}  // namespace kvstate::backends::hashmap

#endif  // KVSTATE_BACKENDS_HASHMAP_PAYLOAD_H_
