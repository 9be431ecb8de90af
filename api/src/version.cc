#include "kvstate/version.h"

#define KVSTATE_TEXT_(x) #x
#define KVSTATE_TEXT(x) KVSTATE_TEXT_(x)

namespace kvstate {
inline namespace v1 {

int LibraryVersion() { return KVSTATE_VERSION; }

const char* LibraryVersionString() {
  return KVSTATE_TEXT(KVSTATE_VERSION_MAJOR) "." KVSTATE_TEXT(KVSTATE_VERSION_MINOR) "." KVSTATE_TEXT(
      KVSTATE_VERSION_PATCH);
}

}  // namespace v1
}  // namespace kvstate
