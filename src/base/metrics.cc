// SPDX-License-Identifier: Apache-2.0
#include "base/metrics.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/mutex.h"
#include "base/text.h"

namespace waybill {
namespace {

// The first bucket ends at 2^14 ns, about 16 µs.
constexpr int kFirstBucketBits = 14;

std::string print_labels(const std::vector<MetricLabel>& labels) {
  std::string out;
  for (const MetricLabel& label : labels) {
    if (!out.empty()) {
      out += ',';
    }
    out += label.name;
    out += "=\"";
    for (const char c : label.value) {
      if (c == '\n') {
        out += "\\n";
        continue;
      }
      if (c == '"' || c == '\\') {
        out += '\\';
      }
      out += c;
    }
    out += '"';
  }
  return out;
}

std::string number_text(double value) {
  std::string out;
  append_double(out, value);
  return out;
}

std::string braces(std::string_view labels, std::string_view extra = {}) {
  if (labels.empty() && extra.empty()) {
    return {};
  }
  return fmt::format("{{{}{}{}}}", labels, labels.empty() || extra.empty() ? "" : ",", extra);
}

void append_latency(std::string& out, std::string_view name, std::string_view labels,
                    const LatencyHistogram& latency) {
  std::uint64_t total = 0;
  for (int i = 0; i < LatencyHistogram::kBucketCount; ++i) {
    total += latency.bucket(i);
    const std::string bound =
        fmt::format("le=\"{}\"", number_text(LatencyHistogram::bound_seconds(i)));
    out += fmt::format("{}_bucket{} {}\n", name, braces(labels, bound), total);
  }
  total += latency.bucket(LatencyHistogram::kBucketCount);
  out += fmt::format("{}_bucket{} {}\n", name, braces(labels, "le=\"+Inf\""), total);
  out += fmt::format("{}_sum{} {}\n", name, braces(labels),
                     number_text(static_cast<double>(latency.sum_nanos()) / 1e9));
  out += fmt::format("{}_count{} {}\n", name, braces(labels), total);
}

}  // namespace

void LatencyHistogram::observe(std::int64_t nanos) {
  const std::uint64_t value = nanos < 0 ? 0 : static_cast<std::uint64_t>(nanos);
  const int bits = static_cast<int>(std::bit_width(value));
  const int index = std::clamp(bits - kFirstBucketBits, 0, kBucketCount);
  buckets_[static_cast<std::size_t>(index)].add();
  sum_nanos_.add(value);
}

double LatencyHistogram::bound_seconds(int index) {
  return static_cast<double>(std::uint64_t{1} << (kFirstBucketBits + index)) / 1e9;
}

MetricRegistry::Metric& MetricRegistry::find_or_add(Kind kind, std::string_view name,
                                                    std::string_view help,
                                                    const std::vector<MetricLabel>& labels) {
  std::string printed = print_labels(labels);
  for (Metric& metric : metrics_) {
    if (metric.name == name && metric.labels == printed) {
      CHECK(metric.kind == kind);
      return metric;
    }
  }
  Metric& metric = metrics_.emplace_back();
  metric.kind = kind;
  metric.name = name;
  metric.help = help;
  metric.labels = std::move(printed);
  return metric;
}

Counter& MetricRegistry::counter(std::string_view name, std::string_view help,
                                 const std::vector<MetricLabel>& labels) {
  const MutexLock lock(mutex_);
  return find_or_add(Kind::Counter, name, help, labels).counter;
}

LatencyHistogram& MetricRegistry::latency(std::string_view name, std::string_view help,
                                          const std::vector<MetricLabel>& labels) {
  const MutexLock lock(mutex_);
  return find_or_add(Kind::Latency, name, help, labels).latency;
}

void MetricRegistry::gauge(std::string_view name, std::string_view help,
                           const std::vector<MetricLabel>& labels, std::function<double()> read) {
  const MutexLock lock(mutex_);
  find_or_add(Kind::Gauge, name, help, labels).read = std::move(read);
}

std::string MetricRegistry::print() const {
  const MutexLock lock(mutex_);
  std::map<std::string_view, std::vector<const Metric*>> families;
  for (const Metric& metric : metrics_) {
    families[metric.name].push_back(&metric);
  }
  std::string out;
  for (const auto& [name, members] : families) {
    const Kind kind = members.front()->kind;
    const std::string_view type = kind == Kind::Counter ? "counter"
                                  : kind == Kind::Gauge ? "gauge"
                                                        : "histogram";
    out += fmt::format("# HELP {} {}\n# TYPE {} {}\n", name, members.front()->help, name, type);
    for (const Metric* metric : members) {
      if (kind == Kind::Latency) {
        append_latency(out, name, metric->labels, metric->latency);
      } else {
        const std::string value = kind == Kind::Counter ? std::to_string(metric->counter.value())
                                                        : number_text(metric->read());
        out += fmt::format("{}{} {}\n", name, braces(metric->labels), value);
      }
    }
  }
  return out;
}

}  // namespace waybill
