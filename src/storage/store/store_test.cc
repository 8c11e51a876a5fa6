// SPDX-License-Identifier: Apache-2.0
#include "storage/store/store.h"

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
#include "storage/testing/print_page.h"

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

// Everything that an answer says, as text; where it goes on is each reader's own.
std::string print(const ScanPage& page) {
  return print_traces(page) + (page.next ? "next" : "end") + (page.complete ? "" : " incomplete");
}

// A store in memory, and the reference with the same spans.
class StoreTest : public testing::Test {
 protected:
  void append(const std::function<void(BatchBuilder&)>& fill) {
    for (SpanWriter* writer : {static_cast<SpanWriter*>(&store)}) {
      BatchBuilder builder;
      fill(builder);
      model::SpanBatch batch = builder.take();
      auto room = writer->reserve(batch);
      ASSERT_TRUE(room) << room.error().message;
      writer->append(std::move(batch), std::move(room).value(), {});
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
    EXPECT_EQ(print(scan(store, request)), print(scan(reference, request)));
  }

  StoreOptions options;
  os::ManualClock clock;
  Store store{options, clock};
  PlainList reference{clock};
};

TEST_F(StoreTest, AnswersAsThePlainListDoesOnRandomSpans) {
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
    EXPECT_EQ(store.services(), reference.services());
    EXPECT_EQ(store.operations("service1"), reference.operations("service1"));
    EXPECT_EQ(store.totals().span_count, reference.totals().span_count);
    EXPECT_EQ(store.totals().trace_count, reference.totals().trace_count);
    EXPECT_EQ(store.totals().time, reference.totals().time);
  }
}

TEST_F(StoreTest, PagesGiveEachTraceOnceInTheSameOrder) {
  Random random(3);
  for (int i = 0; i < 20; ++i) {
    append_random(random, 30);
  }
  ScanRequest whole;
  whole.trace_count_max = 1000;
  const ScanPage all = scan(store, whole);
  EXPECT_FALSE(all.next);
  for (const std::size_t size : {1, 3, 5}) {
    std::vector<model::TraceId> paged;
    ScanRequest request;
    request.trace_count_max = size;
    do {
      const ScanPage page = scan(store, request);
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

TEST_F(StoreTest, GivesIdenticalReportsOnceAndDifferingOnesBoth) {
  for (int i = 0; i < 3; ++i) {
    append([](BatchBuilder& batch) { batch.service("a").span(1, 1, 0, "same", 10, 20); });
  }
  append([](BatchBuilder& batch) { batch.service("a").span(1, 1, 0, "other", 10, 20); });
  const ScanPage page = scan(store, {});
  ASSERT_EQ(page.traces.size(), 1U);
  EXPECT_EQ(page.traces[0].spans.size(), 2U);
}

TEST_F(StoreTest, LateSpansJoinTheirTrace) {
  append([](BatchBuilder& batch) { batch.service("a").span(1, 2, 1, "child", 50, 60); });
  append([](BatchBuilder& batch) { batch.service("a").span(2, 1, 0, "younger", 70, 80); });
  append([](BatchBuilder& batch) { batch.service("a").span(1, 1, 0, "root", 5, 90); });
  const ScanPage page = scan(store, {});
  ASSERT_EQ(page.traces.size(), 2U);
  EXPECT_EQ(page.traces[1].spans.size(), 2U);
  EXPECT_EQ(page.traces[1].start, 5U);
}

TEST_F(StoreTest, HoldsATraceOfManySpans) {
  append([](BatchBuilder& batch) {
    batch.service("a");
    for (std::uint64_t i = 1; i <= 100'000; ++i) {
      batch.span(1, i, i - 1, "step", i, i + 1);
    }
  });
  const ScanPage page = scan(store, {});
  ASSERT_EQ(page.traces.size(), 1U);
  EXPECT_EQ(page.traces[0].spans.size(), 100'000U);
}

TEST_F(StoreTest, AnswersOutliveTheStore) {
  std::optional<Trace> trace;
  {
    Store short_lived(options, clock);
    BatchBuilder batch;
    batch.service("a").span(1, 1, 0, "kept", 1, 2);
    short_lived.append_replayed(batch.take(), {});
    trace = scan(short_lived, {}).traces.at(0);
  }
  EXPECT_EQ(trace->spans.at(0)->name, "kept");
}

TEST_F(StoreTest, EndsAtTheDeadlineAndSaysWhereToGoOn) {
  append([](BatchBuilder& batch) {
    batch.service("a");
    for (std::uint64_t i = 1; i <= 200; ++i) {
      batch.span(i, 1, 0, "x", i, i + 1);
    }
  });
  ScanRequest request;
  request.trace_count_max = 1000;
  request.deadline = clock.steady() - std::chrono::nanoseconds(1);
  const ScanPage page = scan(store, request);
  EXPECT_FALSE(page.complete);
  ASSERT_TRUE(page.next);
  EXPECT_GT(page.traces.size(), 0U);
  EXPECT_LT(page.traces.size(), 200U);
}

TEST_F(StoreTest, StopsWhenItsClientIsGone) {
  append([](BatchBuilder& batch) { batch.service("a").span(1, 1, 0, "x", 1, 2); });
  std::stop_source gone;
  gone.request_stop();
  ScanRequest request;
  request.cancelled = gone.get_token();
  EXPECT_EQ(store.scan(request).error().code, ErrorCode::Cancelled);
}

TEST_F(StoreTest, RefusesAtItsBoundAndTakesAgainWhenRoomIsGivenBack) {
  BatchBuilder builder;
  builder.service("a").span(1, 1, 0, "x", 1, 2);
  const model::SpanBatch batch = builder.take();
  const std::size_t room = store.reserve(batch)->size_bytes();
  StoreOptions small;
  small.memory_bytes_max = 2 * room;
  Store bounded(small, clock);
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

TEST_F(StoreTest, CountsNamesBeyondItsBoundTogether) {
  StoreOptions few;
  few.head.operation_count_max = 3;
  Store bounded(few, clock);
  BatchBuilder batch;
  batch.service("a");
  for (std::uint64_t i = 1; i <= 10; ++i) {
    batch.span(1, i, 0, "name" + std::to_string(i), 1, 2);
  }
  bounded.append_replayed(batch.take(), {});
  const auto operations = bounded.operations("a");
  ASSERT_EQ(operations.size(), 4U);
  EXPECT_EQ(operations[0].name, "__overflow__");
  EXPECT_EQ(operations[0].span_count, 7U);
  EXPECT_EQ(bounded.services().at(0).span_count, 10U);
}

}  // namespace
}  // namespace waybill::storage
