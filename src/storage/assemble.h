// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "model/span.h"
#include "storage/filter.h"
#include "storage/scan.h"

namespace waybill::storage {

// Puts spans of one trace into the order of answers (start, then span id, then their bytes as
// OTLP), with identical reports of one span given once: reports are identical when every field is,
// resource and scope included. Reports of one id that differ stay, both.
std::vector<const model::Span*> in_order_once(std::vector<const model::Span*> spans);

// Makes the trace that an answer holds. Requires: spans is not empty.
Trace assemble_trace(const model::TraceId& id, std::vector<const model::Span*> spans,
                     const SpanMatcher& matcher);

}  // namespace waybill::storage
