#ifndef KVSTATE_HARNESS_PROFILE_PROFILE_LISTING_H_
#define KVSTATE_HARNESS_PROFILE_PROFILE_LISTING_H_

#include <cstdint>
#include <string>

#include "harness/profile/trace_profile.h"
#include "harness/report/table.h"

namespace kvstate::harness {

/// What a profile is of.
struct ProfiledTrace {
  std::string name;
  uint64_t bytes = 0;  ///< Of the file.
  int64_t first_time_ms = 0;
  int64_t last_time_ms = 0;
  TraceHeader header = {};
  uint64_t fill_operations = 0;
};

/// For people.
std::string ProfileText(const ProfiledTrace& trace, const TraceProfile& profile, const TableStyle& style);
/// For programs: names carry their units; what does not occur is absent.
std::string ProfileJson(const ProfiledTrace& trace, const TraceProfile& profile);

}  // namespace kvstate::harness

#endif  // KVSTATE_HARNESS_PROFILE_PROFILE_LISTING_H_
