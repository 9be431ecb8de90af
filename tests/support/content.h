#ifndef KVSTATE_TESTS_SUPPORT_CONTENT_H_
#define KVSTATE_TESTS_SUPPORT_CONTENT_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <tuple>

#include "kvstate/internal_kv_state.h"
#include "kvstate/keyed_state_backend.h"

namespace kvstate::testing_support {

/// Canonical key, namespace and user key (empty unless the state is a map).
using EntryPlace = std::tuple<std::string, std::string, std::string>;
/// Values as the state's value serializer writes them; without one for a map's null value.
using StateContent = std::map<EntryPlace, std::optional<std::string>>;
/// By name of the state. States that hold nothing are not in it.
using Content = std::map<std::string, StateContent>;

/// All that a state holds, by its visitor. Throws when its other walk, KeysAndNamespaces, gives other keys.
StateContent ContentOf(KeyedStateBackend& backend, InternalKVState& state);

/// Of the exact content: two contents have the same digest when they are the same.
uint64_t DigestOf(const Content& content);

/// What differs first, for messages; empty when nothing does.
std::string DifferenceOf(const Content& expected, const Content& actual);

}  // namespace kvstate::testing_support

#endif  // KVSTATE_TESTS_SUPPORT_CONTENT_H_
