// SPDX-License-Identifier: Apache-2.0
#include "query/trace_summary.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "model/ids.h"
#include "model/span.h"
#include "model/span_batch.h"
#include "storage/assemble.h"
#include "storage/filter.h"
#include "storage/testing/batch_builder.h"

namespace waybill::query {
namespace {

using storage::BatchBuilder;

class TraceSummaryTest : public testing::Test {
 protected:
  TraceSummary summarise_batch(const storage::Filter& filter = {}) {
    batch_ = std::make_unique<model::SpanBatch>(builder_.take());
    std::vector<const model::Span*> spans;
    for (const model::Span& span : batch_->spans()) {
      spans.push_back(&span);
    }
    const model::TraceId id = spans.front()->trace_id;
    trace_ = storage::assemble_trace(id, storage::in_order_once(std::move(spans)),
                                     storage::SpanMatcher::make(filter).value());
    return summarise(trace_);
  }

  // One character a cell: the service's number, '.' for none; upper-case letters for errors.
  static std::string print(const TraceSummary& summary) {
    std::string out;
    for (const StripCell& cell : summary.strip) {
      const char plain = cell.service < 0 ? '.' : static_cast<char>('a' + cell.service);
      out += cell.has_error && plain != '.' ? static_cast<char>(plain - 'a' + 'A') : plain;
    }
    return out;
  }

  BatchBuilder builder_;
  std::unique_ptr<model::SpanBatch> batch_;
  storage::Trace trace_;
};

TEST_F(TraceSummaryTest, CountsSpansErrorsOrphansAndServices) {
  builder_.service("gateway").span(1, 1, 0, "GET /", 1000, 2000);
  builder_.service("cart").span(1, 2, 1, "get", 1100, 1200).error();
  builder_.service("gateway").span(1, 3, 77, "lost", 1300, 1400);
  const TraceSummary summary = summarise_batch();
  EXPECT_EQ(summary.root, 0U);
  EXPECT_FALSE(summary.root_missing);
  EXPECT_EQ(summary.start, 1000U);
  EXPECT_EQ(summary.duration_nanos, 1000U);
  EXPECT_EQ(summary.span_count, 3U);
  EXPECT_EQ(summary.error_count, 1U);
  EXPECT_EQ(summary.orphan_count, 1U);
  EXPECT_EQ(summary.services, (std::vector<ServiceUse>{{"gateway", 2, 0}, {"cart", 1, 1}}));
}

TEST_F(TraceSummaryTest, NamesTheRootThatStartedFirst) {
  builder_.span(1, 1, 50, "orphan", 0, 9).span(1, 2, 0, "root", 1, 9).span(1, 3, 0, "late", 2, 9);
  const TraceSummary summary = summarise_batch();
  EXPECT_EQ(summary.root, 1U);
  EXPECT_FALSE(summary.root_missing);
}

TEST_F(TraceSummaryTest, TakesTheFirstOrphanWhereNoRootCame) {
  builder_.span(1, 9, 9, "self", 0, 9).span(1, 1, 50, "orphan", 1, 9).span(1, 2, 51, "late", 2, 9);
  const TraceSummary summary = summarise_batch();
  EXPECT_EQ(summary.root, 1U);
  EXPECT_TRUE(summary.root_missing);
}

TEST_F(TraceSummaryTest, TakesWhereACycleWasCutAsTheLastResort) {
  builder_.span(1, 1, 2, "a", 0, 9).span(1, 2, 1, "b", 1, 9);
  const TraceSummary summary = summarise_batch();
  EXPECT_EQ(summary.root, 0U);
  EXPECT_TRUE(summary.root_missing);
  EXPECT_EQ(summary.orphan_count, 0U);
}

TEST_F(TraceSummaryTest, ShowsTheFirstThreeMatches) {
  for (std::uint64_t i = 1; i <= 5; ++i) {
    builder_.span(1, i, 0, i == 2 ? "other" : "same", i, i + 10);
  }
  const TraceSummary summary = summarise_batch(storage::Filter::test(
      {storage::Column::Name, "", storage::Compare::Equal, std::string("same")}));
  EXPECT_EQ(summary.matched_count, 4U);
  EXPECT_EQ(summary.matched, (std::vector<std::uint32_t>{0, 2, 3}));
}

TEST_F(TraceSummaryTest, PaintsTheDeepestSpanThatRuns) {
  builder_.service("a").span(1, 1, 0, "root", 0, 6400);
  builder_.service("b").span(1, 2, 1, "child", 1000, 3000);
  builder_.service("c").span(1, 3, 2, "grandchild", 2000, 2500).error();
  EXPECT_EQ(print(summarise_batch()),
            "aaaaaaaaaabbbbbbbbbbCCCCCbbbbbaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
}

TEST_F(TraceSummaryTest, PaintsWhatIsDeepestForTheLongerPartOfACell) {
  builder_.service("a").span(1, 1, 0, "root", 0, 6400);
  builder_.service("b").span(1, 2, 1, "short", 10, 55).span(1, 3, 1, "long", 140, 200);
  EXPECT_EQ(print(summarise_batch()).substr(0, 3), "aba");
}

TEST_F(TraceSummaryTest, LeavesGapsEmptyAndShowsInstants) {
  builder_.service("a").span(1, 1, 0, "first", 0, 3200);
  builder_.service("b").span(1, 2, 0, "instant", 4800, 4800).error();
  builder_.service("a").span(1, 3, 0, "last", 6300, 6400);
  EXPECT_EQ(print(summarise_batch()),
            "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa................B..............a");
}

TEST_F(TraceSummaryTest, PaintsATraceWithoutLength) {
  builder_.service("a").span(1, 1, 0, "root", 100, 100);
  builder_.service("b").span(1, 2, 1, "backwards", 100, 50);
  const TraceSummary summary = summarise_batch();
  EXPECT_EQ(summary.duration_nanos, 0U);
  EXPECT_EQ(print(summary), std::string(64, 'b'));
}

TEST_F(TraceSummaryTest, TakesTimesAtBothEndsOfTheRange) {
  builder_.service("a").span(1, 1, 0, "unset", 0, 0);
  builder_.service("b").span(1, 2, 0, "late", UINT64_MAX - 1, UINT64_MAX);
  const TraceSummary summary = summarise_batch();
  EXPECT_EQ(summary.duration_nanos, UINT64_MAX);
  EXPECT_EQ(summary.strip.front().service, 0);
  EXPECT_EQ(summary.strip[30].service, -1);
}

}  // namespace
}  // namespace waybill::query
