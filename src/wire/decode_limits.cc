// SPDX-License-Identifier: Apache-2.0
#include "wire/decode_limits.h"

#include <cstdint>
#include <numeric>
#include <string_view>

namespace waybill::wire {

std::string_view refused_span_name(RefusedSpan reason) {
  switch (reason) {
    case RefusedSpan::TraceIdLength:
      return "trace_id_length";
    case RefusedSpan::TraceIdZero:
      return "trace_id_zero";
    case RefusedSpan::SpanIdLength:
      return "span_id_length";
    case RefusedSpan::SpanIdZero:
      return "span_id_zero";
    case RefusedSpan::ParentIdLength:
      return "parent_id_length";
    case RefusedSpan::TooManySpans:
      return "too_many_spans";
  }
  return "unknown";
}

std::string_view cut_name(Cut cut) {
  switch (cut) {
    case Cut::Attributes:
      return "attributes";
    case Cut::Events:
      return "events";
    case Cut::Links:
      return "links";
    case Cut::Keys:
      return "keys";
    case Cut::Values:
      return "values";
    case Cut::Names:
      return "names";
    case Cut::Depth:
      return "depth";
  }
  return "unknown";
}

std::uint64_t DecodeCounts::refused_total() const {
  return std::accumulate(refused.begin(), refused.end(), std::uint64_t{0});
}

}  // namespace waybill::wire
