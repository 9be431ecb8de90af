#include "harness/profile/profile_listing.h"

#include <cstdio>
#include <nlohmann/json.hpp>
#include <string_view>
#include <vector>

namespace kvstate::harness {

namespace {

using Json = nlohmann::ordered_json;

constexpr double kNsOfMs = 1e6;

std::string Percent(double percent) {
  char text[32];
  std::snprintf(text, sizeof(text), percent >= 10 ? "%.0f%%" : "%.2g%%", percent);
  return text;
}

double Share(uint64_t part, uint64_t whole) {
  return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole) * 100;
}

double PerOperation(const ProfiledTrace& trace, const TraceProfile& profile) {
  if (profile.operations() == 0) return 0;
  return static_cast<double>(trace.bytes) / static_cast<double>(profile.operations());
}

/// What there is to say of the trace beyond its operations; nothing of most.
std::string MarksText(const ProfiledTrace& trace) {
  std::string text;
  if (trace.fill_operations > 0) {
    text += "the first " + ShortNumber(static_cast<double>(trace.fill_operations)) +
            " operations fill state; what is to be measured follows\n";
  }
  if (trace.header.values_are_sizes) text += "values: their sizes alone; a replay makes values of these sizes\n";
  if (trace.header.keys_are_hashed) text += "keys are hashed\n";
  if (trace.header.is_part) text += "a part of another trace: what was done before it, or in between, is missing\n";
  return text;
}

struct Distribution {
  std::string_view name;
  const Histogram& histogram;
};

std::vector<Distribution> Sizes(const TraceProfile& profile) {
  return {{"key_bytes", profile.key_bytes()},
          {"namespace_bytes", profile.namespace_bytes()},
          {"user_key_bytes", profile.user_key_bytes()},
          {"value_bytes", profile.value_bytes()}};
}

std::string MixText(const TraceProfile& profile, const TableStyle& style) {
  std::vector<std::string> header = {"operations", "all"};
  for (const TraceProfile::State& state : profile.states()) header.push_back(state.name);
  Table table(header);
  for (size_t code = 1; code < kOperationLimit; ++code) {
    std::vector<std::string> row = {std::string(OperationName(static_cast<Operation>(code))), ""};
    uint64_t all = 0;
    for (const TraceProfile::State& state : profile.states()) {
      const uint64_t count = state.operations[code];
      all += count;
      row.push_back(count == 0 ? "–" : Percent(Share(count, profile.operations())));
    }
    if (all == 0) continue;
    row[1] = Percent(Share(all, profile.operations()));
    table.AddRow(row);
  }
  return table.ToText(style.width, style.colour);
}

std::string GrowthText(const TraceProfile& profile, const TableStyle& style) {
  Table table({"operations", "stream time", "keys so far", "keys in slice", "live at end"});
  uint64_t operations = 0;
  int64_t start_ms = 0;
  for (const TraceProfile::Slice& slice : profile.slices()) {
    if (operations == 0) start_ms = slice.first_time_ms;
    operations += slice.operations;
    table.AddRow({ShortNumber(static_cast<double>(operations)),
                  ShortTime((static_cast<double>(slice.last_time_ms) - static_cast<double>(start_ms)) * kNsOfMs),
                  ShortNumber(static_cast<double>(slice.keys_in_all)), ShortNumber(static_cast<double>(slice.keys)),
                  ShortNumber(static_cast<double>(slice.live))});
  }
  return table.ToText(style.width, style.colour);
}

std::string DistributionText(const TraceProfile& profile, const TableStyle& style) {
  Table table({"", "count", "p50", "p90", "p99", "max"});
  const auto add = [&](std::string_view name, const Histogram& histogram, const auto& text) {
    if (histogram.count() == 0) return;
    table.AddRow({std::string(name), ShortNumber(static_cast<double>(histogram.count())), text(histogram.Quantile(0.5)),
                  text(histogram.Quantile(0.9)), text(histogram.Quantile(0.99)), text(histogram.Quantile(1))});
  };
  for (const auto& [name, histogram] : Sizes(profile)) {
    add(std::string(name.substr(0, name.rfind('_'))) + " size", histogram, [](double v) { return ShortBytes(v); });
  }
  add("stack distance", profile.stack_distances(), [](double v) { return ShortNumber(v); });
  add("lifetime", profile.lifetimes_ms(), [](double v) { return ShortTime(v * kNsOfMs); });
  return table.ToText(style.width, style.colour);
}

Json DistributionJson(const Histogram& histogram) {
  return {{"count", histogram.count()},
          {"p50", histogram.Quantile(0.5)},
          {"p90", histogram.Quantile(0.9)},
          {"p99", histogram.Quantile(0.99)},
          {"max", histogram.Quantile(1)}};
}

}  // namespace

