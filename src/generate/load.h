// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "compress/decompress.h"
#include "generate/generator.h"
#include "net/http.h"

namespace waybill::generate {

// Counts of durations, exact to 1/16 of their value, from 1 µs to hours. One thread at a time.
class LatencyCounts final {
 public:
  void add(std::chrono::nanoseconds latency);
  std::uint64_t count() const { return count_; }
  // The duration that this share of the counted ones does not pass (0.5 is the median); zero where
  // none was counted. Requires: 0 <= share <= 1.
  std::chrono::nanoseconds quantile(double share) const;

 private:
  static constexpr std::size_t kBucketCount = std::size_t{16} * 44;

  std::array<std::uint64_t, kBucketCount> buckets_{};
  std::uint64_t count_ = 0;
};

enum class Transport : std::uint8_t { Grpc, Http };

// As fast as the server takes them, or each request when its time (EncodedRequest::ready_at) has
// come by the wall clock: for that the generator's start is to be about now.
enum class Pace : std::uint8_t { AsFastAsTaken, ByTheClock };

struct LoadOptions {
  Transport transport = Transport::Grpc;
  std::string host = "127.0.0.1";
  std::uint16_t port = 4317;
  std::string http_path = "/v1/traces";
  std::vector<net::Header> headers;  // names in lower case
  compress::Encoding encoding = compress::Encoding::Identity;
  int compress_level = 1;
  // Requests sent and not yet answered, those that wait to be sent again included. HTTP sends one
  // at a time.
  std::size_t in_flight_max = 16;
  std::chrono::milliseconds request_timeout{10'000};
  // Times that a request is sent in all before its spans count as lost.
  int attempt_count_max = 8;
  // Doubled after each attempt, half of it at random; the server's own delay comes first.
  std::chrono::milliseconds backoff_first{50};
  std::chrono::milliseconds backoff_max{5'000};
  // The load gives up when it has waited so long for a server to take or refuse a request; zero:
  // never.
  std::chrono::nanoseconds silence_max{0};
  Pace pace = Pace::AsFastAsTaken;
  std::uint64_t jitter_seed = 1;
};

// acked + refused + lost is sent.
struct LoadTotals {
  std::uint64_t requests = 0;
  std::uint64_t spans_sent = 0;
  std::uint64_t spans_acked = 0;
  std::uint64_t spans_refused = 0;  // the server said so: partial success, or an error not to retry
  // No answer, or "later", until the attempts were used up or the load gave up.
  std::uint64_t spans_lost = 0;
  std::uint64_t retries = 0;
  std::uint64_t bytes_raw = 0;
  std::uint64_t bytes_sent = 0;  // after compression, attempts counted each
  LatencyCounts latencies;       // of attempts that were answered with success
  std::chrono::nanoseconds elapsed{};
  bool gave_up = false;  // after LoadOptions::silence_max; what was not sent by then is not counted
  std::string last_error;  // what the server or the transport said last; empty: nothing
};

// Sends everything that the generator gives out. A stop request makes it send what is under way and
// end. `progress` is called now and then, about every tenth of a second, on the caller's thread.
//
// Error: InvalidArgument for limits that are not positive. A server that refuses or is away is no
// error: the totals tell.
Result<LoadTotals> run_load(Generator& generator, const LoadOptions& options, const Clock& clock,
                            const std::stop_token& stop,
                            const std::function<void(const LoadTotals&)>& progress = nullptr);

}  // namespace waybill::generate
