// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "model/span.h"
#include "storage/filter.h"

// The whole read interface of storage. The head implements it, a plain list of spans does (the
// reference that tests compare with), and so does whatever holds spans later.
namespace waybill::storage {

// A trace's place in the order of answers: newest start first, then ascending id.
struct TracePlace {
  UnixNanos start = 0;
  model::TraceId trace_id;

  friend bool operator==(const TracePlace&, const TracePlace&) = default;
};

inline bool comes_before(const TracePlace& left, const TracePlace& right) {
  return left.start > right.start || (left.start == right.start && left.trace_id < right.trace_id);
}

// Where a scan goes on.
struct ScanCursor {
  static constexpr std::size_t kPendingMax = 64;

  TracePlace place;  // behind it
  // Traces that were found by a late span and whose place is still to come.
  std::vector<model::TraceId> pending;

  friend bool operator==(const ScanCursor&, const ScanCursor&) = default;
};

// Whether [start, end], or `start` alone where `end` lies before it, has an instant in the range. A
// range that ends at the largest time has no end: half open, it would miss that instant.
inline bool touches(const TimeRange& time, UnixNanos start, UnixNanos end) {
  return (start < time.end || time.end == UINT64_MAX) && (end > start ? end : start) >= time.begin;
}

struct ScanRequest {
  // A trace is answered when one of its spans satisfies the filter and touches this time:
  // [start, end] of the span, or its start alone where it ends before it starts.
  TimeRange time;
  Filter filter;
  std::vector<model::TraceId> trace_ids;  // only these; empty: every trace
  std::optional<ScanCursor> after;        // go on behind it
  std::size_t trace_count_max = 20;
  std::optional<std::chrono::nanoseconds>
      deadline;  // on Clock::steady; then the scan ends with complete() false
  std::stop_token cancelled;
};

// One trace: all its spans as they are now, sorted by start, then span id, then their bytes as
// OTLP; identical reports of one span are given once. Keeps what it refers to alive. Immutable; any
// thread.
struct Trace {
  model::TraceId id;
  std::vector<const model::Span*> spans;
  std::vector<std::uint32_t>
      matched;  // positions in `spans` that satisfy the filter; empty where the filter is All
  UnixNanos start = 0;  // earliest start
  UnixNanos end = 0;    // latest end
  std::vector<std::shared_ptr<const void>> keep_alive;
};

struct ScanStats {
  std::uint64_t traces_inspected = 0;
  std::uint64_t spans_inspected = 0;
};

struct ScanPage {
  std::vector<Trace> traces;       // newest start first, then ascending id
  std::optional<ScanCursor> next;  // set where there is more
  bool complete = true;            // false: the deadline ended it early
  // Blocks that can not be read; what is in them is missing from the answer.
  std::uint64_t unreadable_block_count = 0;
  ScanStats stats;
};

struct ServiceCount {
  std::string name;
  std::uint64_t span_count = 0;
  std::uint64_t error_count = 0;

  friend bool operator==(const ServiceCount&, const ServiceCount&) = default;
};

struct OperationCount {
  std::string name;
  model::SpanKind kind = model::SpanKind::Unspecified;
  std::uint64_t span_count = 0;
  std::uint64_t error_count = 0;

  friend bool operator==(const OperationCount&, const OperationCount&) = default;
};

struct StoreTotals {
  std::uint64_t span_count = 0;
  std::uint64_t trace_count = 0;  // one that lies in several parts counts once for each
  std::uint64_t service_count = 0;
  std::uint64_t size_bytes = 0;  // in memory
  std::uint64_t size_bytes_max = 0;
  std::uint64_t block_count = 0;
  std::uint64_t block_bytes = 0;  // on disk
  std::optional<TimeRange> time;  // first start, last end
};

// Spans that can be asked for. Any thread; each call sees every span whose append finished before
// it began.
class SpanReader {
 public:
  virtual ~SpanReader() = default;

  // Errors: InvalidArgument for a filter that can not be compiled; Cancelled.
  virtual Result<ScanPage> scan(const ScanRequest& request) const = 0;
  // By name.
  virtual std::vector<ServiceCount> services() const = 0;
  // By name, then kind. Empty for a service that is not known.
  virtual std::vector<OperationCount> operations(std::string_view service) const = 0;
  virtual StoreTotals totals() const = 0;
};

}  // namespace waybill::storage
