// SPDX-License-Identifier: Apache-2.0
#include "storage/testing/plain_list.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>
#include "base/error.h"
#include "base/mutex.h"
#include "base/result.h"
#include "base/time.h"
#include "model/ids.h"
#include "model/span.h"
#include "model/span_batch.h"
#include "storage/filter.h"
#include "storage/scan.h"
#include "wire/otlp/otlp.h"

namespace waybill::storage {
namespace {

using Batches = std::vector<std::shared_ptr<const model::SpanBatch>>;

std::string bytes_of(const model::Span* span) {
  std::string bytes;
  wire::otlp::encode_protobuf({&span, 1}, bytes);
  return bytes;
}

bool is_before(const model::Span* left, const model::Span* right) {
  if (left->start == right->start && left->span_id == right->span_id) {
    return bytes_of(left) < bytes_of(right);
  }
  return std::tie(left->start, left->span_id) < std::tie(right->start, right->span_id);
}

// All spans by trace, sorted, without repeated reports.
std::vector<Trace> group(const Batches& batches) {
  std::map<model::TraceId, Trace> by_id;
  for (const auto& batch : batches) {
    for (const model::Span& span : batch->spans()) {
      Trace& trace = by_id[span.trace_id];
      const bool is_known =
          std::any_of(trace.spans.begin(), trace.spans.end(),
                      [&](const model::Span* known) { return model::equal(*known, span); });
      if (is_known) {
        continue;
      }
      trace.id = span.trace_id;
      trace.start = trace.spans.empty() ? span.start : std::min(trace.start, span.start);
      trace.end = std::max(trace.end, span.end);
      trace.spans.push_back(&span);
    }
  }
  std::vector<Trace> traces;
  for (auto& [id, trace] : by_id) {
    std::stable_sort(trace.spans.begin(), trace.spans.end(), is_before);
    trace.keep_alive.assign(batches.begin(), batches.end());
    traces.push_back(std::move(trace));
  }
  // Ids ascend already, so a stable sort leaves them so among equal starts.
  std::stable_sort(traces.begin(), traces.end(),
                   [](const Trace& left, const Trace& right) { return left.start > right.start; });
  return traces;
}

bool is_asked_for(const Trace& trace, const ScanRequest& request) {
  if (request.after && !comes_before(request.after->place, {trace.start, trace.id})) {
    return false;
  }
  return request.trace_ids.empty() || std::find(request.trace_ids.begin(), request.trace_ids.end(),
                                                trace.id) != request.trace_ids.end();
}

// False where no span satisfies the filter within the time.
bool match(Trace& trace, const ScanRequest& request, const SpanMatcher& matcher) {
  bool is_found = false;
  for (std::size_t row = 0; row < trace.spans.size(); ++row) {
    const model::Span& span = *trace.spans[row];
    if (!matcher.matches(span)) {
      continue;
    }
    if (!matcher.matches_everything()) {
      trace.matched.push_back(static_cast<std::uint32_t>(row));
    }
    is_found = is_found || touches(request.time, span.start, span.end);
  }
  return is_found;
}

}  // namespace

void PlainList::append(model::SpanBatch batch) {
  auto shared = std::make_shared<const model::SpanBatch>(std::move(batch));
  const MutexLock lock(mutex_);
  batches_.push_back(std::move(shared));
}

PlainList::Batches PlainList::snapshot() const {
  const MutexLock lock(mutex_);
  return batches_;
}

Result<ScanPage> PlainList::scan(const ScanRequest& request) const {
  const SpanMatcher matcher = TRY(SpanMatcher::make(request.filter));
  ScanPage page;
  std::optional<ScanCursor> last;
  for (Trace& trace : group(snapshot())) {
    if (request.cancelled.stop_requested()) {
      return Error{ErrorCode::Cancelled, "the scan was cancelled"};
    }
    if (!is_asked_for(trace, request)) {
      continue;
    }
    // At least one trace is looked at, so that a reader who goes on at `next` gets to the end.
    if (last && request.deadline && clock_.steady() >= *request.deadline) {
      page.complete = false;
      page.next = last;
      return page;
    }
    ++page.stats.traces_inspected;
    page.stats.spans_inspected += trace.spans.size();
    const ScanCursor place{{trace.start, trace.id}, {}};
    if (match(trace, request, matcher)) {
      if (page.traces.size() >= request.trace_count_max) {
        page.next = last;
        return page;
      }
      page.traces.push_back(std::move(trace));
    }
    last = place;
  }
  return page;
}

std::vector<ServiceCount> PlainList::services() const {
  std::map<std::string, ServiceCount, std::less<>> counts;
  for (const Trace& trace : group(snapshot())) {
    for (const model::Span* span : trace.spans) {
      ServiceCount& count = counts[std::string(span->service())];
      ++count.span_count;
      count.error_count += span->is_error() ? 1 : 0;
    }
  }
  std::vector<ServiceCount> services;
  for (auto& [name, count] : counts) {
    count.name = name;
    services.push_back(std::move(count));
  }
  return services;
}

std::vector<OperationCount> PlainList::operations(std::string_view service) const {
  std::map<std::pair<std::string, model::SpanKind>, OperationCount> counts;
  for (const Trace& trace : group(snapshot())) {
    for (const model::Span* span : trace.spans) {
      if (span->service() != service) {
        continue;
      }
      OperationCount& count = counts[{std::string(span->name), span->kind}];
      ++count.span_count;
      count.error_count += span->is_error() ? 1 : 0;
    }
  }
  std::vector<OperationCount> operations;
  for (auto& [key, count] : counts) {
    count.name = key.first;
    count.kind = key.second;
    operations.push_back(std::move(count));
  }
  return operations;
}

StoreTotals PlainList::totals() const {
  StoreTotals totals;
  std::set<std::string_view> services;
  const Batches batches = snapshot();
  for (const Trace& trace : group(batches)) {
    ++totals.trace_count;
    totals.span_count += trace.spans.size();
    for (const model::Span* span : trace.spans) {
      services.insert(span->service());
    }
    TimeRange time = totals.time.value_or(TimeRange{trace.start, trace.end});
    time.begin = std::min(time.begin, trace.start);
    time.end = std::max(time.end, trace.end);
    totals.time = time;
  }
  totals.service_count = services.size();
  for (const auto& batch : batches) {
    totals.size_bytes += batch->size_bytes();
  }
  return totals;
}

}  // namespace waybill::storage
