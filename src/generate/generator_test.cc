// SPDX-License-Identifier: Apache-2.0
#include "generate/generator.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "base/hash.h"
#include "base/time.h"
#include "generate/ground_truth.h"
#include "generate/options.h"
#include "generate/shop.h"
#include "model/ids.h"
#include "model/span.h"
#include "model/span_batch.h"
#include "wire/otlp/otlp.h"

namespace waybill::generate {
namespace {

using model::Span;
using model::SpanKind;

// Everything that a generator gives out, decoded.
struct Emitted {
  std::unique_ptr<Generator> generator;
  std::vector<EncodedRequest> requests;
  std::vector<model::SpanBatch> batches;
  std::vector<const Span*> spans;
  std::unordered_map<std::uint64_t, const Span*> by_id;

  std::map<model::TraceId, std::vector<const Span*>> traces() const {
    std::map<model::TraceId, std::vector<const Span*>> grouped;
    for (const Span* span : spans) {
      grouped[span->trace_id].push_back(span);
    }
    return grouped;
  }
  const GroundTruth& truth() const { return generator->ground_truth(); }
};

Emitted run(GeneratorOptions options) {
  Emitted made;
  auto generator = Generator::make(std::move(options));
  EXPECT_TRUE(generator.has_value());
  made.generator = std::move(generator).value();
  while (auto request = made.generator->next_request()) {
    auto decoded = wire::otlp::decode_protobuf(std::make_shared<const std::string>(request->bytes));
    EXPECT_TRUE(decoded.has_value());
    EXPECT_EQ(decoded->counts.refused_total(), 0U);
    EXPECT_EQ(decoded->batch.spans().size(), request->span_count);
    made.batches.push_back(std::move(decoded->batch));
    made.requests.push_back(std::move(*request));
  }
  for (const model::SpanBatch& batch : made.batches) {
    for (const Span& span : batch.spans()) {
      made.spans.push_back(&span);
      made.by_id.emplace(span.span_id.value, &span);
    }
  }
  return made;
}

GeneratorOptions counted(std::uint64_t span_count) {
  GeneratorOptions options;
  options.span_count = span_count;
  return options;
}

GeneratorOptions with_fault(FaultKind kind, std::string service, double share) {
  GeneratorOptions options = counted(20'000);
  options.error_share = 0;
  options.faults.push_back({kind, std::move(service), share, 500'000'000});
  return options;
}

std::uint64_t checksum(const Emitted& made) {
  std::uint64_t sum = 0;
  for (const EncodedRequest& request : made.requests) {
    sum = checksum64(request.bytes, sum);
  }
  return sum;
}

TEST(Generator, GivesTheSameBytesForTheSameSeedForEver) {
  GeneratorOptions options = counted(2000);
  options.late_share = 0.01;
  const Emitted made = run(options);
  EXPECT_EQ(checksum(made), checksum(run(options)));
  // A change of this number changes every benchmark's corpus: say so in the commit.
  EXPECT_EQ(checksum(made), 13590214761775831367U);
}

TEST(Generator, GivesOtherBytesForAnotherSeedOrStart) {
  GeneratorOptions other_seed = counted(2000);
  other_seed.seed = 2;
  GeneratorOptions other_start = counted(2000);
  other_start.start += 1;
  const std::uint64_t usual = checksum(run(counted(2000)));
  EXPECT_NE(checksum(run(other_seed)), usual);
  EXPECT_NE(checksum(run(other_start)), usual);
}

TEST(Generator, GivesExactlyAsManySpansAsAskedFor) {
  for (const std::uint64_t count : {1U, 5U, 6U, 44U, 45U, 46U, 1000U, 1001U}) {
    EXPECT_EQ(run(counted(count)).spans.size(), count);
  }
}

TEST(Generator, HasTwentyServicesWithThreeInstancesAndTwoHundredOperations) {
  const Emitted made = run(counted(20'000));
  std::set<std::string_view> services;
  std::set<std::string_view> instances;
  for (const Span* span : made.spans) {
    services.insert(span->service());
    instances.insert(
        model::find_attribute(span->resource().attributes, "service.instance.id")->string());
    ASSERT_EQ(span->resource().attributes.size(), 8U);
  }
  EXPECT_EQ(services.size(), 20U);
  EXPECT_EQ(instances.size(), 60U);
}

TEST(Generator, MeetsAllOfItsTwoHundredOperations) {
  auto generator = Generator::make(counted(300'000));
  ASSERT_TRUE(generator.has_value());
  while ((*generator)->next_request()) {
  }
  const GroundTruth& truth = (*generator)->ground_truth();
  EXPECT_EQ(truth.operations.size(), 200U);
  for (std::size_t i = 0; i < truth.operations.size(); ++i) {
    EXPECT_GT(truth.operations[i].spans, 0U) << (*generator)->shop().operations()[i].name;
  }
}

TEST(Generator, KeepsToItsDistributions) {
  const Emitted made = run(counted(50'000));
  std::uint64_t attributes = 0;
  std::uint64_t with_event = 0;
  for (const Span* span : made.spans) {
    ASSERT_GE(span->attributes.size(), 8U) << span->name;
    ASSERT_LE(span->attributes.size(), 15U) << span->name;
    attributes += span->attributes.size();
    with_event += span->events.empty() ? 0 : 1;
  }
  const auto traces = made.traces();
  for (const auto& [id, spans] : traces) {
    ASSERT_GE(spans.size(), 5U);
    ASSERT_LE(spans.size(), 40U);
  }
  const auto count = static_cast<double>(made.spans.size());
  EXPECT_NEAR(count / static_cast<double>(traces.size()), 12.0, 0.5);
  EXPECT_NEAR(static_cast<double>(attributes) / count, 11.5, 1.5);
  EXPECT_NEAR(static_cast<double>(with_event) / count, 0.05, 0.01);
  const double bytes_per_span = static_cast<double>(made.truth().bytes) / count;
  EXPECT_GE(bytes_per_span, 480);
  EXPECT_LE(bytes_per_span, 570);
}

TEST(Generator, WritesExceptionsWithStackTracesOfSeveralLines) {
  const Emitted made = run(counted(5000));
  std::uint64_t seen = 0;
  for (const Span* span : made.spans) {
    for (const model::Event& event : span->events) {
      ++seen;
      EXPECT_EQ(event.name, "exception");
      const auto* stack = model::find_attribute(event.attributes, "exception.stacktrace");
      ASSERT_NE(stack, nullptr);
      EXPECT_GE(std::count(stack->string().begin(), stack->string().end(), '\n'), 4);
      EXPECT_GE(event.time, span->start);
      EXPECT_LE(event.time, span->end);
    }
  }
  EXPECT_GT(seen, 0U);
}

TEST(Generator, MakesTreesWhoseChildrenLieWithinTheirParents) {
  const Emitted made = run(counted(30'000));
  EXPECT_EQ(made.by_id.size(), made.spans.size());  // ids are unique
  for (const auto& [id, spans] : made.traces()) {
    std::size_t roots = 0;
    for (const Span* span : spans) {
      ASSERT_LT(span->start, span->end);
      if (span->parent_span_id.is_zero()) {
        ++roots;
        continue;
      }
      const Span* parent = made.by_id.at(span->parent_span_id.value);
      ASSERT_EQ(parent->trace_id, span->trace_id);
      if (span->kind == SpanKind::Consumer) {
        ASSERT_EQ(parent->kind, SpanKind::Producer);
        ASSERT_GE(span->start, parent->end);
        ASSERT_EQ(span->links.size(), 1U);
        ASSERT_EQ(span->links[0].span_id, parent->span_id);
        continue;
      }
      ASSERT_GE(span->start, parent->start);
      ASSERT_LE(span->end, parent->end);
    }
    ASSERT_EQ(roots, 1U);
  }
}

TEST(Generator, PairsEveryServerWithAClientOfAnotherService) {
  const Emitted made = run(counted(20'000));
  for (const Span* span : made.spans) {
    if (span->kind != SpanKind::Server || span->parent_span_id.is_zero()) {
      continue;
    }
    const Span* client = made.by_id.at(span->parent_span_id.value);
    ASSERT_EQ(client->kind, SpanKind::Client);
    ASSERT_NE(client->service(), span->service());
  }
}

TEST(Generator, SendsOneProcessPerRequestInOrderAndFull) {
  GeneratorOptions options = counted(100'000);
  options.export_delay_nanos = 0;
  const Emitted made = run(options);
  std::size_t full = 0;
  UnixNanos last = 0;
  for (std::size_t i = 0; i < made.requests.size(); ++i) {
    EXPECT_LE(made.requests[i].span_count, 512U);
    EXPECT_GE(made.requests[i].ready_at, last);
    last = made.requests[i].ready_at;
    full += made.requests[i].span_count == 512 ? 1 : 0;
    std::set<std::string_view> instances;
    for (const Span& span : made.batches[i].spans()) {
      instances.insert(
          model::find_attribute(span.resource().attributes, "service.instance.id")->string());
      EXPECT_LE(span.end, made.requests[i].ready_at);
    }
    EXPECT_EQ(instances.size(), 1U);
  }
  EXPECT_GE(full + 60, made.requests.size());  // what each process had left at the end
}

TEST(Generator, ExportsAfterTheDelayWhatIsNotFull) {
  GeneratorOptions options = counted(5000);
  options.rate = 100;
  options.export_delay_nanos = 1'000'000'000;
  const Emitted made = run(options);
  for (std::size_t i = 0; i < made.requests.size(); ++i) {
    EXPECT_LT(made.requests[i].span_count, 512U);
    for (const Span& span : made.batches[i].spans()) {
      EXPECT_LE(made.requests[i].ready_at - span.end, 1'000'000'000U);
    }
  }
}

TEST(Generator, SpreadsATraceOverRequestsWithChildrenFirst) {
  GeneratorOptions options = counted(30'000);
  options.rate = 1000;
  const Emitted made = run(options);
  std::unordered_map<model::TraceId, std::set<std::size_t>> requests_of;
  std::unordered_map<std::uint64_t, std::size_t> place;  // the request that a span is in
  for (std::size_t i = 0; i < made.batches.size(); ++i) {
    for (const Span& span : made.batches[i].spans()) {
      requests_of[span.trace_id].insert(i);
      place[span.span_id.value] = i;
    }
  }
  std::size_t parent_first = 0;
  std::size_t child_first = 0;
  for (const Span* span : made.spans) {
    if (!span->parent_span_id.is_zero()) {
      const std::size_t own = place.at(span->span_id.value);
      const std::size_t parents = place.at(span->parent_span_id.value);
      parent_first += parents < own ? 1 : 0;
      child_first += parents > own ? 1 : 0;
    }
  }
  std::size_t spread = 0;
  for (const auto& [id, requests] : requests_of) {
    spread += requests.size() > 1 ? 1 : 0;
  }
  EXPECT_GT(spread, requests_of.size() * 9 / 10);
  EXPECT_GT(child_first, made.spans.size() / 10);
  EXPECT_GT(parent_first, made.spans.size() / 10);
}

TEST(Generator, LaysTracesAtTheRateUntilTheDurationIsOver) {
  GeneratorOptions options;
  options.rate = 2000;
  options.duration_nanos = 10'000'000'000;
  const Emitted made = run(options);
  EXPECT_NEAR(static_cast<double>(made.spans.size()), 20'000, 1500);
  for (const Span* span : made.spans) {
    EXPECT_GE(span->start, options.start);
    if (span->parent_span_id.is_zero()) {
      EXPECT_LT(span->start, options.start + 10'000'000'000);
    }
  }
}

TEST(Generator, DrainsWhatIsUnderWayWhenStopped) {
  auto generator = Generator::make(GeneratorOptions{});
  ASSERT_TRUE(generator.has_value());
  std::uint64_t spans = 0;
  for (int i = 0; i < 3; ++i) {
    spans += (*generator)->next_request()->span_count;
  }
  (*generator)->stop();
  while (auto request = (*generator)->next_request()) {
    spans += request->span_count;
  }
  EXPECT_EQ(spans, (*generator)->ground_truth().spans);
}

TEST(Generator, GroundTruthIsWhatWasEmitted) {
  GeneratorOptions options = counted(50'000);
  options.error_share = 0.1;
  options.late_share = 0.02;
  const Emitted made = run(options);
  const GroundTruth& truth = made.truth();
  std::uint64_t bytes = 0;
  for (const EncodedRequest& request : made.requests) {
    bytes += request.bytes.size();
  }
  EXPECT_EQ(truth.bytes, bytes);
  EXPECT_EQ(truth.requests, made.requests.size());
  EXPECT_EQ(truth.spans, made.spans.size());
  EXPECT_EQ(truth.traces, made.traces().size());
  std::map<std::string, OperationCount> seen;
  std::set<model::TraceId> failed;
  std::uint64_t events = 0;
  UnixNanos last_end = 0;
  for (const Span* span : made.spans) {
    OperationCount& count = seen[std::string(span->service()) + "|" + std::string(span->name) +
                                 std::string(model::span_kind_name(span->kind))];
    ++count.spans;
    events += span->events.size();
    last_end = std::max(last_end, span->end);
    if (span->is_error()) {
      ++count.failed;
      failed.insert(span->trace_id);
    }
  }
  const Shop& shop = made.generator->shop();
  for (std::size_t i = 0; i < truth.operations.size(); ++i) {
    const Operation& operation = shop.operations()[i];
    const OperationCount& count =
        seen[std::string(shop.services()[operation.service].name) + "|" + operation.name +
             std::string(model::span_kind_name(operation.kind))];
    EXPECT_EQ(truth.operations[i].spans, count.spans) << operation.name;
    EXPECT_EQ(truth.operations[i].failed, count.failed) << operation.name;
  }
  EXPECT_EQ(truth.failed.count, failed.size());
  EXPECT_EQ(truth.events, events);
  EXPECT_EQ(truth.last_end, last_end);
  EXPECT_NEAR(static_cast<double>(truth.late_spans), 1000, 150);
}

TEST(Generator, HoldsLateSpansBackForTheDelay) {
  GeneratorOptions options = counted(20'000);
  options.late_share = 0.05;
  options.late_delay_nanos = 20'000'000'000;
  options.export_delay_nanos = 1'000'000'000;
  const Emitted made = run(options);
  std::uint64_t late = 0;
  for (std::size_t i = 0; i < made.requests.size(); ++i) {
    for (const Span& span : made.batches[i].spans()) {
      late += made.requests[i].ready_at - span.end >= 20'000'000'000U ? 1 : 0;
    }
  }
  EXPECT_EQ(late, made.truth().late_spans);
  EXPECT_GT(late, 0U);
}

TEST(Generator, MakesHugeTracesAsLargeAsAskedFor) {
  GeneratorOptions options = counted(30'000);
  options.huge_trace_count = 2;
  options.huge_trace_span_count = 10'000;
  const Emitted made = run(options);
  EXPECT_EQ(made.spans.size(), 30'000U);
  ASSERT_EQ(made.truth().huge.count, 2U);
  const auto traces = made.traces();
  for (const TraceNote& note : made.truth().huge.kept) {
    EXPECT_EQ(traces.at(note.trace_id).size(), 10'000U);
    EXPECT_EQ(made.by_id.at(note.span_id.value)->trace_id, note.trace_id);
  }
}

TEST(Generator, FailsNothingWhenTheErrorShareIsZeroAndEveryTraceWhenItIsOne) {
  GeneratorOptions options = counted(5000);
  options.error_share = 0;
  EXPECT_EQ(run(options).truth().failed_spans, 0U);
  options.error_share = 1;
  const Emitted made = run(options);
  EXPECT_EQ(made.truth().failed.count, made.truth().traces);
}

TEST(GeneratorFault, SlowServiceTakesLonger) {
  const Emitted made = run(with_fault(FaultKind::SlowService, "bank", 0.5));
  const TraceNotes& notes = made.truth().faults[0];
  std::uint64_t slow = 0;
  for (const Span* span : made.spans) {
    slow += span->service() == "bank" && span->kind == SpanKind::Server &&
                    span->duration() >= 500'000'000
                ? 1
                : 0;
  }
  EXPECT_GT(slow, 0U);
  EXPECT_EQ(notes.count, slow);
  for (const TraceNote& note : notes.kept) {
    EXPECT_EQ(made.by_id.at(note.span_id.value)->service(), "bank");
  }
}

TEST(GeneratorFault, MissingParentLeavesOrphansOfTheNamedSpan) {
  const Emitted made = run(with_fault(FaultKind::MissingParent, "pricing", 0.3));
  const TraceNotes& notes = made.truth().faults[static_cast<std::size_t>(FaultKind::MissingParent)];
  std::set<std::uint64_t> missing;
  for (const Span* span : made.spans) {
    if (!span->parent_span_id.is_zero() && !made.by_id.contains(span->parent_span_id.value)) {
      missing.insert(span->parent_span_id.value);
      EXPECT_EQ(span->service(), "pricing");
    }
  }
  std::set<std::uint64_t> noted;
  for (const TraceNote& note : notes.kept) {
    noted.insert(note.span_id.value);
  }
  EXPECT_FALSE(missing.empty());
  EXPECT_EQ(missing, noted);
}

TEST(GeneratorFault, LostContextBeginsAnotherTrace) {
  const Emitted made = run(with_fault(FaultKind::LostContext, "search", 0.5));
  const TraceNotes& notes = made.truth().faults[static_cast<std::size_t>(FaultKind::LostContext)];
  EXPECT_GT(notes.count, 0U);
  EXPECT_EQ(made.truth().traces, made.traces().size());
  for (const TraceNote& note : notes.kept) {
    const Span* span = made.by_id.at(note.span_id.value);
    EXPECT_EQ(span->service(), "search");
    EXPECT_TRUE(span->parent_span_id.is_zero());
    EXPECT_EQ(span->trace_id, note.trace_id);
  }
}

TEST(GeneratorFault, RetryFailsBeforeItSucceeds) {
  const Emitted made = run(with_fault(FaultKind::Retry, "tax", 0.3));
  const TraceNotes& notes = made.truth().faults[static_cast<std::size_t>(FaultKind::Retry)];
  EXPECT_GT(notes.count, 0U);
  for (const TraceNote& note : notes.kept) {
    const Span* success = made.by_id.at(note.span_id.value);
    EXPECT_FALSE(success->is_error());
    const auto failed = std::count_if(made.spans.begin(), made.spans.end(), [&](const Span* span) {
      return span->parent_span_id == success->parent_span_id && span->name == success->name &&
             span->is_error() && span->end <= success->start;
    });
    EXPECT_GE(failed, 1);
  }
}

TEST(GeneratorFault, RepeatedQueryAsksTheSameManyTimes) {
  const Emitted made = run(with_fault(FaultKind::RepeatedQuery, "catalogue", 0.05));
  const TraceNotes& notes = made.truth().faults[static_cast<std::size_t>(FaultKind::RepeatedQuery)];
  EXPECT_GT(notes.count, 0U);
  std::map<std::pair<std::uint64_t, std::string_view>, int> asked;
  for (const Span* span : made.spans) {
    ++asked[{span->parent_span_id.value, span->name}];
  }
  for (const TraceNote& note : notes.kept) {
    const bool has_run = std::any_of(asked.begin(), asked.end(), [&](const auto& entry) {
      return entry.first.first == note.span_id.value && entry.second >= 12;
    });
    EXPECT_TRUE(has_run);
  }
}

TEST(GeneratorFault, ClockSkewShiftsOneInstance) {
  GeneratorOptions options = with_fault(FaultKind::ClockSkew, "auth", 1);
  options.faults[0].amount_nanos = -3'000'000'000;
  const Emitted made = run(options);
  std::set<std::string_view> skewed;
  for (const Span* span : made.spans) {
    const auto parent = made.by_id.find(span->parent_span_id.value);
    if (parent != made.by_id.end() && span->start < parent->second->start) {
      skewed.insert(
          model::find_attribute(span->resource().attributes, "service.instance.id")->string());
      EXPECT_EQ(span->service(), "auth");
    }
  }
  EXPECT_EQ(skewed.size(), 1U);
}

TEST(GroundTruth, PrintsEveryServiceAndNote) {
  const Emitted made = run(with_fault(FaultKind::SlowService, "bank", 1));
  const std::string printed =
      print_ground_truth(made.generator->shop(), made.generator->options(), made.truth());
  EXPECT_NE(printed.find("\"seed\":1"), std::string::npos);
  EXPECT_NE(printed.find("\"spans\":20000"), std::string::npos);
  for (const Service& service : made.generator->shop().services()) {
    EXPECT_NE(printed.find("{\"name\":\"" + std::string(service.name) + "\""), std::string::npos);
  }
  EXPECT_NE(printed.find(made.truth().faults[0].kept.front().trace_id.hex()), std::string::npos);
}

}  // namespace
}  // namespace waybill::generate
