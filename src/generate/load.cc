// SPDX-License-Identifier: Apache-2.0
#include "generate/load.h"

#include <algorithm>
#include <bit>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/mutex.h"
#include "base/random.h"
#include "base/result.h"
#include "base/time.h"
#include "compress/decompress.h"
#include "generate/exporter.h"
#include "generate/generator.h"

namespace waybill::generate {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;

constexpr milliseconds kTurn{100};

// Waits without working; a stop request ends it.
class Pause final {
 public:
  explicit Pause(const std::stop_token& stop)
      : callback_(stop, [this] {
          const MutexLock lock(mutex_);
          is_over_ = true;
          condition_.notify_all();
        }) {}

  void wait(nanoseconds time) {
    const MutexLock lock(mutex_);
    if (!is_over_ && time > nanoseconds(0)) {
      condition_.wait_for(mutex_, time);
    }
  }

 private:
  Mutex mutex_;
  Condition condition_;
  bool is_over_ GUARDED_BY(mutex_) = false;
  std::stop_callback<std::function<void()>> callback_;
};

// A request from the generator to its last answer.
struct Delivery {
  std::string body;
  std::uint32_t span_count = 0;
  int attempts = 0;
  nanoseconds started{};
  nanoseconds due{};  // when it is to be sent again
};

class Load final {
 public:
  Load(Generator& generator, const LoadOptions& options, const Clock& clock,
       const std::stop_token& stop)
      : generator_(generator),
        options_(options),
        clock_(clock),
        stop_(stop),
        pause_(stop),
        jitter_(options.jitter_seed),
        exporter_(make_exporter(options, clock)) {}

  LoadTotals run(const std::function<void(const LoadTotals&)>& progress) {
    const nanoseconds begin = clock_.steady();
    nanoseconds last_progress = begin;
    next_ = generator_.next_request();
    while (next_ || is_waiting()) {
      if (is_silent_too_long()) {
        give_up();
        break;
      }
      if (stop_.stop_requested()) {
        generator_.stop();
      }
      start_retries();
      start_new();
      wait();
      totals_.elapsed = clock_.steady() - begin;
      if (progress && clock_.steady() - last_progress >= kTurn) {
        last_progress = clock_.steady();
        progress(totals_);
      }
    }
    totals_.elapsed = clock_.steady() - begin;
    return std::move(totals_);
  }

 private:
  // Whether requests were sent and not yet taken or refused.
  bool is_waiting() const { return exporter_->in_flight() != 0 || !retries_.empty(); }

  bool is_silent_too_long() const {
    return options_.silence_max.count() > 0 && is_waiting() &&
           clock_.steady() - waiting_since_ >= options_.silence_max;
  }

  void give_up() {
    totals_.gave_up = true;
    totals_.spans_lost = totals_.spans_sent - totals_.spans_acked - totals_.spans_refused;
  }

  bool has_room() const {
    return exporter_->in_flight() + retries_.size() < options_.in_flight_max;
  }

  // How long until the next request may be sent; a stopped load waits for nothing.
  nanoseconds until_next() const {
    if (options_.pace == Pace::AsFastAsTaken || stop_.stop_requested()) {
      return nanoseconds(0);
    }
    const UnixNanos now = clock_.now();
    return nanoseconds(next_->ready_at > now ? next_->ready_at - now : 0);
  }

  void start_new() {
    while (next_ && has_room() && until_next() == nanoseconds(0)) {
      if (!is_waiting()) {
        waiting_since_ = clock_.steady();
      }
      auto delivery = std::make_unique<Delivery>();
      delivery->span_count = next_->span_count;
      ++totals_.requests;
      totals_.spans_sent += next_->span_count;
      totals_.bytes_raw += next_->bytes.size();
      delivery->body =
          options_.encoding == compress::Encoding::Identity
              ? std::move(next_->bytes)
              : compress::compress(options_.encoding, next_->bytes, options_.compress_level);
      attempt(std::move(delivery));
      next_ = generator_.next_request();
    }
  }

  void start_retries() {
    const nanoseconds now = clock_.steady();
    std::vector<std::unique_ptr<Delivery>> due;
    for (auto& delivery : retries_) {
      if (delivery->due <= now) {
        due.push_back(std::move(delivery));
      }
    }
    std::erase(retries_, nullptr);
    for (auto& delivery : due) {
      ++totals_.retries;
      attempt(std::move(delivery));
    }
  }

  void attempt(std::unique_ptr<Delivery> delivery) {
    ++delivery->attempts;
    delivery->started = clock_.steady();
    totals_.bytes_sent += delivery->body.size();
    // std::function wants to be copied, so the delivery is shared with nobody but its callback.
    const std::shared_ptr<Delivery> held = std::move(delivery);
    exporter_->start(held->body, [this, held](ExportOutcome outcome) { finish(*held, outcome); });
  }

