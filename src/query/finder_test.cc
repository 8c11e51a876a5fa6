// SPDX-License-Identifier: Apache-2.0
#include "query/finder.h"

#include <gtest/gtest.h>
#include <chrono>
#include <cstdint>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/time.h"
#include "storage/scan.h"
#include "storage/testing/batch_builder.h"
#include "storage/testing/plain_list.h"

namespace waybill::query {
namespace {

// Takes `step` for each look.
class SteppingClock final : public Clock {
 public:
  UnixNanos now() const override { return 0; }
  std::chrono::nanoseconds steady() const override { return steady_ += step; }

  std::chrono::nanoseconds step{0};

 private:
  mutable std::chrono::nanoseconds steady_{0};
};

class FinderTest : public testing::Test {
 protected:
  FinderTest() {
    storage::BatchBuilder batch;
    for (std::uint64_t id = 1; id <= 5; ++id) {
      batch.service("web").span(id, 1, 0, "GET", id * 100, id * 100 + 50);
      batch.span(id, 2, 1, "inside", id * 100 + 1, id * 100 + 40);
      batch.service("cart").span(id, 3, 2, "get", id * 100 + 2, id * 100 + 30);
      batch.span(id, 4, 2, "put", id * 100 + 2, id * 100 + 30);
    }
    list_.append(batch.take());
  }

  SteppingClock clock_;
  storage::PlainList list_{clock_};
  Finder finder_{list_, clock_, {.budget = std::chrono::seconds(1)}};
};

TEST_F(FinderTest, SaysThatATraceIsNotKnown) {
  const auto trace = finder_.find_trace({0, 77}, {});
  EXPECT_EQ(trace.error().code, ErrorCode::NotFound);
  EXPECT_EQ(trace.error().message, "trace 0000000000000000000000000000004d is not known");
}

TEST_F(FinderTest, GivesAWholeTrace) {
  EXPECT_EQ(finder_.find_trace({0, 3}, {}).value().spans.size(), 4U);
}

TEST_F(FinderTest, CountsCallsBetweenServicesOnly) {
  const Dependencies found = finder_.find_dependencies({200, 400}, {}).value();
  EXPECT_TRUE(found.complete);
  EXPECT_EQ(found.edges, (std::vector<Dependency>{{"web", "cart", 4}}));
}

TEST_F(FinderTest, SaysWhenDependenciesPassTheirLimit) {
  const Finder limited(list_, clock_, {.dependency_trace_count_max = 5});
  EXPECT_TRUE(limited.find_dependencies({}, {}).value().complete);
  clock_.step = std::chrono::seconds(1);
  const Dependencies found = finder_.find_dependencies({}, {}).value();
  EXPECT_FALSE(found.complete);
  EXPECT_EQ(found.edges, (std::vector<Dependency>{{"web", "cart", 2}}));
}

TEST_F(FinderTest, EndsAPageAtItsDeadlineAndGoesOn) {
  clock_.step = std::chrono::seconds(1);
  storage::ScanRequest request;
  request.trace_count_max = 5;
  const storage::ScanPage page = finder_.search(request).value();
  EXPECT_FALSE(page.complete);
  EXPECT_EQ(page.traces.size(), 1U);
  ASSERT_TRUE(page.next.has_value());
  EXPECT_EQ(page.next.value_or(storage::ScanCursor{}).place.start, 500U);
}

TEST_F(FinderTest, CollectsPagesUpToTheLimit) {
  storage::ScanRequest request;
  request.trace_count_max = 3;
  EXPECT_EQ(finder_.search_all(request).value().traces.size(), 3U);
  request.trace_count_max = 50;
  EXPECT_EQ(finder_.search_all(request).value().traces.size(), 5U);
}

}  // namespace
}  // namespace waybill::query
