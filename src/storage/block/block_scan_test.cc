// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/random.h"
#include "model/span.h"
#include "model/testing/random_batch.h"
#include "os/testing/manual_clock.h"
#include "storage/block/read/block_reader.h"
#include "storage/block/read/block_scan.h"
#include "storage/block/write/trace_order.h"
#include "storage/filter.h"
#include "storage/scan.h"
#include "storage/testing/batch_builder.h"
#include "storage/testing/block_harness.h"

namespace waybill::storage {
namespace {

using model::Value;

constexpr UnixNanos kBegin = 1'700'000'000'000'000'000;

struct Expected {
  UnixNanos start = UINT64_MAX;
  UnixNanos end = 0;
  model::TraceId id;
  std::vector<std::uint64_t> rows;
};

// The plainest way to the same answer.
std::vector<Expected> expected(const BlockHarness& block, const ScanRequest& request) {
  const SpanMatcher matcher = SpanMatcher::make(request.filter).value();
  std::vector<Expected> found;
  for (const auto& [id, spans] : block.spans_of) {
    Expected trace;
    trace.id = id;
    const auto ordered = order_depth_first(spans);
    for (std::size_t row = 0; row < ordered.size(); ++row) {
      const model::Span& span = *ordered[row].span;
      trace.start = std::min(trace.start, span.start);
      trace.end = std::max({trace.end, span.start, span.end});
      if (!matcher.matches_everything() && matcher.matches(span)) {
        trace.rows.push_back(row);
      }
    }
    const auto& ids = request.trace_ids;
    const bool is_asked = ids.empty() || std::find(ids.begin(), ids.end(), id) != ids.end();
    const bool is_behind = !request.after || comes_before(request.after->place, {trace.start, id});
    const bool touches = (trace.start < request.time.end || request.time.end == UINT64_MAX) &&
                         trace.end >= request.time.begin;
    if (is_asked && is_behind && touches && (matcher.matches_everything() || !trace.rows.empty())) {
      found.push_back(std::move(trace));
    }
  }
  std::sort(found.begin(), found.end(), [](const Expected& a, const Expected& b) {
    return a.start != b.start ? a.start > b.start : a.id < b.id;
  });
  return found;
}

class Scanner final {
 public:
  explicit Scanner(BlockHarness& block) : block_(block) {
    CHECK(block.write().has_value());
    reader_ = block.open().value();
  }

  BlockScan scan(const ScanRequest& request) {
    return BlockScan::make(reader_, request, clock).value();
  }

  void expect_same(const ScanRequest& request) {
    BlockScan scan = this->scan(request);
    const std::vector<Expected> wanted = expected(block_, request);
    std::size_t next = 0;
    while (true) {
      const auto matches = scan.next();
      ASSERT_TRUE(matches.has_value()) << matches.error().message;
      if (matches->empty()) {
        break;
      }
      for (const BlockMatch& match : *matches) {
        ASSERT_LT(next, wanted.size());
        ASSERT_EQ(match.trace.id, wanted[next].id);
        ASSERT_EQ(match.trace.start, wanted[next].start);
        ASSERT_EQ(match.trace.end, wanted[next].end);
        ASSERT_EQ(match.trace.rows.count, block_.spans_of[match.trace.id].size());
        ASSERT_EQ(match.rows, wanted[next].rows);
        ++next;
      }
    }
    ASSERT_EQ(next, wanted.size());
    stats = scan.stats();
  }

  std::vector<std::size_t> count(const Filter& filter) {
    ScanRequest request;
    request.filter = filter;
    std::vector<std::size_t> counts;
    BlockScan scan = this->scan(request);
    for (auto matches = scan.next().value(); !matches.empty(); matches = scan.next().value()) {
      for (const BlockMatch& match : matches) {
        counts.push_back(match.rows.size());
      }
    }
    stats = scan.stats();
    return counts;
  }

  os::ManualClock clock;
  BlockScanStats stats;

