#include "backends/common/ttl_filter.h"

namespace kvstate::backends {

Result<TtlFilter::Verdict> TtlFilter::Check(ByteView, int64_t, std::string*) const { return Verdict::kKeep; }

Result<int64_t> TtlFilter::ExpiresAt(ByteView) const { return INT64_MAX; }

}  // namespace kvstate::backends
