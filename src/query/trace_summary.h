// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "query/trace_tree.h"
#include "storage/scan.h"

namespace waybill::query {

// One 64th of a trace's time.
struct StripCell {
  std::int32_t service = -1;  // index into TraceSummary::services; -1: nothing is running
  bool has_error = false;     // a span with error status is running

  friend bool operator==(const StripCell&, const StripCell&) = default;
};

struct ServiceUse {
  std::string_view name;
  std::uint32_t span_count = 0;
  std::uint32_t error_count = 0;

  friend bool operator==(const ServiceUse&, const ServiceUse&) = default;
};

// What a list of traces shows of one. Borrows its texts from the trace.
struct TraceSummary {
  static constexpr std::size_t kStripCount = 64;
  static constexpr std::size_t kMatchedMax = 3;

  model::TraceId id;
  std::uint32_t root = 0;     // row of the root
  bool root_missing = false;  // no span without a parent was received
  UnixNanos start = 0;
  std::uint64_t duration_nanos = 0;  // latest end minus earliest start; 0 where that is negative
  std::uint32_t span_count = 0;
  std::uint32_t error_count = 0;
  std::uint32_t orphan_count = 0;    // spans whose parent was not received
  std::vector<ServiceUse> services;  // in order of first use
  std::uint32_t matched_count = 0;
  std::vector<std::uint32_t> matched;  // rows of the first kMatchedMax
  std::array<StripCell, kStripCount> strip;
};

// Requires: the trace has spans. Takes time in proportion to n log n.
TraceSummary summarise(const storage::Trace& trace);

// The strip alone. At each instant the deepest running span counts, the latest started among
// equals; a cell shows the service that was so for the longest part of it, the first used among
// equals. A span that ends before or when it starts runs for one nanosecond. `service_of` gives an
// index for each row.
std::array<StripCell, TraceSummary::kStripCount> make_strip(
    const storage::Trace& trace, const TraceTree& tree, std::span<const std::int32_t> service_of);

}  // namespace waybill::query
