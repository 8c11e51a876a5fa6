// SPDX-License-Identifier: Apache-2.0
#include "query/query_pool.h"

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <latch>
#include <memory>
#include <thread>
#include <utility>
#include "base/clock.h"
#include "base/metrics.h"
#include "base/time.h"

namespace waybill::query {
namespace {

class StillClock final : public Clock {
 public:
  UnixNanos now() const override { return 0; }
  std::chrono::nanoseconds steady() const override { return std::chrono::nanoseconds(0); }
};

class Call final : public QueryTask {
 public:
  explicit Call(std::function<void()> body) : body_(std::move(body)) {}
  void run() override { body_(); }

 private:
  std::function<void()> body_;
};

class QueryPoolTest : public testing::Test {
 protected:
  static bool submit(QueryPool& pool, std::function<void()> body) {
    std::unique_ptr<QueryTask> task = std::make_unique<Call>(std::move(body));
    const bool taken = pool.submit(task);
    EXPECT_EQ(taken, task == nullptr) << "what is refused stays with the caller";
    return taken;
  }

  StillClock clock_;
  MetricRegistry metrics_;
};

TEST_F(QueryPoolTest, RefusesWhatPassesItsQueue) {
  QueryPool pool({.thread_count = 1, .queue_count_max = 2}, clock_, metrics_);
  std::latch started(1);
  std::latch release(1);
  std::latch finished(3);
  ASSERT_TRUE(submit(pool, [&] {
    started.count_down();
    release.wait();
    finished.count_down();
  }));
  started.wait();
  EXPECT_TRUE(submit(pool, [&] { finished.count_down(); }));
  EXPECT_TRUE(submit(pool, [&] { finished.count_down(); }));
  EXPECT_FALSE(submit(pool, [] {}));
  EXPECT_NE(metrics_.print().find("waybill_query_refused_total 1"), std::string::npos);
  release.count_down();
  finished.wait();
}

TEST_F(QueryPoolTest, RunsTasksOnAllItsThreads) {
  QueryPool pool({.thread_count = 3, .queue_count_max = 3}, clock_, metrics_);
  // Each waits for the others, so fewer threads would never finish.
  std::latch together(3);
  std::latch finished(3);
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(submit(pool, [&] {
      together.arrive_and_wait();
      finished.count_down();
    }));
  }
  finished.wait();
}

TEST_F(QueryPoolTest, DestroysWhatStillWaitsWithoutRunningIt) {
  const auto held = std::make_shared<int>(0);
  std::latch started(1);
  std::latch release(1);
  {
    QueryPool pool({.thread_count = 1, .queue_count_max = 8}, clock_, metrics_);
    ASSERT_TRUE(submit(pool, [&] {
      started.count_down();
      release.wait();
    }));
    started.wait();
    ASSERT_TRUE(submit(pool, [held] { *held = 1; }));
    // The pool is destroyed while its only thread is held; it must not wait for the second task.
    const std::jthread opener([&] { release.count_down(); });
  }
  EXPECT_EQ(held.use_count(), 1);
}

}  // namespace
}  // namespace waybill::query
