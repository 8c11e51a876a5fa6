// SPDX-License-Identifier: Apache-2.0
#include "storage/head/head.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/random.h"
#include "model/span.h"
#include "model/span_batch.h"
#include "os/testing/manual_clock.h"
#include "storage/filter.h"
#include "storage/scan.h"
#include "storage/span_writer.h"
#include "storage/testing/batch_builder.h"
#include "storage/testing/plain_list.h"

namespace waybill::storage {
namespace {

Filter duration_at_least(std::int64_t nanos) {
  Predicate predicate;
  predicate.column = Column::Duration;
  predicate.compare = Compare::GreaterEqual;
  predicate.operand = nanos;
  return Filter::test(std::move(predicate));
}

Filter service_is(std::string name) {
  Predicate predicate;
  predicate.column = Column::Service;
  predicate.operand = std::move(name);
  return Filter::test(std::move(predicate));
}

// Everything that an answer says, as text.
std::string print(const ScanPage& page) {
  std::string out;
  for (const Trace& trace : page.traces) {
    out +=
        trace.id.hex() + " " + std::to_string(trace.start) + "-" + std::to_string(trace.end) + ":";
    for (const model::Span* span : trace.spans) {
      out += " " + span->span_id.hex() + "/" + std::string(span->name);
    }
    out += " matched";
    for (const std::uint32_t row : trace.matched) {
      out += " " + std::to_string(row);
    }
    out += "\n";
  }
  out += page.next ? "next " + page.next->trace_id.hex() : "end";
  return out + (page.complete ? "" : " incomplete");
}

// A head, and the reference with the same spans.
class HeadTest : public testing::Test {
 protected:
  void append(const std::function<void(BatchBuilder&)>& fill) {
    for (SpanWriter* writer : {static_cast<SpanWriter*>(&head)}) {
      BatchBuilder builder;
      fill(builder);
      model::SpanBatch batch = builder.take();
      auto room = writer->reserve(batch);
      ASSERT_TRUE(room) << room.error().message;
      writer->append(std::move(batch), std::move(room).value());
    }
    BatchBuilder builder;
    fill(builder);
    reference.append(builder.take());
  }

  // Random spans of a few traces: small numbers, so that ids, times and names collide.
  void append_random(Random& random, std::size_t span_count) {
    const std::uint64_t seed = random.next();
    append([&](BatchBuilder& batch) {
      Random same(seed);
      for (std::size_t i = 0; i < span_count; ++i) {
        batch.service("service" + std::to_string(same.below(4)));
        const std::uint64_t start = same.below(100);
        batch.span(1 + same.below(12), 1 + same.below(6), same.below(6),
                   "name" + std::to_string(same.below(3)), start, start + same.below(50));
        if (same.below(5) == 0) {
          batch.error("broken");
        }
      }
    });
  }

  ScanPage scan(const SpanReader& reader, const ScanRequest& request) {
    auto page = reader.scan(request);
    EXPECT_TRUE(page) << page.error().message;
    return page ? std::move(page).value() : ScanPage();
  }

  void expect_same(const ScanRequest& request) {
    EXPECT_EQ(print(scan(head, request)), print(scan(reference, request)));
  }

