#ifndef KVSTATE_TESTS_STABILITY_FROZEN_NULL_BACKEND_H_
#define KVSTATE_TESTS_STABILITY_FROZEN_NULL_BACKEND_H_

#include <memory>

#include "kvstate/backend_registry.h"

/// A backend named "null" that takes everything and keeps nothing.
std::unique_ptr<kvstate::BackendFactory> MakeNullFactory();

#endif  // KVSTATE_TESTS_STABILITY_FROZEN_NULL_BACKEND_H_
