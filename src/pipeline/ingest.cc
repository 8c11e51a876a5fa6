// SPDX-License-Identifier: Apache-2.0
#include "pipeline/ingest.h"

#include <cstdint>
#include <memory>
#include <utility>
#include "base/clock.h"
#include "base/metrics.h"
#include "base/mutex.h"
#include "model/span_batch.h"
#include "storage/log/log.h"
#include "storage/span_writer.h"

namespace waybill::pipeline {
namespace {

// What a submission carries to the log's thread. Shared, because callbacks must be copyable.
struct Pending {
  model::SpanBatch batch;
  storage::Reservation room;
  Ingest::Done done;
};

}  // namespace

Ingest::Ingest(storage::SpanWriter& store, storage::Log& log, const Clock& clock,
               MetricRegistry& metrics)
    : store_(store),
      log_(log),
      clock_(clock),
      stored_spans_(metrics.counter("waybill_stored_spans_total",
                                    "Spans that were acknowledged and can be asked for.")),
      store_full_(metrics.counter("waybill_refused_requests_total",
                                  "Requests that were refused, by reason.",
                                  {{"reason", "store_full"}})),
      log_failed_(metrics.counter("waybill_refused_requests_total",
                                  "Requests that were refused, by reason.",
                                  {{"reason", "log_failed"}})),
      dropped_spans_(metrics.counter("waybill_dropped_spans_total",
                                     "Spans that were acknowledged and are lost. Always zero.")),
      acknowledge_latency_(
          metrics.latency("waybill_acknowledge_seconds",
                          "From a decoded request to its acknowledgement, log included.")) {}

void Ingest::submit(storage::LogRecord record, model::SpanBatch batch, Done done) {
  if (batch.is_empty()) {
    done({});
    return;
  }
  auto room = store_.reserve(batch);
  if (!room) {
    store_full_.add();
    done(std::move(room).error());
    return;
  }
  {
    const MutexLock lock(mutex_);
    ++in_progress_;
  }
  const std::int64_t started = clock_.steady().count();
  const std::uint64_t span_count = batch.spans().size();
  auto pending = std::make_shared<Pending>(
      Pending{std::move(batch), std::move(room).value(), std::move(done)});
  const UnixNanos received_at = record.received_at;
  log_.append(std::move(record), [this, pending, started, span_count,
                                  received_at](Result<std::uint64_t> logged) {
    Result<void> result;
    if (logged) {
      store_.append(std::move(pending->batch), std::move(pending->room), {*logged, received_at});
    } else {
      result = std::move(logged).error();
    }
    finish(started, span_count, result);
    pending->done(std::move(result));
  });
}

void Ingest::finish(std::int64_t started, std::uint64_t span_count, const Result<void>& result) {
  if (result) {
    stored_spans_.add(span_count);
    acknowledge_latency_.observe(clock_.steady().count() - started);
  } else {
    log_failed_.add();
  }
  const MutexLock lock(mutex_);
  if (--in_progress_ == 0) {
    idle_.notify_all();
  }
}

bool Ingest::drain(std::chrono::nanoseconds patience) {
  const std::chrono::nanoseconds deadline = clock_.steady() + patience;
  const MutexLock lock(mutex_);
  while (in_progress_ > 0) {
    const std::chrono::nanoseconds left = deadline - clock_.steady();
    if (left <= std::chrono::nanoseconds(0) || !idle_.wait_for(mutex_, left)) {
      return in_progress_ == 0;
    }
  }
  return true;
}

}  // namespace waybill::pipeline
