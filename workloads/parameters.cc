#include "workloads/parameters.h"

#include <algorithm>
#include <cassert>
#include <charconv>
#include <sstream>
#include <utility>

namespace kvstate::workloads {
namespace {

/// All of `text` as a number, in the C locale whatever the program's is.
template <class T>
bool ParseNumber(std::string_view text, T* value) {
  const char* end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, *value);
  return error == std::errc() && stopped == end;
}

std::string NamesOf(const std::vector<ParameterSpec>& specs) {
  std::string names;
  for (const ParameterSpec& spec : specs) names += (names.empty() ? "" : ", ") + spec.name;
  return names.empty() ? "none" : names;
}

template <class T>
std::string RangeText(std::string_view what, T min, T max) {
  std::ostringstream text;
  text << what << " from " << min << " to " << max;
  return text.str();
}

}  // namespace

ParameterReader::ParameterReader(std::string whose, const std::vector<ParameterSpec>& specs, const Parameters& given)
    : whose_(std::move(whose)), specs_(specs), given_(given) {
  for (const auto& [name, value] : given) {
    const bool known = std::any_of(specs.begin(), specs.end(),
                                   [&name = name](const ParameterSpec& spec) { return spec.name == name; });
    if (known) continue;
    status_ = InvalidArgumentError(whose_ + ": there is no parameter \"" + name + "\"; there are " + NamesOf(specs));
    return;
  }
}

int64_t ParameterReader::Integer(std::string_view name, int64_t min, int64_t max) {
  int64_t value = 0;
  if (ParseNumber(Text(name), &value) && value >= min && value <= max) return value;
  Refuse(name, RangeText("an integer", min, max));
  return min;
}

double ParameterReader::Real(std::string_view name, double min, double max) {
  double value = 0;
  if (ParseNumber(Text(name), &value) && value >= min && value <= max) return value;
  Refuse(name, RangeText("a number", min, max));
  return min;
}

size_t ParameterReader::Choice(std::string_view name, std::initializer_list<std::string_view> choices) {
  const auto* found = std::find(choices.begin(), choices.end(), Text(name));
  if (found != choices.end()) return static_cast<size_t>(found - choices.begin());
  std::string allowed = "one of ";
  for (std::string_view choice : choices) {
    if (choice != *choices.begin()) allowed += ", ";
    allowed += choice;
  }
  Refuse(name, allowed);
  return 0;
}

bool ParameterReader::IsGiven(std::string_view name) const { return given_.contains(std::string(name)); }

void ParameterReader::Refuse(std::string_view name, std::string_view allowed) {
  if (!status_.ok()) return;
  std::string message = whose_ + ": " + std::string(name) + " is \"";
  message.append(Text(name)).append("\"; it must be ").append(allowed);
  status_ = InvalidArgumentError(std::move(message));
}

std::string_view ParameterReader::Text(std::string_view name) const {
  const auto given = given_.find(std::string(name));
  if (given != given_.end()) return given->second;
  const auto spec = std::find_if(specs_.begin(), specs_.end(), [&](const ParameterSpec& s) { return s.name == name; });
  assert(spec != specs_.end());
  return spec->default_value;
}

}  // namespace kvstate::workloads
