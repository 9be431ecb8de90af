#include "backends/hashmap/payload.h"

#include <new>
#include <utility>

namespace kvstate::backends::hashmap {

namespace {

/// Slots are aligned to no more than this.
constexpr size_t kMaxInlineAlignment = 64;

bool MustBox(const TypeInfo& info, size_t max_inline_bytes) {
  return info.size > max_inline_bytes || info.alignment > kMaxInlineAlignment;
}

}  // namespace

ObjectCell::ObjectCell(SerializerPtr serializer, size_t max_inline_bytes)
    : Payload(MustBox(serializer->info(), max_inline_bytes) ? sizeof(void*) : serializer->info().size,
              MustBox(serializer->info(), max_inline_bytes) ? alignof(void*) : serializer->info().alignment,
              serializer->info().trivially_copyable || MustBox(serializer->info(), max_inline_bytes),
              !serializer->info().trivially_copyable || MustBox(serializer->info(), max_inline_bytes)),
      serializer_(std::move(serializer)),
      object_bytes_(serializer_->info().size),
      trivial_(serializer_->info().trivially_copyable),
      boxed_(MustBox(serializer_->info(), max_inline_bytes)) {}

void* ObjectCell::AllocateBox(void* cell) const {
  void* object = ::operator new(object_bytes_, std::align_val_t(serializer_->info().alignment));
  *static_cast<void**>(cell) = object;
  return object;
}

void ObjectCell::Deallocate(void* cell) const {
  if (boxed_) ::operator delete(*static_cast<void**>(cell), std::align_val_t(serializer_->info().alignment));
}

void ObjectCell::Relocate(void* to, void* from) const {
  serializer_->MoveConstruct(to, from);
  serializer_->Destroy(from);
}

void ObjectCell::Destroy(void* cell) const {
  if (!trivial_) serializer_->Destroy(Object(cell));
  Deallocate(cell);
}

}  // namespace kvstate::backends::hashmap
