// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <deque>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/metrics.h"
#include "base/mutex.h"

namespace waybill::query {

struct QueryPoolOptions {
  int thread_count = 4;
  std::size_t queue_count_max = 128;  // questions that wait; more are refused
};

// A piece of work, run once.
class QueryTask {
 public:
  virtual ~QueryTask() = default;
  virtual void run() = 0;
};

// Threads that answer questions, so that those which carry bytes never wait for an answer. The
// queue is bounded: what does not fit is refused, and counted in `waybill_query_refused_total`. Any
// thread. Tasks that still wait when the pool is destroyed are destroyed without being run.
class QueryPool final {
 public:
  // Borrows the clock (for metrics) and the registry.
  QueryPool(QueryPoolOptions options, const Clock& clock, MetricRegistry& metrics);
  ~QueryPool();
  QueryPool(const QueryPool&) = delete;
  QueryPool& operator=(const QueryPool&) = delete;

  // Takes the task and runs it soon, or gives false and leaves it where it is.
  bool submit(std::unique_ptr<QueryTask>& task);

 private:
  void work();
  std::unique_ptr<QueryTask> next();

  const QueryPoolOptions options_;
  const Clock& clock_;
  Counter& refused_;
  LatencyHistogram& latency_;
  Mutex mutex_;
  Condition changed_;
  std::deque<std::unique_ptr<QueryTask>> queue_ GUARDED_BY(mutex_);
  bool stopping_ GUARDED_BY(mutex_) = false;
  std::vector<std::jthread> threads_;
};

}  // namespace waybill::query
