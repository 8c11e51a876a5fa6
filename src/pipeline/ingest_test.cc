// SPDX-License-Identifier: Apache-2.0
#include "pipeline/ingest.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>
#include "base/clock.h"
#include "base/error.h"
#include "base/result.h"
#include "base/time.h"
#include "model/span.h"
#include "model/span_batch.h"
#include "storage/log/log.h"
#include "storage/span_writer.h"

namespace waybill::pipeline {
namespace {

class StoppedClock final : public Clock {
 public:
  UnixNanos now() const override { return 0; }
  std::chrono::nanoseconds steady() const override { return std::chrono::nanoseconds(0); }
};

// A log that answers when it is told to.
class ManualLog final : public storage::Log {
 public:
  void append(storage::LogRecord record, Done done) override {
    bodies.push_back(*record.body);
    waiting.push_back(std::move(done));
  }
  std::uint64_t next_position() const override { return bodies.size() + 1; }
  void retire_before(std::uint64_t) override {}
  void close() override {}
  std::uint64_t size_bytes() const override { return 0; }

  void answer(const Result<void>& result) {
    const std::vector<Done> ready = std::exchange(waiting, {});
    for (const Done& done : ready) {
      done(result ? Result<std::uint64_t>(++position) : Result<std::uint64_t>(result.error()));
    }
  }

  std::vector<std::string> bodies;
  std::vector<Done> waiting;
  std::uint64_t position = 0;
};

class CountingStore final : public storage::SpanWriter {
 public:
  Result<storage::Reservation> reserve(const model::SpanBatch&) override {
    if (full) {
      return unavailable("full");
    }
    ++reserved;
    return storage::Reservation(1, [this](std::size_t) { --reserved; });
  }
  void append(model::SpanBatch batch, storage::Reservation room,
              const storage::Receipt& receipt) override {
    room.use();
    spans += batch.spans().size();
    last_receipt = receipt;
  }
  void append_replayed(model::SpanBatch, const storage::Receipt&) override {}

  bool full = false;
  int reserved = 0;
  std::size_t spans = 0;
  storage::Receipt last_receipt;
};

class IngestTest : public testing::Test {
 protected:
  void submit(std::string body) {
    auto shared = std::make_shared<const std::string>(std::move(body));
    model::SpanBatch batch(shared);
    batch.add(model::Span{});
    storage::LogRecord record;
    record.body = shared;
    ingest.submit(std::move(record), std::move(batch),
                  [this](Result<void> result) { answers.push_back(std::move(result)); });
  }

  std::uint64_t refused(std::string_view reason) {
    return metrics.counter("waybill_refused_requests_total", "", {{"reason", reason}}).value();
  }

  StoppedClock clock;
  MetricRegistry metrics;
  ManualLog log;
  CountingStore store;
  Ingest ingest{store, log, clock, metrics};
  std::vector<Result<void>> answers;
};

TEST_F(IngestTest, AnswersOnlyWhenTheLogHasTheRequestAndTheStoreHasItsSpans) {
  submit("one");
  EXPECT_TRUE(answers.empty());
  EXPECT_EQ(store.spans, 0U);
  log.answer({});
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_TRUE(answers[0]);
  EXPECT_EQ(store.spans, 1U);
  EXPECT_EQ(log.bodies, std::vector<std::string>{"one"});
}

TEST_F(IngestTest, StoresNothingThatTheLogRefusedAndGivesTheRoomBack) {
  submit("one");
  EXPECT_EQ(store.reserved, 1);
  log.answer(resource_exhausted("disk full"));
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(answers[0].error().code, ErrorCode::ResourceExhausted);
  EXPECT_EQ(store.spans, 0U);
  EXPECT_EQ(store.reserved, 0);
  EXPECT_EQ(refused("log_failed"), 1U);
}

TEST_F(IngestTest, RefusesBeforeTheLogWhenTheStoreIsFull) {
  store.full = true;
  submit("one");
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(answers[0].error().code, ErrorCode::Unavailable);
  EXPECT_TRUE(log.bodies.empty());
  EXPECT_EQ(refused("store_full"), 1U);
}

TEST_F(IngestTest, AcknowledgesARequestWithoutSpansAtOnce) {
  ingest.submit({}, model::SpanBatch(),
                [this](Result<void> result) { answers.push_back(std::move(result)); });
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_TRUE(answers[0]);
  EXPECT_TRUE(log.bodies.empty());
}

TEST_F(IngestTest, DrainTellsWhetherAnythingIsLeft) {
  EXPECT_TRUE(ingest.drain(std::chrono::nanoseconds(0)));
  submit("one");
  EXPECT_FALSE(ingest.drain(std::chrono::nanoseconds(0)));
  log.answer({});
  EXPECT_TRUE(ingest.drain(std::chrono::nanoseconds(0)));
}

}  // namespace
}  // namespace waybill::pipeline
