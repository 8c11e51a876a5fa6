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

// Place in the order of a scan: after the trace that starts then and has that id.
struct ScanCursor {
  UnixNanos start = 0;
  model::TraceId trace_id;

  friend bool operator==(const ScanCursor&, const ScanCursor&) = default;
};

struct ScanRequest {
  TimeRange time;                         // traces whose [start, end] touches it
  std::vector<model::TraceId> trace_ids;  // only these; empty: every trace
  Filter filter;                          // a trace is answered when one of its spans satisfies it
  std::optional<ScanCursor> after;        // go on behind it
  std::size_t trace_count_max = 20;
  std::optional<std::chrono::nanoseconds>
      deadline;  // on Clock::steady; then the scan ends with complete() false
  std::stop_token cancelled;
};

// One trace: all its spans as they are now, sorted by start, then span id; identical reports of one
// span are given once. Keeps what it refers to alive. Immutable; any thread.
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
  std::uint64_t trace_count = 0;
  std::uint64_t service_count = 0;
  std::uint64_t size_bytes = 0;
  std::uint64_t size_bytes_max = 0;
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
