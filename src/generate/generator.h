// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <queue>
#include <string>
#include <vector>

#include "base/random.h"
#include "base/result.h"
#include "generate/ground_truth.h"
#include "generate/options.h"
#include "generate/shop.h"
#include "generate/span_template.h"
#include "generate/trace_planner.h"

namespace waybill::generate {

// One export of one process: the bytes of an ExportTraceServiceRequest (which is TracesData).
struct EncodedRequest {
  std::string bytes;
  std::uint32_t span_count = 0;
  // When the process sends it, in the shop's time. No span of it ends later, unless its clock is
  // wrong.
  UnixNanos ready_at = 0;
};

// The shop at work: a stream of OTLP requests as 60 processes would send them.
//
// Traces overlap in time; each process queues the spans that it ends, so that a trace is spread
// over requests and children come before their parents. The same options give the same bytes.
// Memory is bounded by the traces under way (rate times their duration) and 60 requests. One thread
// at a time.
class Generator final {
  struct Key {};

 public:
  // Error: InvalidArgument where check_options() says so.
  static Result<std::unique_ptr<Generator>> make(GeneratorOptions options);

  // Only for make().
  Generator(const Key& key, GeneratorOptions options);

  // The next request in order of ready_at; no value once everything was given out.
  std::optional<EncodedRequest> next_request();

  // Begins no further trace; what is under way is still given out.
  void stop() { is_stopped_ = true; }

  // Exact for the requests given out once next_request() has given no value; before, spans that
  // wait for their request are counted too.
  const GroundTruth& ground_truth() const { return truth_; }
  const Shop& shop() const { return shop_; }
  const GeneratorOptions& options() const { return options_; }

 private:
  // A process of the shop.
  struct Process {
    std::string resource;  // encoded field of ResourceSpans
    std::array<std::string, kScopeCount> scopes;
    std::array<std::string, kScopeCount> spans;
    std::uint32_t span_count = 0;
    std::uint64_t export_count = 0;
    std::int64_t skew_nanos = 0;
  };
  // The exports that are due although they are not full.
  struct Deadline {
    UnixNanos at;
    std::uint32_t process;
    std::uint64_t export_count;
    bool operator>(const Deadline& other) const {
      return at != other.at ? at > other.at : process > other.process;
    }
  };
  struct LateSpan {
    UnixNanos at;
    std::uint32_t process;
    std::uint8_t scope;
    std::string bytes;
  };
  struct Running {
    UnixNanos next_end;
    std::uint64_t number;  // breaks ties
    TracePlan* plan;
    std::size_t position;
    bool operator>(const Running& other) const {
      return next_end != other.next_end ? next_end > other.next_end : number > other.number;
    }
  };

  bool may_begin() const;
  void begin_trace();
  void advance_start(std::uint32_t span_count);
  void note_trace(const TracePlan& plan);
  void run_top();
  void send_late();
  void emit(const TracePlan& plan, const PlannedSpan& span);
  void after_delivery(std::uint32_t process, UnixNanos now);
  void drop_stale_deadlines();
  void export_process(std::uint32_t process, UnixNanos now);
  void export_rest();
  const SpanTemplate& span_template(std::uint16_t operation, Look look, ParentField parent);

  const GeneratorOptions options_;
  const Shop shop_;
  TracePlanner planner_;
  Random values_;
  std::vector<std::unique_ptr<SpanTemplate>> templates_;
  std::vector<Process> processes_;
  GroundTruth truth_;

  bool is_stopped_ = false;
  bool is_drained_ = false;
  UnixNanos now_;
  UnixNanos next_start_;
  std::uint64_t nanos_per_span_;
  std::uint64_t planned_spans_ = 0;
  std::uint64_t planned_traces_ = 0;
  std::uint32_t huge_traces_ = 0;

  std::vector<std::unique_ptr<TracePlan>> plans_;
  std::vector<TracePlan*> free_plans_;
  std::priority_queue<Running, std::vector<Running>, std::greater<>> running_;
  std::priority_queue<Deadline, std::vector<Deadline>, std::greater<>> deadlines_;
  std::deque<LateSpan> late_;
  std::deque<EncodedRequest> ready_;
};

}  // namespace waybill::generate