std::string ProfileText(const ProfiledTrace& trace, const TraceProfile& profile, const TableStyle& style) {
  std::string text =
      trace.name + ": " + ShortNumber(static_cast<double>(profile.operations())) + " operations on " +
      std::to_string(profile.states().size()) + " states in " +
      ShortTime((static_cast<double>(trace.last_time_ms) - static_cast<double>(trace.first_time_ms)) * kNsOfMs) +
      " of stream time, " + ShortBytes(static_cast<double>(trace.bytes)) + ", " +
      ShortBytes(PerOperation(trace, profile)) + " an operation\n";
  text += MarksText(trace);
  if (profile.sample_percent() < 100) {
    text += "keys and addresses: scaled up from a sample of " + Percent(profile.sample_percent()) + " of the keys\n";
  }
  text += "\n" + MixText(profile, style) + "\n" + GrowthText(profile, style) + "\n" + DistributionText(profile, style);
  text += "\n" + ShortNumber(static_cast<double>(profile.keys())) + " keys, " +
          ShortNumber(static_cast<double>(profile.addresses())) + " addresses (state, key, namespace), " +
          ShortNumber(static_cast<double>(profile.live_at_end())) + " of them hold something at the end\n";
  text += "of the accesses";
  const char* separator = ", ";
  for (const TraceProfile::Popularity& popularity : profile.KeyPopularity()) {
    text += separator + Percent(popularity.percent_of_accesses) + " are to " + Percent(popularity.percent_of_keys) +
            " of the keys";
  }
  return text + "\n";
}

std::string ProfileJson(const ProfiledTrace& trace, const TraceProfile& profile) {
  Json json{{"trace", trace.name},
            {"operations", profile.operations()},
            {"fill_operations", trace.fill_operations},
            {"values_are_sizes", trace.header.values_are_sizes},
            {"keys_are_hashed", trace.header.keys_are_hashed},
            {"is_part", trace.header.is_part},
            {"file_bytes", trace.bytes},
            {"file_bytes_per_operation", PerOperation(trace, profile)},
            {"first_time_ms", trace.first_time_ms},
            {"last_time_ms", trace.last_time_ms},
            {"sample_percent", profile.sample_percent()},
            {"keys", profile.keys()},
            {"addresses", profile.addresses()},
            {"live_at_end", profile.live_at_end()},
            {"first_accesses", profile.first_accesses()}};
  json["states"] = Json::array();
  for (const TraceProfile::State& state : profile.states()) {
    Json mix = Json::object();
    for (size_t code = 1; code < kOperationLimit; ++code) {
      if (state.operations[code] > 0)
        mix[std::string(OperationName(static_cast<Operation>(code)))] = state.operations[code];
    }
    json["states"].push_back({{"name", state.name}, {"kind", state.kind}, {"operations", mix}});
  }
  json["slices"] = Json::array();
  for (const TraceProfile::Slice& slice : profile.slices()) {
    json["slices"].push_back({{"operations", slice.operations},
                              {"first_time_ms", slice.first_time_ms},
                              {"last_time_ms", slice.last_time_ms},
                              {"keys_in_all", slice.keys_in_all},
                              {"keys", slice.keys},
                              {"live", slice.live}});
  }
  json["popularity"] = Json::array();
  for (const TraceProfile::Popularity& popularity : profile.KeyPopularity()) {
    json["popularity"].push_back(
        {{"keys_percent", popularity.percent_of_keys}, {"accesses_percent", popularity.percent_of_accesses}});
  }
  for (const auto& [name, histogram] : Sizes(profile)) {
    if (histogram.count() > 0) json[std::string(name)] = DistributionJson(histogram);
  }
  if (profile.stack_distances().count() > 0) json["stack_distance"] = DistributionJson(profile.stack_distances());
  if (profile.lifetimes_ms().count() > 0) json["lifetime_ms"] = DistributionJson(profile.lifetimes_ms());
  // Names come from files.
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace kvstate::harness