  void finish(Delivery& delivery, ExportOutcome& outcome) {
    if (!outcome.message.empty()) {
      totals_.last_error = std::move(outcome.message);
    }
    if (outcome.kind != ExportOutcome::Kind::TryLater) {
      waiting_since_ = clock_.steady();
    }
    switch (outcome.kind) {
      case ExportOutcome::Kind::Accepted: {
        const std::uint64_t refused =
            std::min<std::uint64_t>(outcome.refused_spans, delivery.span_count);
        totals_.spans_refused += refused;
        totals_.spans_acked += delivery.span_count - refused;
        totals_.latencies.add(clock_.steady() - delivery.started);
        return;
      }
      case ExportOutcome::Kind::Refused:
        totals_.spans_refused += delivery.span_count;
        return;
      case ExportOutcome::Kind::TryLater:
        break;
    }
    if (delivery.attempts >= options_.attempt_count_max) {
      totals_.spans_lost += delivery.span_count;
      return;
    }
    delivery.due = clock_.steady() + outcome.retry_after.value_or(draw_backoff(delivery.attempts));
    retries_.push_back(std::make_unique<Delivery>(std::move(delivery)));
  }

  milliseconds draw_backoff(int attempts) {
    const auto first = static_cast<std::uint64_t>(options_.backoff_first.count());
    const auto most = static_cast<std::uint64_t>(options_.backoff_max.count());
    const std::uint64_t whole = std::min(most, first << std::min(attempts - 1, 20));
    return milliseconds(whole / 2 + jitter_.below(whole / 2 + 1));
  }

  // Lets the transport work, or waits for what comes next.
  void wait() {
    nanoseconds patience = kTurn;
    for (const auto& delivery : retries_) {
      patience = std::min(patience, delivery->due - clock_.steady());
    }
    if (next_ && has_room()) {
      patience = std::min(patience, until_next());
    }
    patience = std::max(patience, nanoseconds(0));
    if (exporter_->in_flight() != 0) {
      exporter_->run(std::chrono::ceil<milliseconds>(patience));
    } else if (stop_.stop_requested()) {
      // Waits for retries only; the stop request has ended all other waiting.
      const std::stop_token never;
      Pause(never).wait(patience);
    } else {
      pause_.wait(patience);
    }
  }

  Generator& generator_;
  const LoadOptions& options_;
  const Clock& clock_;
  const std::stop_token stop_;
  Pause pause_;
  Random jitter_;
  LoadTotals totals_;
  nanoseconds waiting_since_{};  // when the server last took or refused a request
  std::optional<EncodedRequest> next_;
  std::vector<std::unique_ptr<Delivery>> retries_;
  std::unique_ptr<Exporter> exporter_;
};

}  // namespace

// Sixteen buckets for each power of two of microseconds; the first sixteen are a microsecond each.
void LatencyCounts::add(std::chrono::nanoseconds latency) {
  const auto micros = static_cast<std::uint64_t>(std::max<std::int64_t>(0, latency.count()) / 1000);
  std::size_t index = micros;
  if (micros >= 16) {
    const auto power = static_cast<std::size_t>(std::bit_width(micros)) - 5;
    index = (power + 1) * 16 + ((micros >> power) & 15);
  }
  ++buckets_[std::min(index, kBucketCount - 1)];
  ++count_;
}

std::chrono::nanoseconds LatencyCounts::quantile(double share) const {
  if (count_ == 0) {
    return std::chrono::nanoseconds(0);
  }
  const auto wanted =
      std::max<std::uint64_t>(1, static_cast<std::uint64_t>(share * static_cast<double>(count_)));
  std::uint64_t passed = 0;
  std::size_t index = 0;
  while (index + 1 < kBucketCount && passed + buckets_[index] < wanted) {
    passed += buckets_[index];
    ++index;
  }
  // The upper end of the bucket.
  const std::size_t power = index < 16 ? 0 : index / 16 - 1;
  const std::uint64_t base = index < 16 ? index : 16 + index % 16;
  return std::chrono::microseconds(((base + 1) << power) - 1);
}

Result<LoadTotals> run_load(Generator& generator, const LoadOptions& options, const Clock& clock,
                            const std::stop_token& stop,
                            const std::function<void(const LoadTotals&)>& progress) {
  if (options.in_flight_max == 0 || options.attempt_count_max < 1) {
    return invalid_argument("a load needs at least one request in flight and one attempt");
  }
  if (options.request_timeout.count() <= 0 || options.backoff_first.count() <= 0 ||
      options.backoff_max.count() <= 0) {
    return invalid_argument("timeout and backoff of a load must be above zero");
  }
  return Load(generator, options, clock, stop).run(progress);
}

}  // namespace waybill::generate
