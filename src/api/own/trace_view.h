// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "query/trace_tree.h"
#include "storage/scan.h"

namespace waybill::api::own {

inline constexpr std::string_view kTraceViewType = "application/vnd.waybill.trace.v1+bin";
// Events that a view gives at the most; those of later rows are left out, as the format says.
inline constexpr std::size_t kViewEventCountMax = 100'000;

// The columns that a waterfall draws (docs/formats/trace-view.md). Requires: the trace has spans,
// and the tree is its own.
std::string make_trace_view(const storage::Trace& trace, const query::TraceTree& tree);

}  // namespace waybill::api::own
