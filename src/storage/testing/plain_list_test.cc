// SPDX-License-Identifier: Apache-2.0
#include "storage/testing/plain_list.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/time.h"
#include "model/span.h"
#include "storage/filter.h"
#include "storage/scan.h"
#include "storage/testing/batch_builder.h"

namespace waybill::storage {
namespace {

// Each look at the clock takes one nanosecond.
class TickingClock final : public Clock {
 public:
  UnixNanos now() const override { return 0; }
  std::chrono::nanoseconds steady() const override { return std::chrono::nanoseconds(ticks_++); }

 private:
  mutable std::int64_t ticks_ = 0;
};

class PlainListTest : public testing::Test {
 protected:
  // Traces 1 to 5; 2 and 3 start at the same time; 5 lies far off.
  PlainListTest() {
    BatchBuilder batch;
    batch.service("a").span(1, 11, 0, "one", 100, 200).error();
    batch.span(2, 21, 0, "two", 300, 400).span(2, 22, 21, "two-b", 300, 350);
    batch.service("b").span(3, 31, 0, "three", 300, 310);
    batch.span(4, 41, 0, "four", 500, 900).kind(model::SpanKind::Server);
    batch.span(5, 51, 0, "five", 2000, 1900);
    list_.append(batch.take());
  }

  std::vector<std::uint64_t> ids(const ScanPage& page) {
    std::vector<std::uint64_t> ids;
    for (const Trace& trace : page.traces) {
      ids.push_back(trace.id.low);
    }
    return ids;
  }

  std::vector<std::uint64_t> scan(const ScanRequest& request) {
    return ids(list_.scan(request).value());
  }

  std::vector<std::uint64_t> scan_within(TimeRange time) {
    ScanRequest request;
    request.time = time;
    return scan(request);
  }

  using Ids = std::vector<std::uint64_t>;
  TickingClock clock_;
  PlainList list_{clock_};
};

TEST_F(PlainListTest, AnswersNewestFirstThenById) { EXPECT_EQ(scan({}), (Ids{5, 4, 2, 3, 1})); }

TEST_F(PlainListTest, GivesTracesThatTouchTheRange) {
  EXPECT_EQ(scan_within({200, 300}), (Ids{1}));
  EXPECT_EQ(scan_within({201, 300}), (Ids{}));
  EXPECT_EQ(scan_within({201, 301}), (Ids{2, 3}));
  EXPECT_EQ(scan_within({900, 901}), (Ids{4}));
  EXPECT_EQ(scan_within({901, 2000}), (Ids{}));
  EXPECT_EQ(scan_within({2000, 2001}), (Ids{5})) << "a trace that ends before it starts";
}

TEST_F(PlainListTest, PagesWithoutGapsAndRepeats) {
  for (std::size_t size = 1; size <= 6; ++size) {
    Ids seen;
    ScanRequest request;
    request.trace_count_max = size;
    do {
      const ScanPage page = list_.scan(request).value();
      EXPECT_LE(page.traces.size(), size);
      EXPECT_TRUE(page.complete);
      for (const std::uint64_t id : ids(page)) {
        seen.push_back(id);
      }
      request.after = page.next;
    } while (request.after);
    EXPECT_EQ(seen, (Ids{5, 4, 2, 3, 1})) << size;
  }
}

TEST_F(PlainListTest, KeepsAsIsReportsThatDifferAndDropsThoseThatDoNot) {
  BatchBuilder again;
  again.service("a").span(2, 22, 21, "two-b", 300, 350).span(2, 22, 21, "two-b", 300, 351);
  list_.append(again.take());
  ScanRequest request;
  request.trace_ids = {{0, 2}};
  const ScanPage page = list_.scan(request).value();
  ASSERT_EQ(page.traces.size(), 1U);
  EXPECT_EQ(page.traces[0].spans.size(), 3U);
  EXPECT_EQ(list_.totals().span_count, 7U);
}

TEST_F(PlainListTest, NamesTheSpansThatMatch) {
  ScanRequest request;
  request.filter = Filter::test({Column::Name, "", Compare::Equal, std::string("two-b")});
  const ScanPage page = list_.scan(request).value();
  EXPECT_EQ(ids(page), (Ids{2}));
  EXPECT_EQ(page.traces[0].matched, std::vector<std::uint32_t>{1});
  EXPECT_EQ(page.stats.traces_inspected, 5U);
  EXPECT_EQ(page.stats.spans_inspected, 6U);
}

TEST_F(PlainListTest, GoesOnWhereADeadlineEndedAPage) {
  Ids seen;
  ScanRequest request;
  int pages = 0;
  do {
    request.deadline = std::chrono::nanoseconds(0);
    const ScanPage page = list_.scan(request).value();
    EXPECT_EQ(page.complete, !page.next.has_value());
    for (const std::uint64_t id : ids(page)) {
      seen.push_back(id);
    }
    request.after = page.next;
    ++pages;
  } while (request.after);
  EXPECT_EQ(seen, (Ids{5, 4, 2, 3, 1}));
  EXPECT_EQ(pages, 5);
}

TEST_F(PlainListTest, EndsWhenCancelled) {
  std::stop_source source;
  source.request_stop();
  ScanRequest request;
  request.cancelled = source.get_token();
  EXPECT_EQ(list_.scan(request).error().code, ErrorCode::Cancelled);
}

TEST_F(PlainListTest, RefusesAFilterThatCanNotBeCompiled) {
  ScanRequest request;
  request.filter = Filter::test({Column::Name, "", Compare::Matches, std::string("(")});
  EXPECT_EQ(list_.scan(request).error().code, ErrorCode::InvalidArgument);
}

TEST_F(PlainListTest, CountsServicesAndOperations) {
  EXPECT_EQ(list_.services(), (std::vector<ServiceCount>{{"a", 3, 1}, {"b", 3, 0}}));
  EXPECT_EQ(list_.operations("b"),
            (std::vector<OperationCount>{{"five", model::SpanKind::Unspecified, 1, 0},
                                         {"four", model::SpanKind::Server, 1, 0},
                                         {"three", model::SpanKind::Unspecified, 1, 0}}));
  EXPECT_TRUE(list_.operations("c").empty());
  const StoreTotals totals = list_.totals();
  EXPECT_EQ(totals.trace_count, 5U);
  EXPECT_EQ(totals.service_count, 2U);
  EXPECT_EQ(totals.time, (TimeRange{100, 1900}));
}

TEST_F(PlainListTest, KnowsNothingWhileEmpty) {
  const PlainList empty(clock_);
  EXPECT_TRUE(empty.scan({}).value().traces.empty());
  EXPECT_TRUE(empty.services().empty());
  EXPECT_EQ(empty.totals().time, std::nullopt);
}

}  // namespace
}  // namespace waybill::storage
