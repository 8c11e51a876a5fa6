// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "generate/options.h"
#include "generate/shop.h"
#include "model/ids.h"

namespace waybill::generate {

// One place where something is known to be wrong or large.
struct TraceNote {
  model::TraceId trace_id;
  model::SpanId span_id;  // the span it shows at; of a missing parent, the span that is missing
  std::uint16_t operation = 0;
  std::uint64_t span_count = 0;  // of the trace, as far as it is sent
};

// Counts all, keeps the first.
struct TraceNotes {
  static constexpr std::size_t kKeptMax = 10'000;

  std::uint64_t count = 0;
  std::vector<TraceNote> kept;

  void add(const TraceNote& note);
};

struct OperationCount {
  std::uint64_t spans = 0;
  std::uint64_t failed = 0;
};

// What was made, exactly: a store that holds all of it must answer with these numbers.
struct GroundTruth {
  std::uint64_t spans = 0;
  std::uint64_t traces = 0;  // different trace ids, those of lost contexts included
  std::uint64_t requests = 0;
  std::uint64_t bytes = 0;  // of the requests, uncompressed
  std::uint64_t failed_spans = 0;
  std::uint64_t events = 0;
  std::uint64_t late_spans = 0;
  UnixNanos first_start = UINT64_MAX;
  UnixNanos last_end = 0;
  std::vector<OperationCount> operations;  // by index into the shop's
  TraceNotes huge;
  TraceNotes failed;                 // traces; the span is the root
  std::array<TraceNotes, 6> faults;  // by FaultKind; ClockSkew has none
};

// The ground-truth file, one JSON object; docs/design/generator.md lists its fields.
std::string print_ground_truth(const Shop& shop, const GeneratorOptions& options,
                               const GroundTruth& truth);

}  // namespace waybill::generate