 private:
  BlockHarness& block_;
  std::shared_ptr<const BlockReader> reader_;
};

constexpr std::array<const char*, 8> kKeys = {"a",     "b",         "c",     "error",
                                              "event", "span.kind", "key.a", "otel.scope.name"};
constexpr std::array<const char*, 7> kTexts = {"",     "GET /",   "cart",    "7",
                                               "true", "u-00042", "Internal"};

// Spans of few keys and texts, so that filters made of the same often hold.
class Traffic final {
 public:
  explicit Traffic(std::uint64_t seed) : random_(seed) {}

  void fill(BlockHarness& block, std::uint64_t span_count) {
    BatchBuilder batch;
    for (std::uint64_t i = 0; i < span_count; ++i) {
      if (chance(8)) {
        batch.service(kTexts[below(3)], attributes(2));
      } else if (chance(9)) {
        batch.scope(kTexts[below(4)], kTexts[below(3)], attributes(2));
      }
      const UnixNanos start = kBegin + below(1000) * 1000;
      const UnixNanos end = start + below(5000) - (chance(6) ? 3000 : 0);
      batch.span(1 + below(span_count / 5 + 1), 1 + below(90), below(90), kTexts[below(4)], start,
                 chance(60) ? random_.next() : end);
      model::Span& span = batch.last();
      span.kind = static_cast<model::SpanKind>(below(7));
      span.status = static_cast<model::StatusCode>(below(3));
      span.trace_state = chance(9) ? "x=1" : "";
      span.status_message = chance(5) ? kTexts[below(7)] : "";
      for (const auto& [key, value] : attributes(4)) {
        batch.attribute(key, value);
      }
      if (chance(8)) {
        batch.event(start, kTexts[below(5)], attributes(2));
      }
      if (chance(9)) {
        batch.link(1, 2, attributes(2));
      }
    }
    block.add(batch.take());
  }

  Filter filter(int depth) {
    switch (below(depth > 2 ? 1 : 3)) {
      case 0:
        return Filter::test(predicate());
      case 1:
        return Filter::all_of(filters(depth));
      default:
        return Filter::any_of(filters(depth));
    }
  }

  std::uint64_t below(std::uint64_t bound) { return random_.below(bound); }
  bool chance(std::uint64_t in) { return below(in) == 0; }

 private:
  std::vector<Filter> filters(int depth) {
    std::vector<Filter> made;
    for (std::uint64_t left = below(4); left > 0; --left) {
      made.push_back(filter(depth + 1));
    }
    return made;
  }

  BatchBuilder::Attributes attributes(std::uint64_t count_max) {
    BatchBuilder::Attributes made;
    for (std::uint64_t left = below(count_max + 1); left > 0; --left) {
      made.emplace_back(kKeys[below(kKeys.size())], value());
    }
    return made;
  }

  Value value() {
    switch (below(9)) {
      case 0:
        return {};
      case 1:
        return Value::of_bool(chance(2));
      case 2:
        return Value::of_double(static_cast<double>(below(4)) / 2);
      case 3:
        return Value::of_bytes("7");
      case 4:
        array_ = {Value::of_string("7"), Value::of_int(7)};
        return Value::of_array(std::span(array_).first(below(3)));
      case 5:
      case 6:
        return Value::of_int(static_cast<std::int64_t>(below(9)));
      default:
        return Value::of_string(text());
    }
  }

  // Some texts come once each, so that pools are made.
  std::string_view text() {
    if (chance(2)) {
      return kTexts[below(kTexts.size())];
    }
    texts_.push_back(std::make_unique<std::string>("id-" + std::to_string(below(100000))));
    return *texts_.back();
  }

  Predicate predicate() {
    Predicate made;
    made.column = static_cast<Column>(below(static_cast<std::uint64_t>(Column::AnyText) + 1));
    made.key = kKeys[below(kKeys.size())];
    made.compare = static_cast<Compare>(below(static_cast<std::uint64_t>(Compare::NotExists) + 1));
    made.operand = operand();
    if (made.column == Column::Duration && !chance(4)) {
      made.operand = static_cast<std::int64_t>(below(5000)) - 1000;
    }
    if (made.compare == Compare::Matches || made.compare == Compare::NotMatches) {
      made.operand = std::string("(7|GET.*|id-1.*)");
    }
    if (made.column == Column::AnyText) {
      made.operand = std::string(kTexts[1 + below(5)]);
    }
    return made;
  }

