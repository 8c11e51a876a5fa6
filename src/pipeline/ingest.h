// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>

#include "base/clock.h"
#include "base/metrics.h"
#include "base/mutex.h"
#include "base/result.h"
#include "model/span_batch.h"
#include "storage/log/log.h"
#include "storage/span_writer.h"

namespace waybill::pipeline {

// What stands between receiving and storing: a request is given room, logged, stored and then
// acknowledged.
//
// The order is the promise: room first (a full store refuses before anything is written), the log
// next (what is acknowledged survives), the store last (what can be asked for is in the log). A
// span is never dropped in between: each submission ends in `done` with success, or with an error
// that tells the sender to try again. Any thread.
class Ingest final {
 public:
  // Called once, from the log's thread; must not block.
  using Done = std::function<void(Result<void>)>;

  Ingest(storage::SpanWriter& store, storage::Log& log, const Clock& clock,
         MetricRegistry& metrics);

  // Takes one decoded request. Errors given to `done`: Unavailable (store full, log queue full,
  // shutting down) and ResourceExhausted (disk full): both mean that nothing was kept and that the
  // sender should try again later.
  void submit(storage::LogRecord record, model::SpanBatch batch, Done done);

  // Waits until every submission so far has ended, or `patience` has passed; false then.
  bool drain(std::chrono::nanoseconds patience);

 private:
  void finish(std::int64_t started, std::uint64_t span_count, const Result<void>& result);

  storage::SpanWriter& store_;
  storage::Log& log_;
  const Clock& clock_;
  Counter& stored_spans_;
  Counter& store_full_;
  Counter& log_failed_;
  Counter& dropped_spans_;
  LatencyHistogram& acknowledge_latency_;
  Mutex mutex_;
  Condition idle_;
  std::uint64_t in_progress_ GUARDED_BY(mutex_) = 0;
};

}  // namespace waybill::pipeline
