// SPDX-License-Identifier: Apache-2.0
#include "storage/assemble.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "base/check.h"
#include "model/ids.h"
#include "model/span.h"
#include "storage/filter.h"
#include "storage/scan.h"
#include "wire/otlp/otlp.h"

namespace waybill::storage {
namespace {

bool same_place(const model::Span& left, const model::Span& right) {
  return left.start == right.start && left.span_id == right.span_id;
}

// Drops identical reports within spans[begin, end), all of one start and id, and puts those that
// differ into the order of their encoded bytes: the same spans come in the same order wherever they
// lie. A broken sender that uses one id for everything costs no quadratic time.
void keep_distinct(const std::vector<const model::Span*>& spans, std::size_t begin, std::size_t end,
                   std::vector<const model::Span*>& out) {
  std::map<std::string, const model::Span*> reports;
  for (std::size_t i = begin; i < end; ++i) {
    std::string bytes;
    wire::otlp::encode_protobuf({&spans[i], 1}, bytes);
    reports.try_emplace(std::move(bytes), spans[i]);
  }
  for (const auto& [bytes, span] : reports) {
    out.push_back(span);
  }
}

}  // namespace

std::vector<const model::Span*> in_order_once(std::vector<const model::Span*> spans) {
  std::stable_sort(spans.begin(), spans.end(), [](const model::Span* a, const model::Span* b) {
    return std::tie(a->start, a->span_id) < std::tie(b->start, b->span_id);
  });
  std::vector<const model::Span*> once;
  once.reserve(spans.size());
  for (std::size_t begin = 0; begin < spans.size();) {
    std::size_t end = begin + 1;
    while (end < spans.size() && same_place(*spans[begin], *spans[end])) {
      ++end;
    }
    if (end - begin == 1) {
      once.push_back(spans[begin]);
    } else {
      keep_distinct(spans, begin, end, once);
    }
    begin = end;
  }
  return once;
}

Trace assemble_trace(const model::TraceId& id, std::vector<const model::Span*> spans,
                     const SpanMatcher& matcher) {
  CHECK(!spans.empty());
  Trace trace;
  trace.id = id;
  trace.spans = in_order_once(std::move(spans));
  trace.start = trace.spans.front()->start;
  for (std::size_t i = 0; i < trace.spans.size(); ++i) {
    const model::Span& span = *trace.spans[i];
    trace.end = std::max({trace.end, span.start, span.end});
    if (!matcher.matches_everything() && matcher.matches(span)) {
      trace.matched.push_back(static_cast<std::uint32_t>(i));
    }
  }
  return trace;
}

}  // namespace waybill::storage
