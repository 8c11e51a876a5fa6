// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "storage/scan.h"

namespace waybill::query {

struct FinderOptions {
  // Time that one question may take; what was found until then is answered.
  std::chrono::nanoseconds budget = std::chrono::seconds(8);
  // Traces that one look at dependencies may go through.
  std::uint64_t dependency_trace_count_max = 200'000;
};

// How often spans of one service were the parents of spans of another.
struct Dependency {
  std::string parent;
  std::string child;
  std::uint64_t call_count = 0;

  friend bool operator==(const Dependency&, const Dependency&) = default;
};

struct Dependencies {
  std::vector<Dependency> edges;  // by parent, then child
  bool complete = true;           // false: the budget ended before all traces were seen
};

// The questions that more than one API asks, within a budget of time. Borrows the reader and the
// clock. Any thread.
class Finder final {
 public:
  Finder(const storage::SpanReader& reader, const Clock& clock, FinderOptions options = {})
      : reader_(reader), clock_(clock), options_(options) {}

  const storage::SpanReader& reader() const { return reader_; }
  const Clock& clock() const { return clock_; }

  // One page, with the deadline set.
  Result<storage::ScanPage> search(storage::ScanRequest request) const;
  // Pages until `trace_count_max` traces are there, none is left or the budget is spent.
  Result<storage::ScanPage> search_all(storage::ScanRequest request) const;
  // NotFound where no span of it is known.
  Result<storage::Trace> find_trace(const model::TraceId& id, std::stop_token cancelled) const;
  // Edges between services in the traces that touch the range, from parent and child spans.
  Result<Dependencies> find_dependencies(TimeRange time, std::stop_token cancelled) const;

 private:
  const storage::SpanReader& reader_;
  const Clock& clock_;
  FinderOptions options_;
};

}  // namespace waybill::query
