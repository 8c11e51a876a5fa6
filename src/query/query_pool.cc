// SPDX-License-Identifier: Apache-2.0
#include "query/query_pool.h"
#include <memory>
#include <utility>
#include "base/clock.h"
#include "base/metrics.h"
#include "base/mutex.h"

namespace waybill::query {

QueryPool::QueryPool(QueryPoolOptions options, const Clock& clock, MetricRegistry& metrics)
    : options_(options),
      clock_(clock),
      refused_(metrics.counter("waybill_query_refused_total",
                               "Questions refused because too many were waiting.")),
      latency_(metrics.latency("waybill_query_seconds", "Time to answer a question.")) {
  for (int i = 0; i < options_.thread_count; ++i) {
    threads_.emplace_back([this] { work(); });
  }
}

QueryPool::~QueryPool() {
  {
    const MutexLock lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
}

bool QueryPool::submit(std::unique_ptr<QueryTask>& task) {
  {
    const MutexLock lock(mutex_);
    if (stopping_ || queue_.size() >= options_.queue_count_max) {
      refused_.add();
      return false;
    }
    queue_.push_back(std::move(task));
  }
  changed_.notify_one();
  return true;
}

std::unique_ptr<QueryTask> QueryPool::next() {
  const MutexLock lock(mutex_);
  while (queue_.empty() && !stopping_) {
    changed_.wait(mutex_);
  }
  if (stopping_) {
    return nullptr;
  }
  std::unique_ptr<QueryTask> task = std::move(queue_.front());
  queue_.pop_front();
  return task;
}

void QueryPool::work() {
  while (std::unique_ptr<QueryTask> task = next()) {
    const auto begin = clock_.steady();
    task->run();
    task.reset();
    latency_.observe((clock_.steady() - begin).count());
  }
}

}  // namespace waybill::query
