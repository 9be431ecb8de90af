#ifndef KVSTATE_VERSION_H_
#define KVSTATE_VERSION_H_

#include "kvstate/export.h"

/// The version of the headers a client was compiled with; CMake reads it from here, so it is written once.
#define KVSTATE_VERSION_MAJOR 0
#define KVSTATE_VERSION_MINOR 2
#define KVSTATE_VERSION_PATCH 0

/// One number that orders versions: major * 1,000,000 + minor * 1,000 + patch.
#define KVSTATE_VERSION (KVSTATE_VERSION_MAJOR * 1000000 + KVSTATE_VERSION_MINOR * 1000 + KVSTATE_VERSION_PATCH)

namespace kvstate {
inline namespace v1 {

/// The version of the library that is loaded, as KVSTATE_VERSION; a client may compare it with the macro.
KVSTATE_EXPORT int LibraryVersion();

/// The same as "major.minor.patch"; static storage.
KVSTATE_EXPORT const char* LibraryVersionString();

}  // namespace v1
}  // namespace kvstate

#endif  // KVSTATE_VERSION_H_
