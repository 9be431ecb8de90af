#include <optional>
#include <utility>

#include "kvstate/extension.h"
#include "kvstate/serializers.h"

namespace kvstate {
inline namespace v1 {
namespace internal {

namespace {

/// The snapshot of a list's elements; none when `list` is no list's.
std::optional<SerializerSnapshot> ElementOf(const SerializerSnapshot& list) {
  if (list.type_id != "list" || list.version != 1) return std::nullopt;
  ByteReader in(list.parameters);
  Result<SerializerSnapshot> element = SerializerSnapshot::Read(in);
  if (!element.ok() || !in.AtEnd()) return std::nullopt;
  return std::move(element).value();
}

Status NoEvolution(const SerializerSnapshot& old) {
  return InvalidArgumentError("a list's elements cannot take over what '" + old.type_id + "' wrote");
}

}  // namespace

SerializerCompatibility ListEvolution::ResolveList(const TypeSerializer& element, const SerializerSnapshot& old) {
  const std::optional<SerializerSnapshot> of_element = ElementOf(old);
  return of_element.has_value() ? element.ResolveCompatibility(*of_element) : SerializerCompatibility::kIncompatible;
}

Result<SerializerPtr> ListEvolution::ReaderOf(const SerializerSnapshot& old) const {
  const std::optional<SerializerSnapshot> of_element = ElementOf(old);
  const auto* evolution = GetExtension<SerializerEvolution>(evolving_element());
  if (!of_element.has_value() || evolution == nullptr) return NoEvolution(old);
  KVSTATE_ASSIGN_OR_RETURN(SerializerPtr reader, evolution->ReaderOf(*of_element));
  return WithElement(std::move(reader));
}

Result<SerializerPtr> ListEvolution::ReconfiguredFor(const SerializerSnapshot& old) const {
  const std::optional<SerializerSnapshot> of_element = ElementOf(old);
  const auto* evolution = GetExtension<SerializerEvolution>(evolving_element());
  if (!of_element.has_value() || evolution == nullptr) return NoEvolution(old);
  KVSTATE_ASSIGN_OR_RETURN(SerializerPtr reconfigured, evolution->ReconfiguredFor(*of_element));
  return WithElement(std::move(reconfigured));
}

std::string ListEvolution::WhyIncompatible(const SerializerSnapshot& old) const {
  const std::optional<SerializerSnapshot> of_element = ElementOf(old);
  if (!of_element.has_value()) return {};
  const auto* evolution = GetExtension<SerializerEvolution>(evolving_element());
  const std::string reason = evolution == nullptr ? std::string() : evolution->WhyIncompatible(*of_element);
  return reason.empty() ? reason : "of its elements, " + reason;
}

}  // namespace internal
}  // namespace v1
}  // namespace kvstate
