// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <stop_token>
#include <string_view>
#include <thread>
#include <utility>

#include "base/clock.h"
#include "base/metrics.h"
#include "base/mutex.h"
#include "net/http.h"
#include "net/http_server.h"
#include "net/io_threads.h"

namespace waybill::net::testing {

// How long a test waits for something that is sure to come before it fails.
inline constexpr std::chrono::seconds kPatience{10};

// A clock that stands still until it is moved. Any thread.
class ManualClock final : public Clock {
 public:
  UnixNanos now() const override { return kStart + static_cast<UnixNanos>(steady().count()); }
  std::chrono::nanoseconds steady() const override {
    return std::chrono::nanoseconds(nanos_.load(std::memory_order_relaxed));
  }
  // Relaxed: the loops see it at some later tick, and nothing else depends on it.
  void advance(std::chrono::nanoseconds step) {
    nanos_.fetch_add(step.count(), std::memory_order_relaxed);
  }

 private:
  static constexpr UnixNanos kStart = 784'111'777'000'000'000;  // 1994-11-06T08:49:37Z
  std::atomic<std::int64_t> nanos_{0};
};

// Moves a clock on by a second again and again while it lives, for tests of a timeout whose start
// they can not see.
class ClockMover final {
 public:
  explicit ClockMover(ManualClock& clock)
      : thread_([&clock](const std::stop_token& stop) {
          while (!stop.stop_requested()) {
            clock.advance(std::chrono::seconds(1));
            std::this_thread::yield();
          }
        }) {}

 private:
  std::jthread thread_;
};

// Keeps what it is asked until the test answers, or answers itself: "METHOD path?query:size".
class FakeHandler final : public HttpHandler {
 public:
  struct Asked {
    Request request;
    Responder responder;
  };

  void handle(Request request, Responder responder) override;

  // From now on requests wait to be taken.
  void hold();
  // Waits for the next held request. Fails the program after kPatience.
  Asked take();
  int handled_count() const;

 private:
  mutable Mutex mutex_;
  Condition arrived_;
  bool is_holding_ GUARDED_BY(mutex_) = false;
  int handled_count_ GUARDED_BY(mutex_) = 0;
  std::deque<Asked> held_ GUARDED_BY(mutex_);
};

// A server on a free port with what it needs around it.
struct ServerFixture {
  // `thread_count` loops whose timeouts are looked at every 2 ms.
  explicit ServerFixture(HttpServerOptions options = {}, int thread_count = 2);

  std::uint16_t port() const { return server->port(); }
  // Value of a metric as printed: metric("waybill_x_total", "reason=\"y\""); 0 where it is absent.
  double metric(std::string_view name, std::string_view label) const;
  // Waits until the metric has that value. False after kPatience.
  bool wait_for_metric(std::string_view name, std::string_view label, double value) const;

  ManualClock clock;
  MetricRegistry metrics;
  FakeHandler handler;
  std::unique_ptr<IoThreads> threads;
  std::unique_ptr<HttpServer> server;
};

}  // namespace waybill::net::testing
