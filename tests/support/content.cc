#include "tests/support/content.h"

#include <set>
#include <stdexcept>
#include <utility>

#include "tests/support/must.h"

namespace kvstate::testing_support {

namespace {

using Pairs = std::set<std::pair<std::string, std::string>>;

std::string Printable(const std::string& bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (const char c : bytes.substr(0, 60)) {
    if (c >= ' ' && c <= '~') {
      text += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      text.append("\\x").append(1, kDigits[byte >> 4]).append(1, kDigits[byte & 15]);
    }
  }
  return bytes.size() > 60 ? text + "… (" + std::to_string(bytes.size()) + " bytes)" : text;
}

std::string Printable(const std::optional<std::string>& value) {
  return value.has_value() ? "'" + Printable(*value) + "'" : "null";
}

class Hash {
 public:
  void Add(ByteView bytes) {
    AddNumber(bytes.size());
    for (const char c : bytes) AddByte(static_cast<unsigned char>(c));
  }
  void AddNumber(uint64_t number) {
    for (int i = 0; i < 8; ++i) AddByte(static_cast<unsigned char>(number >> (8 * i)));
  }
  uint64_t value() const { return value_; }

 private:
  // FNV-1a.
  void AddByte(unsigned char byte) { value_ = (value_ ^ byte) * 0x100000001b3u; }
  uint64_t value_ = 0xcbf29ce484222325u;
};

}  // namespace

StateContent ContentOf(KeyedStateBackend& backend, InternalKVState& state) {
  const StateDescriptor& descriptor = state.descriptor();
  StateContent content;
  Pairs visited;
  ByteWriter value;
  const auto visitor = Must(state.Visit());
  for (;;) {
    const auto batch = Must(visitor->NextBatch(100));
    if (batch.empty()) break;
    for (const StateEntry& entry : batch) {
      std::optional<std::string>& stored =
          content[{std::string(entry.key), std::string(entry.state_namespace), std::string(entry.user_key)}];
      visited.emplace(entry.key, entry.state_namespace);
      value.Clear();
      if (entry.value != nullptr) descriptor.value_serializer->Serialize(entry.value, value);
      stored = entry.value != nullptr ? std::optional<std::string>(value.view()) : std::nullopt;
    }
  }
  Pairs walked;
  const auto iterator = Must(backend.KeysAndNamespaces(descriptor.name));
  while (Must(iterator->Next())) {
    if (walked.emplace(iterator->key(), iterator->state_namespace()).second) continue;
    throw std::runtime_error("state '" + descriptor.name + "' gives a key twice");
  }
  if (walked != visited) {
    throw std::runtime_error("state '" + descriptor.name + "' gives a visitor " + std::to_string(visited.size()) +
                             " keys, and " + std::to_string(walked.size()) + " by its other walk");
  }
  return content;
}

uint64_t DigestOf(const Content& content) {
  Hash hash;
  for (const auto& [name, state] : content) {
    hash.Add(name);
    hash.AddNumber(state.size());
    for (const auto& [place, value] : state) {
      hash.Add(std::get<0>(place));
      hash.Add(std::get<1>(place));
      hash.Add(std::get<2>(place));
      hash.AddNumber(value.has_value() ? 1 : 0);
      if (value.has_value()) hash.Add(*value);
    }
  }
  return hash.value();
}

std::string DifferenceOf(const Content& expected, const Content& actual) {
  const auto describe = [](const std::string& state, const EntryPlace& place) {
    return "state '" + state + "', key '" + Printable(std::get<0>(place)) + "', namespace '" +
           Printable(std::get<1>(place)) + "', user key '" + Printable(std::get<2>(place)) + "'";
  };
  static const StateContent nothing;
  for (const auto& [name, state] : expected) {
    const auto found = actual.find(name);
    const StateContent& other = found == actual.end() ? nothing : found->second;
    for (const auto& [place, value] : state) {
      const auto there = other.find(place);
      if (there == other.end()) return describe(name, place) + " is missing";
      if (there->second != value) {
        return describe(name, place) + " is " + Printable(there->second) + " in place of " + Printable(value);
      }
    }
  }
  for (const auto& [name, state] : actual) {
    const auto found = expected.find(name);
    const StateContent& other = found == expected.end() ? nothing : found->second;
    for (const auto& [place, value] : state) {
      if (!other.contains(place)) return describe(name, place) + " is there and should not be";
    }
  }
  return "";
}

}  // namespace kvstate::testing_support
