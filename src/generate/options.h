// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace waybill::generate {

enum class FaultKind : std::uint8_t {
  SlowService,    // server spans of the service take `amount_nanos` longer
  Retry,          // calls to the service fail once or twice before they succeed
  RepeatedQuery,  // server spans of the service ask the same query 12 to 40 times (n+1)
  MissingParent,  // the client span of a call to the service is never sent: orphans
  LostContext,    // server spans of the service begin a new trace: roots that should have a parent
  ClockSkew       // the clock of the service's last instance is `amount_nanos` ahead (or behind)
};

// Something that goes wrong in one service.
struct Fault {
  FaultKind kind = FaultKind::SlowService;
  std::string service;
  double share = 0.1;  // of its calls; no meaning for ClockSkew
  std::int64_t amount_nanos = 500'000'000;
};

// Reads "slow:bank", "slow:bank:0.2" or "slow:bank:0.2:1.5s". Kinds: slow, retry, repeated-query,
// missing-parent, lost-context, clock-skew. Error: InvalidArgument, naming what is wrong.
Result<Fault> parse_fault(std::string_view text);
std::string_view fault_kind_name(FaultKind kind);

struct GeneratorOptions {
  std::uint64_t seed = 1;
  // When the first trace begins. All times follow from it.
  UnixNanos start = 1'700'000'000'000'000'000;
  // Ends when either is reached: spans (huge traces included; faults may add or take a few), or
  // time since `start` at which the last trace begins. Zero: no such end; one must be set, or the
  // caller calls stop().
  std::uint64_t span_count = 0;
  std::int64_t duration_nanos = 0;
  // Spans a second of the shop's time: how dense the traces lie. Not how fast they are made.
  double rate = 10'000;
  std::uint32_t request_span_count = 512;
  // A process that has waited this long with spans exports them although the request is not full.
  // Zero: only full requests, and what is left at the end.
  std::int64_t export_delay_nanos = 5'000'000'000;
  // Share of the traces in which something fails.
  double error_share = 0.03;
  // Share of the spans that come `late_delay_nanos` after they ended.
  double late_share = 0;
  std::int64_t late_delay_nanos = 60'000'000'000;
  std::uint32_t huge_trace_count = 0;
  std::uint32_t huge_trace_span_count = 100'000;
  std::vector<Fault> faults;
};

// Limits: shares in 0..1, rate above 0 and at most 10^9, requests of 1 to 100,000 spans, huge
// traces of 50 to 10,000,000 spans and no more than `span_count` in sum, at most 32 faults of
// services that exist.
Result<void> check_options(const GeneratorOptions& options);

}  // namespace waybill::generate
