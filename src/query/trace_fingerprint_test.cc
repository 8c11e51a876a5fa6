// SPDX-License-Identifier: Apache-2.0
#include "query/trace_fingerprint.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <set>
#include <vector>

#include "model/span.h"
#include "model/span_batch.h"
#include "model/value.h"
#include "storage/testing/batch_builder.h"

namespace waybill::query {
namespace {

using model::Value;
using storage::BatchBuilder;

std::uint64_t fingerprint_of(const std::function<void(BatchBuilder&)>& change) {
  BatchBuilder builder;
  builder.service("cart", {{"host", Value::of_string("h1")}}).span(1, 2, 3, "GET", 10, 20);
  builder.attribute("a", Value::of_int(1)).event(11, "e", {{"k", Value::of_bool(true)}});
  builder.link(7, 8);
  change(builder);
  const model::SpanBatch batch = builder.take();
  std::vector<const model::Span*> spans;
  for (const model::Span& span : batch.spans()) {
    spans.push_back(&span);
  }
  return fingerprint(spans);
}

TEST(Fingerprint, IsTheSameForTheSameSpans) {
  EXPECT_EQ(fingerprint_of([](BatchBuilder&) {}), fingerprint_of([](BatchBuilder&) {}));
}

TEST(Fingerprint, ChangesWithEveryField) {
  const std::vector<std::function<void(BatchBuilder&)>> changes = {
      [](BatchBuilder&) {},
      [](BatchBuilder& b) { b.span(1, 3, 0, "another", 1, 2); },
      [](BatchBuilder& b) { b.last().span_id = {9}; },
      [](BatchBuilder& b) { b.last().parent_span_id = {9}; },
      [](BatchBuilder& b) { b.last().start = 9; },
      [](BatchBuilder& b) { b.last().end = 9; },
      [](BatchBuilder& b) { b.last().name = "POST"; },
      [](BatchBuilder& b) { b.last().trace_state = "x=1"; },
      [](BatchBuilder& b) { b.last().status_message = "x"; },
      [](BatchBuilder& b) { b.last().kind = model::SpanKind::Server; },
      [](BatchBuilder& b) { b.last().status = model::StatusCode::Ok; },
      [](BatchBuilder& b) { b.last().flags = 1; },
      [](BatchBuilder& b) { b.last().dropped_attributes_count = 1; },
      [](BatchBuilder& b) { b.last().dropped_events_count = 1; },
      [](BatchBuilder& b) { b.last().dropped_links_count = 1; },
      [](BatchBuilder& b) { b.attribute("b", Value()); },
      [](BatchBuilder& b) { b.attribute("b", Value::of_string("1")); },
      [](BatchBuilder& b) { b.attribute("b", Value::of_bytes("1")); },
      [](BatchBuilder& b) { b.attribute("b", Value::of_double(1)); },
      [](BatchBuilder& b) { b.event(12, "e"); },
      [](BatchBuilder& b) { b.link(7, 9); },
      [](BatchBuilder& b) { b.link(7, 8, {{"k", Value::of_int(1)}}); },
  };
  std::set<std::uint64_t> seen;
  for (const auto& change : changes) {
    seen.insert(fingerprint_of(change));
  }
  EXPECT_EQ(seen.size(), changes.size());
}

}  // namespace
}  // namespace waybill::query
