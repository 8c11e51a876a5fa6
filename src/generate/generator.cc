// SPDX-License-Identifier: Apache-2.0
#include "generate/generator.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include "base/result.h"
#include "base/time.h"
#include "generate/ground_truth.h"
#include "generate/options.h"
#include "generate/shop.h"
#include "generate/span_template.h"
#include "generate/trace_planner.h"

namespace waybill::generate {
namespace {

constexpr std::string_view kSchemaUrl = "https://opentelemetry.io/schemas/1.37.0";
// A huge trace begins after each hundred others.
constexpr std::uint64_t kTracesBetweenHuge = 100;
constexpr std::uint32_t kSpanCountMin = 5;
constexpr std::uint32_t kSpanCountMax = 40;

std::uint32_t process_of(std::uint16_t service, std::uint8_t instance) {
  return static_cast<std::uint32_t>(service * kInstanceCount + instance);
}

UnixNanos shifted(UnixNanos time, std::int64_t nanos) {
  return time + static_cast<std::uint64_t>(nanos);
}

}  // namespace

Result<std::unique_ptr<Generator>> Generator::make(GeneratorOptions options) {
  TRY(check_options(options));
  return std::make_unique<Generator>(Key{}, std::move(options));
}

Generator::Generator(const Key& /*key*/, GeneratorOptions options)
    : options_(std::move(options)),
      planner_(shop_, options_),
      values_(options_.seed ^ 0x76616c7565730000U),
      templates_(shop_.operations().size() * kLookCount * 2),
      processes_(shop_.services().size() * kInstanceCount),
      now_(options_.start),
      next_start_(options_.start),
      nanos_per_span_(std::max<std::uint64_t>(
          1, static_cast<std::uint64_t>(std::llround(1e9 / options_.rate)))) {
  truth_.operations.resize(shop_.operations().size());
  Random names(options_.seed ^ 0x6e616d6573000000U);
  for (std::uint32_t i = 0; i < processes_.size(); ++i) {
    const std::size_t index = i / kInstanceCount;
    const Service& service = shop_.services()[index];
    Process& process = processes_[i];
    append_message(process.resource, 1, encode_resource(service, index, i % kInstanceCount, names));
    for (std::size_t scope = 0; scope < kScopeCount; ++scope) {
      append_message(process.scopes[scope], 1, encode_scope(service, scope));
    }
  }
  for (const Fault& fault : options_.faults) {
    if (fault.kind == FaultKind::ClockSkew) {
      const auto service = static_cast<std::uint16_t>(shop_.find_service(fault.service));
      processes_[process_of(service, kInstanceCount - 1)].skew_nanos = fault.amount_nanos;
    }
  }
}

std::optional<EncodedRequest> Generator::next_request() {
  while (ready_.empty() && !is_drained_) {
    drop_stale_deadlines();
    const UnixNanos never = UINT64_MAX;
    const UnixNanos begin_at = may_begin() ? next_start_ : never;
    const UnixNanos run_at = running_.empty() ? never : running_.top().next_end;
    const UnixNanos late_at = late_.empty() ? never : late_.front().at;
    const UnixNanos due_at = deadlines_.empty() ? never : deadlines_.top().at;
    const UnixNanos next = std::min({begin_at, run_at, late_at, due_at});
    if (next == never) {
      export_rest();
      is_drained_ = true;
    } else if (next == due_at) {
      now_ = std::max(now_, due_at);
      export_process(deadlines_.top().process, due_at);
    } else if (next == begin_at) {
      begin_trace();
    } else if (next == run_at) {
      run_top();
    } else {
      send_late();
    }
  }
  if (ready_.empty()) {
    return std::nullopt;
  }
  EncodedRequest request = std::move(ready_.front());
  ready_.pop_front();
  return request;
}

bool Generator::may_begin() const {
  if (is_stopped_ || (options_.span_count != 0 && planned_spans_ >= options_.span_count)) {
    return false;
  }
  return options_.duration_nanos == 0 ||
         next_start_ - options_.start < static_cast<std::uint64_t>(options_.duration_nanos);
}

void Generator::begin_trace() {
  const std::uint64_t huge_left =
      std::uint64_t{options_.huge_trace_count - huge_traces_} * options_.huge_trace_span_count;
  const bool is_counted = options_.span_count != 0;
  const std::uint64_t usual_left =
      is_counted ? options_.span_count - planned_spans_ -
                       std::min(huge_left, options_.span_count - planned_spans_)
                 : UINT64_MAX;
  const bool is_huge =
      huge_left != 0 &&
      (usual_left == 0 || planned_traces_ == kTracesBetweenHuge * (huge_traces_ + 1));
  std::uint32_t count = options_.huge_trace_span_count;
  if (is_huge) {
    ++huge_traces_;
  } else {
    count = planner_.draw_span_count();
    // The last traces share what is left, so that none is smaller than the smallest.
    if (usual_left < std::uint64_t{count} + kSpanCountMin) {
      count = static_cast<std::uint32_t>(usual_left <= kSpanCountMax ? usual_left
                                                                     : usual_left - kSpanCountMin);
    }
  }
  if (free_plans_.empty()) {
    plans_.push_back(std::make_unique<TracePlan>());
    free_plans_.push_back(plans_.back().get());
  }
  TracePlan* const plan = free_plans_.back();
  planner_.plan(count, is_huge ? PlanSize::Huge : PlanSize::Usual, next_start_, *plan);
  note_trace(*plan);
  ++planned_traces_;
  planned_spans_ += plan->order.size();
  advance_start(std::min(count, kSpanCountMax));
  if (!plan->order.empty()) {
    free_plans_.pop_back();
    const UnixNanos end = plan->spans[plan->order.front()].end;
    running_.push({end, planned_traces_, plan, 0});
  }
}

// The gap to the next trace is as long as the spans of this one take at the rate, half more or
// less.
void Generator::advance_start(std::uint32_t span_count) {
  next_start_ += span_count * nanos_per_span_ * (512 + values_.below(1024)) / 1024;
}

void Generator::note_trace(const TracePlan& plan) {
  const PlannedSpan& root = plan.spans.front();
  const TraceNote whole{
      plan.contexts.front().trace_id, {root.span_id}, root.operation, plan.order.size()};
  if (plan.is_huge) {
    truth_.huge.add(whole);
  }
  bool has_failed = false;
  for (const PlannedSpan& span : plan.spans) {
    has_failed = has_failed || (span.is_failed && !span.is_unsent);
    for (std::size_t kind = 0; span.struck_by != 0 && kind < truth_.faults.size(); ++kind) {
      if ((span.struck_by >> kind & 1) != 0) {
        truth_.faults[kind].add({plan.contexts[span.context].trace_id,
                                 {span.span_id},
                                 span.operation,
                                 plan.order.size()});
      }
    }
  }
  if (has_failed) {
    truth_.failed.add(whole);
  }
  truth_.traces += plan.contexts.size();
}

// Emits the next span of the trace whose next span ends first.
void Generator::run_top() {
  Running top = running_.top();
  running_.pop();
  const TracePlan& plan = *top.plan;
  now_ = std::max(now_, top.next_end);
  emit(plan, plan.spans[plan.order[top.position]]);
  ++top.position;
  if (top.position == plan.order.size()) {
    free_plans_.push_back(top.plan);
    return;
  }
  top.next_end = plan.spans[plan.order[top.position]].end;
  running_.push(top);
}

void Generator::emit(const TracePlan& plan, const PlannedSpan& span) {
  const Operation& operation = shop_.operations()[span.operation];
  const std::uint32_t index = process_of(operation.service, span.instance);
  Process& process = processes_[index];
  SpanFields fields;
  fields.span_id = {span.span_id};
  fields.start = shifted(span.start, process.skew_nanos);
  fields.end = shifted(span.end, process.skew_nanos);
  fields.instance = span.instance;
  if (span.first_child != kNoSpan) {
    fields.peer_instance = plan.spans[span.first_child].instance;
  }
  const bool has_parent = span.parent != kNoSpan && !span.begins_context;
  if (has_parent) {
    fields.parent_span_id = {plan.spans[span.parent].span_id};
  }
  const SpanTemplate& shape = span_template(
      span.operation, span.look, has_parent ? ParentField::Written : ParentField::Absent);
  ++truth_.spans;
  truth_.failed_spans += span.is_failed ? 1 : 0;
  truth_.events += static_cast<std::size_t>(span.look) < kPlainLookCount ? 0 : 1;
  OperationCount& counted = truth_.operations[span.operation];
  ++counted.spans;
  counted.failed += span.is_failed ? 1 : 0;
  truth_.first_start = std::min(truth_.first_start, fields.start);
  truth_.last_end = std::max(truth_.last_end, fields.end);

  if (options_.late_share > 0 && values_.unit() < options_.late_share) {
    ++truth_.late_spans;
    LateSpan late{span.end + static_cast<std::uint64_t>(options_.late_delay_nanos),
                  index,
                  operation.scope,
                  {}};
    shape.append(plan.contexts[span.context], fields, values_, late.bytes);
    late_.push_back(std::move(late));
    return;
  }
  shape.append(plan.contexts[span.context], fields, values_, process.spans[operation.scope]);
  after_delivery(index, span.end);
}

void Generator::send_late() {
  const LateSpan late = std::move(late_.front());
  late_.pop_front();
  now_ = std::max(now_, late.at);
  processes_[late.process].spans[late.scope] += late.bytes;
  after_delivery(late.process, late.at);
}

void Generator::after_delivery(std::uint32_t index, UnixNanos now) {
  Process& process = processes_[index];
  ++process.span_count;
  if (process.span_count >= options_.request_span_count) {
    export_process(index, now);
  } else if (process.span_count == 1 && options_.export_delay_nanos != 0) {
    // Processes did not start together, so they do not export together.
    const auto delay = static_cast<std::uint64_t>(options_.export_delay_nanos);
    const std::uint64_t wait = process.export_count == 0 ? 1 + values_.below(delay) : delay;
    deadlines_.push({now + wait, index, process.export_count});
  }
}

void Generator::drop_stale_deadlines() {
  while (!deadlines_.empty() &&
         processes_[deadlines_.top().process].export_count != deadlines_.top().export_count) {
    deadlines_.pop();
  }
}

// ResourceSpans { resource, scope_spans { scope, spans ... } ..., schema_url }. Lengths come before
// contents, so sizes are added up first.
void Generator::export_process(std::uint32_t index, UnixNanos now) {
  Process& process = processes_[index];
  std::string schema;
  append_message(schema, 3, kSchemaUrl);
  std::string head;
  std::size_t size = process.resource.size() + schema.size();
  std::array<std::string, kScopeCount> scope_heads;
  for (std::size_t scope = 0; scope < kScopeCount; ++scope) {
    if (process.spans[scope].empty()) {
      continue;
    }
    const std::size_t inner =
        process.scopes[scope].size() + process.spans[scope].size() + schema.size();
    append_varint(scope_heads[scope], (2U << 3) | 2U);
    append_varint(scope_heads[scope], inner);
    size += scope_heads[scope].size() + inner;
  }
  EncodedRequest request;
  append_varint(head, (1U << 3) | 2U);
  append_varint(head, size);
  request.bytes.reserve(head.size() + size);
  request.bytes += head;
  request.bytes += process.resource;
  for (std::size_t scope = 0; scope < kScopeCount; ++scope) {
    if (process.spans[scope].empty()) {
      continue;
    }
    request.bytes += scope_heads[scope];
    request.bytes += process.scopes[scope];
    request.bytes += process.spans[scope];
    request.bytes += schema;
    process.spans[scope].clear();
  }
  request.bytes += schema;
  request.span_count = process.span_count;
  request.ready_at = now;
  process.span_count = 0;
  ++process.export_count;
  ++truth_.requests;
  truth_.bytes += request.bytes.size();
  ready_.push_back(std::move(request));
}

// The processes that are called go before those that call.
void Generator::export_rest() {
  for (auto i = static_cast<std::uint32_t>(processes_.size()); i-- > 0;) {
    if (processes_[i].span_count != 0) {
      export_process(i, now_);
    }
  }
}

// Made when first needed: few of all looks of all operations are.
const SpanTemplate& Generator::span_template(std::uint16_t operation, Look look,
                                             ParentField parent) {
  const std::size_t index =
      (std::size_t{operation} * kLookCount + static_cast<std::size_t>(look)) * 2 +
      (parent == ParentField::Written ? 0 : 1);
  if (!templates_[index]) {
    templates_[index] =
        std::make_unique<SpanTemplate>(shop_, shop_.operations()[operation], look, parent);
  }
  return *templates_[index];
}

}  // namespace waybill::generate
