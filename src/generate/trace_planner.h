// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/random.h"
#include "generate/options.h"
#include "generate/shop.h"
#include "generate/span_template.h"

namespace waybill::generate {

inline constexpr std::uint32_t kNoSpan = UINT32_MAX;

// One span of a trace that is still to be written.
struct PlannedSpan {
  std::uint32_t parent = kNoSpan;  // index in the plan, below the span's own
  std::uint32_t first_child = kNoSpan;
  std::uint32_t last_child = kNoSpan;
  std::uint32_t next_sibling = kNoSpan;
  std::uint64_t self_nanos = 0;
  UnixNanos start = 0;  // while planning: relative to the parent's start
  UnixNanos end = 0;
  std::uint64_t span_id = 0;
  std::uint16_t operation = 0;
  std::uint16_t context = 0;  // index into contexts
  std::uint8_t instance = 0;
  std::uint8_t depth = 0;  // calls between services above it
  Look look = Look::Plain0;
  bool is_failed = false;
  bool is_parallel = false;     // starts with its elder sibling rather than after it
  bool is_async = false;        // starts after its parent ended
  bool is_unsent = false;       // exists in the shop, but is never exported
  bool begins_context = false;  // has lost its parent's context
  std::uint8_t struck_by = 0;   // fault_bit() of the faults that showed here
};

inline constexpr std::uint8_t fault_bit(FaultKind kind) {
  return static_cast<std::uint8_t>(1U << static_cast<unsigned>(kind));
}

// A trace, all of its spans timed. The first context is the trace's own; a span that lost its
// context begins another.
struct TracePlan {
  std::vector<PlannedSpan> spans;
  std::vector<TraceContext> contexts;
  // Indices of the spans that are sent, by end; children before their parents.
  std::vector<std::uint32_t> order;
  UnixNanos start = 0;
  bool is_huge = false;
};

enum class PlanSize : std::uint8_t { Usual, Huge };

// Makes traces of the shop: draws who calls whom until the trace has as many spans as asked for,
// lets things fail, then gives every span its time, from the leaves up.
//
// Every choice comes from one seeded stream, and ids from two more, so that ids are unique
// (splitmix64 gives each value once in its period). One thread at a time. Borrows the shop.
class TracePlanner final {
 public:
  TracePlanner(const Shop& shop, const GeneratorOptions& options);

  // 5 to 40, 12 on average.
  std::uint32_t draw_span_count();

  // Fills `plan`, whose memory is used again. Requires: span_count > 0.
  void plan(std::uint32_t span_count, PlanSize size, UnixNanos start, TracePlan& plan);

 private:
  // An endpoint's span, and how many of its steps were taken.
  struct Open {
    std::uint32_t span;
    std::uint16_t endpoint;
    std::uint16_t step;
  };
  struct ServiceFaults {
    std::array<double, 6> share{};
    std::array<std::int64_t, 6> amount{};
  };

  bool strikes(std::uint16_t service, FaultKind kind);
  std::uint64_t draw_self_nanos(SpanShape shape);
  TraceContext draw_context();
  std::uint32_t add_span(TracePlan& plan, std::uint32_t parent, std::uint16_t operation);
  std::uint32_t add_endpoint(TracePlan& plan, std::uint32_t parent, std::uint16_t endpoint);
  void grow(TracePlan& plan, std::uint32_t span_count, const Open& open, const Step& step);
  void add_call(TracePlan& plan, std::uint32_t span_count, const Open& open, const Step& step);
  void fail_somewhere(TracePlan& plan);
  void draw_looks(TracePlan& plan);
  void settle_times(TracePlan& plan, UnixNanos start);
  void settle_contexts(TracePlan& plan);
  std::uint16_t draw_root(std::uint32_t span_count);

  const Shop& shop_;
  Random random_;
  Random span_ids_;
  Random trace_ids_;
  double error_share_;
  double handled_share_;
  std::vector<ServiceFaults> faults_;      // by service
  std::vector<std::uint32_t> self_scale_;  // log-normal factors, 1024 is one
  std::vector<std::uint8_t> size_table_;
  std::vector<Open> unfinished_;
  std::vector<Open> finished_;
};

}  // namespace waybill::generate