  Operand operand() {
    switch (below(8)) {
      case 0:
        return static_cast<std::int64_t>(below(9));
      case 1:
        return static_cast<double>(below(9)) / 2;
      case 2:
        return chance(2);
      case 3:
        return static_cast<model::SpanKind>(below(6));
      case 4:
        return static_cast<model::StatusCode>(below(3));
      case 5:
        return TextForm{std::string(kTexts[below(kTexts.size())])};
      case 6:
        return texts_.empty() ? std::string("x") : *texts_[below(texts_.size())];
      default:
        return std::string(kTexts[below(kTexts.size())]);
    }
  }

  Random random_;
  std::vector<Value> array_;
  std::vector<std::unique_ptr<std::string>> texts_;
};

TEST(BlockScan, AnswersWhatTheMatcherDoes) {
  for (std::uint64_t seed = 1; seed <= 8; ++seed) {
    Traffic traffic(seed);
    BlockHarness block;
    block.options.group_span_count = 20 + traffic.below(300);
    if (seed % 4 == 0) {
      block.options.schema = {.shape_count_max = 60, .layout_count_max = 30, .field_count_max = 90};
    }
    traffic.fill(block, 400);
    Scanner scanner(block);
    for (int i = 0; i < 80; ++i) {
      SCOPED_TRACE("seed " + std::to_string(seed) + ", filter " + std::to_string(i));
      ScanRequest request;
      request.filter = traffic.filter(0);
      scanner.expect_same(request);
      ASSERT_FALSE(testing::Test::HasFatalFailure());
    }
  }
}

TEST(BlockScan, AnswersWhatTheMatcherDoesOnOddSpans) {
  for (std::uint64_t seed = 1; seed <= 6; ++seed) {
    Random random(seed);
    Traffic traffic(seed);
    BlockHarness block;
    block.options.group_span_count = 50;
    block.add(model::testing::make_random_batch(random, {.span_count = 150}));
    Scanner scanner(block);
    for (int i = 0; i < 60; ++i) {
      SCOPED_TRACE("seed " + std::to_string(seed) + ", filter " + std::to_string(i));
      ScanRequest request;
      request.filter = traffic.filter(0);
      scanner.expect_same(request);
      ASSERT_FALSE(testing::Test::HasFatalFailure());
    }
  }
}

TEST(BlockScan, KeepsToTimeCursorAndIds) {
  for (std::uint64_t seed = 1; seed <= 8; ++seed) {
    Traffic traffic(seed);
    BlockHarness block;
    block.options.group_span_count = 10 + traffic.below(50);
    traffic.fill(block, 300);
    Scanner scanner(block);
    for (int i = 0; i < 40; ++i) {
      SCOPED_TRACE("seed " + std::to_string(seed) + ", request " + std::to_string(i));
      ScanRequest request;
      if (traffic.chance(2)) {
        request.filter = traffic.filter(1);
      }
      if (traffic.chance(2)) {
        request.time.begin = kBegin + traffic.below(1000) * 1000;
        request.time.end = request.time.begin + traffic.below(300) * 1000;
      }
      if (traffic.chance(3)) {
        request.after =
            ScanCursor{{kBegin + traffic.below(1000) * 1000, {0, traffic.below(60)}}, {}};
      }
      for (std::uint64_t left = traffic.chance(3) ? 5 : 0; left > 0; --left) {
        request.trace_ids.push_back({0, traffic.below(80)});
      }
      scanner.expect_same(request);
      ASSERT_FALSE(testing::Test::HasFatalFailure());
    }
  }
}

Filter test(Column column, const std::string& key, Compare compare, Operand operand) {
  return Filter::test({column, key, compare, std::move(operand)});
}

TEST(BlockScan, LeavesBodiesAloneWhereBoundsDecide) {
  BatchBuilder batch;
  batch.service("cart");
  for (std::uint64_t i = 0; i < 2000; ++i) {
    batch
        .span(1 + i / 10, i + 1, 0, i % 2 == 0 ? "fast" : "slow", kBegin + i,
              kBegin + i + 100 + (i % 2) * 1000 + i % 37)
        .attribute("n", Value::of_int(static_cast<std::int64_t>(i % 50)));
  }
  BlockHarness block;
  block.add(batch.take());
  block.options.group_span_count = 500;
  Scanner scanner(block);
  const Filter slow = test(Column::Duration, "", Compare::Greater, std::int64_t{5000});
  EXPECT_TRUE(scanner.count(slow).empty());
  EXPECT_EQ(scanner.stats.groups_without_rows, 4u);
  EXPECT_EQ(scanner.stats.rows_tested, 0u);
  const Filter fast =
      Filter::all_of({test(Column::Name, "", Compare::Equal, std::string("fast")),
                      test(Column::Duration, "", Compare::Greater, std::int64_t{500})});
  EXPECT_TRUE(scanner.count(fast).empty());
  EXPECT_EQ(scanner.stats.rows_tested, 0u);
  const Filter both =
      Filter::all_of({test(Column::Name, "", Compare::Equal, std::string("slow")),
                      test(Column::SpanAttribute, "n", Compare::Equal, std::int64_t{49})});
  EXPECT_EQ(scanner.count(both).size(), 40u);
  EXPECT_EQ(scanner.stats.rows_tested, 1000u);
  EXPECT_EQ(scanner.stats.spans_made, 0u);
}

TEST(BlockScan, SkipsGroupsByTimeWithoutReading) {
  BatchBuilder batch;
  for (std::uint64_t i = 0; i < 100; ++i) {
    batch.span(1 + i, i + 1, 0, "a", kBegin + i * 100, kBegin + i * 100 + 10);
  }
  BlockHarness block;
  block.add(batch.take());
  block.options.group_span_count = 10;
  Scanner scanner(block);
  ScanRequest request;
  request.time = {kBegin + 5000, kBegin + 5500};
  scanner.expect_same(request);
  EXPECT_EQ(scanner.stats.groups_read, 1u);
  EXPECT_EQ(scanner.stats.groups_skipped, 9u);
}

TEST(BlockScan, EndsAtTheDeadlineAndWhenStopped) {
  BatchBuilder batch;
  for (std::uint64_t i = 0; i < 100; ++i) {
    batch.span(1 + i, i + 1, 0, i < 95 ? "a" : "b", kBegin + i, kBegin + i);
  }
  BlockHarness block;
  block.add(batch.take());
  block.options.group_span_count = 10;
  Scanner scanner(block);
  ScanRequest request;
  request.filter = test(Column::Name, "", Compare::Equal, std::string("c"));
  request.deadline = scanner.clock.steady();
  BlockScan late = scanner.scan(request);
  EXPECT_TRUE(late.next()->empty());
  EXPECT_FALSE(late.is_complete());
  EXPECT_EQ(late.stats().groups_read, 1u);

  std::stop_source stop;
  request.deadline.reset();
  request.cancelled = stop.get_token();
  BlockScan stopped = scanner.scan(request);
  stop.request_stop();
  EXPECT_EQ(stopped.next().error().code, ErrorCode::Cancelled);
}

TEST(BlockScan, RefusesFiltersThatCanNotBeCompiled) {
  BlockHarness block;
  Scanner scanner(block);
  ScanRequest request;
  request.filter = test(Column::Name, "", Compare::Matches, std::string("("));
  ASSERT_TRUE(block.write().has_value());
  const auto scan = BlockScan::make(block.open().value(), request, scanner.clock);
  EXPECT_EQ(scan.error().code, ErrorCode::InvalidArgument);
}

}  // namespace
}  // namespace waybill::storage
