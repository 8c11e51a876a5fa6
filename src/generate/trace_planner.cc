// SPDX-License-Identifier: Apache-2.0
#include "generate/trace_planner.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numbers>
#include <vector>

#include "base/check.h"
#include "base/random.h"
#include "base/time.h"
#include "generate/options.h"
#include "generate/shop.h"
#include "generate/span_template.h"
#include "model/span.h"

namespace waybill::generate {
namespace {

constexpr std::uint32_t kSpanCountMin = 5;
constexpr std::uint32_t kSpanCountMax = 40;
constexpr std::uint32_t kLargeSpanCount = 24;
constexpr std::size_t kTableSize = 4096;
// Calls between services, one above the other.
constexpr std::uint8_t kDepthMax = 8;
constexpr std::uint64_t kQueueMedianNanos = 20'000'000;

// Self times are log-normal (sigma 0.6), and one in two hundred is eight times as long: a
// collection of garbage, a lock, a lost packet. A table of them is drawn once, from numbers that
// depend on nothing, so that planning needs no floating point.
std::vector<std::uint32_t> make_self_scale() {
  Random random(0x5e1f);
  std::vector<std::uint32_t> table;
  table.reserve(kTableSize);
  for (std::size_t i = 0; i < kTableSize; ++i) {
    const double u = 1.0 - random.unit();
    const double angle = 2 * std::numbers::pi * random.unit();
    const double normal = std::sqrt(-2 * std::log(u)) * std::cos(angle);
    const double factor = std::exp(0.6 * std::clamp(normal, -3.0, 3.0)) * (i % 200 == 0 ? 8 : 1);
    table.push_back(static_cast<std::uint32_t>(std::lround(factor * 1024)));
  }
  return table;
}

// Sizes fall off exponentially from 5 to 40, steep enough for a mean of 12.
std::vector<std::uint8_t> make_size_table() {
  constexpr double kFall = 0.1272;
  std::array<double, kSpanCountMax + 1> weight{};
  double total = 0;
  for (std::uint32_t n = kSpanCountMin; n <= kSpanCountMax; ++n) {
    weight[n] = std::exp(-kFall * n);
    total += weight[n];
  }
  std::vector<std::uint8_t> table;
  table.reserve(kTableSize);
  double passed = 0;
  for (std::uint32_t n = kSpanCountMin; n <= kSpanCountMax; ++n) {
    passed += weight[n];
    const auto upto = static_cast<std::size_t>(std::lround(passed / total * kTableSize));
    table.resize(std::max(upto, table.size()), static_cast<std::uint8_t>(n));
  }
  CHECK(table.size() == kTableSize);
  return table;
}

std::uint64_t median_self_nanos(SpanShape shape) {
  switch (shape) {
    case SpanShape::HttpServer:
      return 2'000'000;
    case SpanShape::GrpcServer:
      return 900'000;
    case SpanShape::Consumer:
      return 3'000'000;
    case SpanShape::Timer:
      return 20'000'000;
    case SpanShape::HttpClient:
      return 900'000;
    case SpanShape::GrpcClient:
      return 500'000;
    case SpanShape::Sql:
      return 2'200'000;
    case SpanShape::Cache:
      return 350'000;
    case SpanShape::Work:
      return 700'000;
    case SpanShape::Producer:
      return 600'000;
  }
  return 1'000'000;
}

bool is_entry(SpanShape shape) {
  return shape == SpanShape::HttpServer || shape == SpanShape::GrpcServer ||
         shape == SpanShape::Consumer;
}

// Lays the children of one span out, relative to its start, and gives its duration. Its own time is
// spread before, between and after them.
std::uint64_t lay_out_children(std::vector<PlannedSpan>& spans, const PlannedSpan& parent) {
  std::uint64_t groups = 1;
  for (auto child = parent.first_child; child != kNoSpan; child = spans[child].next_sibling) {
    groups += spans[child].is_parallel || spans[child].is_async ? 0 : 1;
  }
  const std::uint64_t gap = parent.self_nanos / groups;
  std::uint64_t group_start = gap;
  std::uint64_t group_end = gap;
  bool is_first = true;
  for (auto child = parent.first_child; child != kNoSpan; child = spans[child].next_sibling) {
    PlannedSpan& span = spans[child];
    if (span.is_async) {
      continue;
    }
    if (!span.is_parallel && !is_first) {
      group_start = group_end + gap;
    }
    is_first = false;
    const std::uint64_t duration = span.end;
    // What is sent in parallel leaves a little after the one before it.
    group_start += span.is_parallel ? std::min<std::uint64_t>(gap / 8, 20'000) : 0;
    span.start = group_start;
    group_end = std::max(group_end, group_start + duration);
  }
  return group_end + (is_first ? 0 : gap);
}

}  // namespace

TracePlanner::TracePlanner(const Shop& shop, const GeneratorOptions& options)
    : shop_(shop),
      random_(options.seed),
      span_ids_(options.seed ^ 0x7370616e00000000U),
      trace_ids_(options.seed ^ 0x7472616365000000U),
      error_share_(options.error_share),
      // Failed spans have an event as well; both together make one span in twenty.
      handled_share_(std::max(0.0, 0.05 - 0.2 * options.error_share)),
      faults_(shop.services().size()),
      self_scale_(make_self_scale()),
      size_table_(make_size_table()) {
  for (const Fault& fault : options.faults) {
    const std::size_t service = shop.find_service(fault.service);
    CHECK(service < faults_.size());
    faults_[service].share.at(static_cast<std::size_t>(fault.kind)) = fault.share;
    faults_[service].amount.at(static_cast<std::size_t>(fault.kind)) = fault.amount_nanos;
  }
}

std::uint32_t TracePlanner::draw_span_count() { return size_table_[random_.below(kTableSize)]; }

void TracePlanner::plan(std::uint32_t span_count, PlanSize size, UnixNanos start, TracePlan& plan) {
  plan.spans.clear();
  plan.contexts.clear();
  plan.order.clear();
  plan.start = start;
  plan.is_huge = size == PlanSize::Huge;
  unfinished_.clear();
  finished_.clear();
  plan.contexts.push_back(draw_context());
  add_endpoint(plan, kNoSpan, plan.is_huge ? shop_.batch_endpoint() : draw_root(span_count));
  while (plan.spans.size() < span_count) {
    if (unfinished_.empty()) {
      // Everything was done once; the shop does it again, as for the next item of a list.
      unfinished_.swap(finished_);
    }
    // The greater of two draws: a call that was made is carried on before the next is made, more or
    // less, so that traces are deep rather than wide.
    const std::uint64_t one = random_.below(unfinished_.size());
    const std::size_t chosen = std::max(one, random_.below(unfinished_.size()));
    const Open open = unfinished_[chosen];
    const Endpoint& endpoint = shop_.endpoints()[open.endpoint];
    const auto next_step = static_cast<std::uint16_t>(open.step + 1);
    if (next_step >= endpoint.steps.size()) {
      finished_.push_back({open.span, open.endpoint, 0});
      unfinished_[chosen] = unfinished_.back();
      unfinished_.pop_back();
    } else {
      unfinished_[chosen].step = next_step;
    }
    grow(plan, span_count, open, endpoint.steps[open.step]);
  }
  if (random_.unit() < error_share_) {
    fail_somewhere(plan);
  }
  draw_looks(plan);
  settle_times(plan, start);
  settle_contexts(plan);
}

bool TracePlanner::strikes(std::uint16_t service, FaultKind kind) {
  const double share = faults_[service].share[static_cast<std::size_t>(kind)];
  return share > 0 && random_.unit() < share;
}

std::uint64_t TracePlanner::draw_self_nanos(SpanShape shape) {
  const std::uint32_t scale = self_scale_[random_.below(kTableSize)];
  return 1 + median_self_nanos(shape) * scale / 1024;
}

TraceContext TracePlanner::draw_context() {
  TraceContext context;
  context.trace_id = {trace_ids_.next(), trace_ids_.next()};
  // A few users and products are met often, most of them seldom.
  context.user = static_cast<std::uint32_t>(random_.below(1 + random_.below(200'000)));
  context.product = static_cast<std::uint32_t>(random_.below(1 + random_.below(60'000)));
  context.order = static_cast<std::uint32_t>(100'000'000 + random_.below(800'000'000));
  context.session[0] = random_.next();
  context.session[1] = random_.next();
  context.cart[0] = random_.next();
  context.cart[1] = random_.next();
  return context;
}

std::uint16_t TracePlanner::draw_root(std::uint32_t span_count) {
  // Checking out is what the shop has most to do for.
  if (span_count >= kLargeSpanCount && random_.below(2) == 0) {
    return shop_.checkout_endpoint();
  }
  std::uint64_t rest = random_.below(shop_.root_weight_total());
  std::uint16_t index = 0;
  while (rest >= shop_.endpoints()[index].root_weight) {
    rest -= shop_.endpoints()[index].root_weight;
    ++index;
  }
  return index;
}

std::uint32_t TracePlanner::add_span(TracePlan& plan, std::uint32_t parent,
                                     std::uint16_t operation) {
  const auto index = static_cast<std::uint32_t>(plan.spans.size());
  const Operation& what = shop_.operations()[operation];
  PlannedSpan span;
  span.parent = parent;
  span.operation = operation;
  span.span_id = span_ids_.next();
  if (span.span_id == 0) {
    span.span_id = span_ids_.next();
  }
  span.self_nanos = draw_self_nanos(what.shape);
  // What a huge trace does is small, or it would last for hours.
  span.self_nanos = plan.is_huge ? 1 + span.self_nanos / 32 : span.self_nanos;
  if (parent != kNoSpan) {
    PlannedSpan& above = plan.spans[parent];
    span.depth = above.depth;
    const bool same_process =
        shop_.operations()[above.operation].service == what.service && !is_entry(what.shape);
    span.instance =
        same_process ? above.instance : static_cast<std::uint8_t>(random_.below(kInstanceCount));
    (above.last_child == kNoSpan ? above.first_child : plan.spans[above.last_child].next_sibling) =
        index;
    above.last_child = index;
  } else {
    span.instance = static_cast<std::uint8_t>(random_.below(kInstanceCount));
  }
  plan.spans.push_back(span);
  return index;
}

std::uint32_t TracePlanner::add_endpoint(TracePlan& plan, std::uint32_t parent,
                                         std::uint16_t endpoint) {
  const std::uint16_t operation = shop_.endpoints()[endpoint].operation;
  const std::uint16_t service = shop_.operations()[operation].service;
  const std::uint32_t index = add_span(plan, parent, operation);
  if (strikes(service, FaultKind::SlowService)) {
    const auto amount = faults_[service].amount[static_cast<std::size_t>(FaultKind::SlowService)];
    plan.spans[index].self_nanos += static_cast<std::uint64_t>(std::max<std::int64_t>(0, amount));
    plan.spans[index].struck_by |= fault_bit(FaultKind::SlowService);
  }
  if (parent != kNoSpan && strikes(service, FaultKind::LostContext)) {
    plan.spans[index].begins_context = true;
    plan.spans[index].struck_by |= fault_bit(FaultKind::LostContext);
  }
  unfinished_.push_back({index, endpoint, 0});
  if (strikes(service, FaultKind::RepeatedQuery)) {
    const Endpoint& what = shop_.endpoints()[endpoint];
    const auto query = std::find_if(what.steps.begin(), what.steps.end(),
                                    [](const Step& step) { return step.kind == StepKind::Sql; });
    const std::uint64_t repeats = query == what.steps.end() ? 0 : 12 + random_.below(29);
    if (repeats != 0) {
      plan.spans[index].struck_by |= fault_bit(FaultKind::RepeatedQuery);
    }
    for (std::uint64_t i = 0; i < repeats; ++i) {
      add_span(plan, index, query->operation);
    }
  }
  return index;
}

void TracePlanner::grow(TracePlan& plan, std::uint32_t span_count, const Open& open,
                        const Step& step) {
  const bool needs_two = step.kind == StepKind::Call || step.kind == StepKind::Publish;
  const bool fits = plan.spans.size() + 2 <= span_count && plan.spans[open.span].depth < kDepthMax;
  if (needs_two && fits) {
    add_call(plan, span_count, open, step);
    return;
  }
  const Endpoint& endpoint = shop_.endpoints()[open.endpoint];
  const Step& single = needs_two ? endpoint.steps[endpoint.single_step] : step;
  add_span(plan, open.span, single.operation);
}

void TracePlanner::add_call(TracePlan& plan, std::uint32_t span_count, const Open& open,
                            const Step& step) {
  const std::uint16_t callee_operation = shop_.endpoints()[step.endpoint].operation;
  const std::uint16_t callee = shop_.operations()[callee_operation].service;
  const bool is_call = step.kind == StepKind::Call;
  std::uint64_t attempts = 1;
  if (is_call && strikes(callee, FaultKind::Retry)) {
    attempts += 1 + random_.below(2);
  }
  for (std::uint64_t attempt = 1; attempt < attempts; ++attempt) {
    const std::uint32_t failed = add_span(plan, open.span, step.operation);
    plan.spans[failed].is_failed = true;
    plan.spans[failed].self_nanos += 50'000'000 * attempt;  // waited, then backed off
  }
  const std::uint32_t client = add_span(plan, open.span, step.operation);
  const bool fans_out = shop_.endpoints()[open.endpoint].calls_in_parallel;
  plan.spans[client].is_parallel = is_call && fans_out && span_count < 1000;
  if (attempts > 1) {
    plan.spans[client].struck_by |= fault_bit(FaultKind::Retry);
  }
  if (is_call && strikes(callee, FaultKind::MissingParent)) {
    plan.spans[client].is_unsent = true;
    plan.spans[client].struck_by |= fault_bit(FaultKind::MissingParent);
  }
  const std::uint32_t server = add_endpoint(plan, client, step.endpoint);
  plan.spans[server].depth = static_cast<std::uint8_t>(plan.spans[client].depth + 1);
  if (!is_call) {
    plan.spans[server].is_async = true;
  }
}

// One span fails and takes the calls above it with it, until somebody handles it.
void TracePlanner::fail_somewhere(TracePlan& plan) {
  auto index = static_cast<std::uint32_t>(random_.below(plan.spans.size()));
  while (index != kNoSpan) {
    PlannedSpan& span = plan.spans[index];
    span.is_failed = true;
    const bool is_client = shop_.operations()[span.operation].kind == model::SpanKind::Client;
    if (span.is_async || (is_client && random_.below(5) == 0)) {
      return;
    }
    index = span.parent;
  }
}

void TracePlanner::draw_looks(TracePlan& plan) {
  for (PlannedSpan& span : plan.spans) {
    if (span.is_failed) {
      span.look = Look::Failed;
    } else if (random_.unit() < handled_share_) {
      span.look = Look::HandledException;
    } else {
      span.look = static_cast<Look>(random_.below(kPlainLookCount));
    }
  }
}

// Durations first, from the last span to the first, as children stand behind their parents; then
// starts, the other way round.
void TracePlanner::settle_times(TracePlan& plan, UnixNanos start) {
  std::vector<PlannedSpan>& spans = plan.spans;
  for (std::size_t i = spans.size(); i-- > 0;) {
    spans[i].end = lay_out_children(spans, spans[i]);
  }
  for (PlannedSpan& span : spans) {
    if (span.parent == kNoSpan) {
      span.start = start;
    } else if (span.is_async) {
      const std::uint32_t scale = self_scale_[random_.below(kTableSize)];
      span.start = spans[span.parent].end + kQueueMedianNanos * scale / 1024;
    } else {
      span.start += spans[span.parent].start;
    }
    span.end += span.start;
  }
  for (std::uint32_t i = 0; i < spans.size(); ++i) {
    if (!spans[i].is_unsent) {
      plan.order.push_back(i);
    }
  }
  std::sort(plan.order.begin(), plan.order.end(), [&](std::uint32_t a, std::uint32_t b) {
    return spans[a].end != spans[b].end ? spans[a].end < spans[b].end : a > b;
  });
}

// A span belongs to its parent's trace, unless it lost the context; and clocks go wrong last, so
// that the order of sending is that of true time.
void TracePlanner::settle_contexts(TracePlan& plan) {
  for (PlannedSpan& span : plan.spans) {
    if (span.begins_context && plan.contexts.size() < UINT16_MAX) {
      TraceContext context = plan.contexts.front();
      context.trace_id = {trace_ids_.next(), trace_ids_.next()};
      span.context = static_cast<std::uint16_t>(plan.contexts.size());
      plan.contexts.push_back(context);
    } else if (span.parent != kNoSpan) {
      span.begins_context = false;
      span.context = plan.spans[span.parent].context;
    }
  }
}

}  // namespace waybill::generate