  HeadOptions options;
  os::ManualClock clock;
  Head head{options, clock};
  PlainList reference{clock};
};

TEST_F(HeadTest, AnswersAsThePlainListDoesOnRandomSpans) {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    append_random(random, 1 + random.below(40));
    for (int round = 0; round < 8; ++round) {
      ScanRequest request;
      request.trace_count_max = 1 + random.below(15);
      if (random.below(2) == 0) {
        request.time = {random.below(150), random.below(150) + 1};
      }
      if (random.below(3) == 0) {
        request.filter = duration_at_least(static_cast<std::int64_t>(random.below(50)));
      } else if (random.below(3) == 0) {
        request.filter = service_is("service" + std::to_string(random.below(5)));
      }
      if (random.below(4) == 0) {
        request.trace_ids = {{0, 1 + random.below(14)}, {0, 1 + random.below(14)}};
      }
      expect_same(request);
    }
    EXPECT_EQ(head.services(), reference.services());
    EXPECT_EQ(head.operations("service1"), reference.operations("service1"));
    EXPECT_EQ(head.totals().span_count, reference.totals().span_count);
    EXPECT_EQ(head.totals().trace_count, reference.totals().trace_count);
    EXPECT_EQ(head.totals().time, reference.totals().time);
  }
}

TEST_F(HeadTest, PagesGiveEachTraceOnceInTheSameOrder) {
  Random random(3);
  for (int i = 0; i < 20; ++i) {
    append_random(random, 30);
  }
  ScanRequest whole;
  whole.trace_count_max = 1000;
  const ScanPage all = scan(head, whole);
  EXPECT_FALSE(all.next);
  for (const std::size_t size : {1, 3, 5}) {
    std::vector<model::TraceId> paged;
    ScanRequest request;
    request.trace_count_max = size;
    do {
      const ScanPage page = scan(head, request);
      EXPECT_LE(page.traces.size(), size);
      for (const Trace& trace : page.traces) {
        paged.push_back(trace.id);
      }
      request.after = page.next;
    } while (request.after);
    ASSERT_EQ(paged.size(), all.traces.size());
    for (std::size_t i = 0; i < paged.size(); ++i) {
      EXPECT_EQ(paged[i], all.traces[i].id);
    }
  }
}

TEST_F(HeadTest, GivesIdenticalReportsOnceAndDifferingOnesBoth) {
  for (int i = 0; i < 3; ++i) {
    append([](BatchBuilder& batch) { batch.service("a").span(1, 1, 0, "same", 10, 20); });
  }
  append([](BatchBuilder& batch) { batch.service("a").span(1, 1, 0, "other", 10, 20); });
  const ScanPage page = scan(head, {});
  ASSERT_EQ(page.traces.size(), 1U);
  EXPECT_EQ(page.traces[0].spans.size(), 2U);
}

TEST_F(HeadTest, LateSpansJoinTheirTrace) {
  append([](BatchBuilder& batch) { batch.service("a").span(1, 2, 1, "child", 50, 60); });
  append([](BatchBuilder& batch) { batch.service("a").span(2, 1, 0, "younger", 70, 80); });
  append([](BatchBuilder& batch) { batch.service("a").span(1, 1, 0, "root", 5, 90); });
  const ScanPage page = scan(head, {});
  ASSERT_EQ(page.traces.size(), 2U);
  EXPECT_EQ(page.traces[1].spans.size(), 2U);
  EXPECT_EQ(page.traces[1].start, 5U);
}

TEST_F(HeadTest, HoldsATraceOfManySpans) {
  append([](BatchBuilder& batch) {
    batch.service("a");
    for (std::uint64_t i = 1; i <= 100'000; ++i) {
      batch.span(1, i, i - 1, "step", i, i + 1);
    }
  });
  const ScanPage page = scan(head, {});
  ASSERT_EQ(page.traces.size(), 1U);
  EXPECT_EQ(page.traces[0].spans.size(), 100'000U);
}

TEST_F(HeadTest, AnswersOutliveTheHead) {
  std::optional<Trace> trace;
  {
    Head short_lived(options, clock);
    BatchBuilder batch;
    batch.service("a").span(1, 1, 0, "kept", 1, 2);
    short_lived.append_replayed(batch.take());
    trace = scan(short_lived, {}).traces.at(0);
  }
  EXPECT_EQ(trace->spans.at(0)->name, "kept");
}

TEST_F(HeadTest, EndsAtTheDeadlineAndSaysWhereToGoOn) {
  append([](BatchBuilder& batch) {
    batch.service("a");
    for (std::uint64_t i = 1; i <= 200; ++i) {
      batch.span(i, 1, 0, "x", i, i + 1);
    }
  });
  ScanRequest request;
  request.trace_count_max = 1000;
  request.deadline = clock.steady() - std::chrono::nanoseconds(1);
  const ScanPage page = scan(head, request);
  EXPECT_FALSE(page.complete);
  ASSERT_TRUE(page.next);
  EXPECT_GT(page.traces.size(), 0U);
  EXPECT_LT(page.traces.size(), 200U);
}

TEST_F(HeadTest, StopsWhenItsClientIsGone) {
  append([](BatchBuilder& batch) { batch.service("a").span(1, 1, 0, "x", 1, 2); });
  std::stop_source gone;
  gone.request_stop();
  ScanRequest request;
  request.cancelled = gone.get_token();
  EXPECT_EQ(head.scan(request).error().code, ErrorCode::Cancelled);
}

TEST_F(HeadTest, RefusesAtItsBoundAndTakesAgainWhenRoomIsGivenBack) {
  BatchBuilder builder;
  builder.service("a").span(1, 1, 0, "x", 1, 2);
  const model::SpanBatch batch = builder.take();
  Head probe(options, clock);
  const std::size_t room = probe.reserve(batch)->size_bytes();
  HeadOptions small;
  small.size_bytes_max = 2 * room;
  Head bounded(small, clock);
  {
    const auto first = bounded.reserve(batch);
    const auto second = bounded.reserve(batch);
    EXPECT_TRUE(first);
    EXPECT_TRUE(second);
    const auto third = bounded.reserve(batch);
    ASSERT_FALSE(third);
    EXPECT_EQ(third.error().code, ErrorCode::Unavailable);
  }
  EXPECT_TRUE(bounded.reserve(batch));
}

TEST_F(HeadTest, CountsNamesBeyondItsBoundTogether) {
  HeadOptions few;
  few.operation_count_max = 3;
  Head bounded(few, clock);
  BatchBuilder batch;
  batch.service("a");
  for (std::uint64_t i = 1; i <= 10; ++i) {
    batch.span(1, i, 0, "name" + std::to_string(i), 1, 2);
  }
  bounded.append_replayed(batch.take());
  const auto operations = bounded.operations("a");
  ASSERT_EQ(operations.size(), 4U);
  EXPECT_EQ(operations[0].name, "__overflow__");
  EXPECT_EQ(operations[0].span_count, 7U);
  EXPECT_EQ(bounded.services().at(0).span_count, 10U);
}

}  // namespace
}  // namespace waybill::storage
