// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "base/mutex.h"

namespace waybill {

// A number that only grows. Any thread. Relaxed order: a reader needs each count, not an order
// between counts.
class Counter final {
 public:
  void add(std::uint64_t n = 1) { value_.fetch_add(n, std::memory_order_relaxed); }
  std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

// Latencies in buckets of powers of two from 16 µs to 8.4 s and above. Any thread; relaxed as
// Counter is.
class LatencyHistogram final {
 public:
  static constexpr int kBucketCount = 20;

  void observe(std::int64_t nanos);
  std::uint64_t bucket(int index) const {
    return buckets_[static_cast<std::size_t>(index)].value();
  }
  std::uint64_t sum_nanos() const { return sum_nanos_.value(); }
  // Upper bound of a bucket in seconds.
  static double bound_seconds(int index);

 private:
  std::array<Counter, kBucketCount + 1> buckets_;
  Counter sum_nanos_;
};

struct MetricLabel {
  std::string_view name;
  std::string_view value;
};

// The program's own metrics, printed in the Prometheus text format
// (https://prometheus.io/docs/instrumenting/exposition_formats/). Owns what it hands out, for its
// whole life. Any thread; register at construction time, not on the hot path. Registering the same
// name and labels again gives the same metric.
class MetricRegistry final {
 public:
  // Names are Prometheus names; counters end in `_total`, durations in `_seconds`, sizes in
  // `_bytes`.
  Counter& counter(std::string_view name, std::string_view help,
                   const std::vector<MetricLabel>& labels = {});
  LatencyHistogram& latency(std::string_view name, std::string_view help,
                            const std::vector<MetricLabel>& labels = {});
  // `read` is called at each scrape, from the scraping thread; it must be quick and outlive the
  // registry's scrapes.
  void gauge(std::string_view name, std::string_view help, const std::vector<MetricLabel>& labels,
             std::function<double()> read);

  std::string print() const;

 private:
  enum class Kind : std::uint8_t { Counter, Latency, Gauge };
  struct Metric {
    Kind kind;
    std::string name;
    std::string help;
    std::string labels;  // as printed: a="b",c="d"
    Counter counter;
    LatencyHistogram latency;
    std::function<double()> read;
  };

  Metric& find_or_add(Kind kind, std::string_view name, std::string_view help,
                      const std::vector<MetricLabel>& labels) REQUIRES(mutex_);

  mutable Mutex mutex_;
  std::deque<Metric> metrics_ GUARDED_BY(mutex_);
};

}  // namespace waybill
