#ifndef KVSTATE_BACKENDS_INTERFACE_TAX_KVSTATE_SIDE_H_
#define KVSTATE_BACKENDS_INTERFACE_TAX_KVSTATE_SIDE_H_

#include <memory>
#include <string_view>

#include "backends/interface_tax/side.h"

namespace kvstate::interface_tax {

/// The state of backend `name`, with its default options, through the typed façades: the current key is set for each
/// operation, as a stream job does.
std::unique_ptr<Side> MakeKvstateSide(std::string_view name, const SideOptions& options);

}  // namespace kvstate::interface_tax

#endif  // KVSTATE_BACKENDS_INTERFACE_TAX_KVSTATE_SIDE_H_
