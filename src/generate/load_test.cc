// SPDX-License-Identifier: Apache-2.0
#include "generate/load.h"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/metrics.h"
#include "base/mutex.h"
#include "compress/decompress.h"
#include "generate/exporter.h"
#include "generate/generator.h"
#include "generate/options.h"
#include "net/grpc.h"
#include "net/http.h"
#include "net/http_server.h"
#include "net/io_threads.h"
#include "os/system_clock.h"
#include "os/testing/manual_clock.h"
#include "wire/otlp/otlp.h"

namespace waybill::generate {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// What a collector does with the n-th export, counted from one.
using Answer = std::function<net::Response(int number, const std::string& body)>;

net::Response accept(int /*number*/, const std::string& /*body*/) { return net::grpc_answer(""); }

// Takes exports, keeps what it answered well, and answers as it is told.
class ToyCollector final : public net::HttpHandler {
 public:
  explicit ToyCollector(Answer answer)
      : answer_(std::move(answer)), clock_(os::make_system_clock()), threads_(*clock_) {
    auto opened = net::HttpServer::open({}, threads_, *this, metrics_);
    EXPECT_TRUE(opened.has_value());
    server_ = std::move(opened).value();
  }

  void handle(net::Request request, net::Responder responder) override {
    const MutexLock lock(mutex_);
    ++number_;
    seen_path_ = request.path;
    seen_encoding_ = net::is_grpc(request) ? std::string(request.header("grpc-encoding"))
                                           : std::string(request.header("content-encoding"));
    std::string body = std::move(request.body);
    if (net::is_grpc(request)) {
      request.body = std::move(body);
      auto message = net::take_unary_message(request);
      ASSERT_TRUE(message.has_value());
      body = std::move(message->bytes);
    }
    std::move(responder).send(answer_(number_, body));
  }

  LoadOptions options() const {
    LoadOptions made;
    made.port = server_->port();
    made.backoff_first = milliseconds(1);
    made.backoff_max = milliseconds(2);
    return made;
  }
  const Clock& clock() const { return *clock_; }
  std::string seen_path() {
    const MutexLock lock(mutex_);
    return seen_path_;
  }
  std::string seen_encoding() {
    const MutexLock lock(mutex_);
    return seen_encoding_;
  }

 private:
  const Answer answer_;
  const std::unique_ptr<Clock> clock_;
  Mutex mutex_;
  int number_ GUARDED_BY(mutex_) = 0;
  std::string seen_path_ GUARDED_BY(mutex_);
  std::string seen_encoding_ GUARDED_BY(mutex_);
  MetricRegistry metrics_;
  net::IoThreads threads_;
  std::unique_ptr<net::HttpServer> server_;
};

std::unique_ptr<Generator> make_generator(std::uint64_t span_count) {
  GeneratorOptions options;
  options.span_count = span_count;
  options.request_span_count = 50;
  options.export_delay_nanos = 0;
  return std::move(Generator::make(options)).value();
}

LoadTotals load(ToyCollector& collector, const LoadOptions& options, std::uint64_t spans = 2000) {
  const auto generator = make_generator(spans);
  auto totals = run_load(*generator, options, collector.clock(), {});
  EXPECT_TRUE(totals.has_value());
  EXPECT_EQ(totals->spans_sent, generator->ground_truth().spans);
  EXPECT_EQ(totals->spans_acked + totals->spans_refused + totals->spans_lost, totals->spans_sent);
  return std::move(totals).value();
}

// A load that may end before everything is sent, by a clock of its own.
LoadTotals load_part(const LoadOptions& options, const Clock& clock) {
  const auto generator = make_generator(2000);
  auto totals = run_load(*generator, options, clock, {});
  EXPECT_TRUE(totals.has_value());
  EXPECT_EQ(totals->spans_acked + totals->spans_refused + totals->spans_lost, totals->spans_sent);
  return std::move(totals).value();
}

TEST(RunLoad, DeliversEverySpanOverGrpc) {
  std::uint64_t arrived = 0;
  ToyCollector collector([&](int, const std::string& body) {
    const auto decoded = wire::otlp::decode_protobuf(std::make_shared<const std::string>(body));
    EXPECT_TRUE(decoded.has_value());
    arrived += decoded->batch.spans().size();
    return net::grpc_answer("");
  });
  const LoadTotals totals = load(collector, collector.options());
  EXPECT_EQ(totals.spans_acked, 2000U);
  EXPECT_EQ(totals.retries, 0U);
  EXPECT_EQ(totals.latencies.count(), totals.requests);
  EXPECT_EQ(totals.bytes_sent, totals.bytes_raw);
  EXPECT_EQ(arrived, 2000U);
  EXPECT_EQ(collector.seen_path(), "/opentelemetry.proto.collector.trace.v1.TraceService/Export");
}

TEST(RunLoad, DeliversEverySpanOverHttp) {
  ToyCollector collector([](int, const std::string&) { return net::Response(); });
  LoadOptions options = collector.options();
  options.transport = Transport::Http;
  EXPECT_EQ(load(collector, options).spans_acked, 2000U);
  EXPECT_EQ(collector.seen_path(), "/v1/traces");
}

TEST(RunLoad, CompressesWhenAsked) {
  for (const Transport transport : {Transport::Grpc, Transport::Http}) {
    std::uint64_t arrived = 0;
    ToyCollector collector([&](int, const std::string& body) {
      auto text = compress::decompress(compress::Encoding::Gzip, body);
      EXPECT_TRUE(text.has_value());
      arrived += text->size();
      return transport == Transport::Grpc ? net::grpc_answer("") : net::Response();
    });
    LoadOptions options = collector.options();
    options.transport = transport;
    options.encoding = compress::Encoding::Gzip;
    const LoadTotals totals = load(collector, options);
    EXPECT_EQ(arrived, totals.bytes_raw);
    EXPECT_LT(totals.bytes_sent * 3, totals.bytes_raw);
    EXPECT_EQ(collector.seen_encoding(), "gzip");
  }
}

TEST(RunLoad, SendsAgainWhatTheServerPutsOff) {
  ToyCollector collector([](int number, const std::string& body) {
    return number <= 3 ? net::grpc_error(unavailable("later")) : accept(number, body);
  });
  const LoadTotals totals = load(collector, collector.options());
  EXPECT_EQ(totals.spans_acked, 2000U);
  EXPECT_EQ(totals.retries, 3U);
  EXPECT_EQ(totals.last_error, "unavailable: later");
}

TEST(RunLoad, CountsAsLostWhatIsPutOffUntilTheLastAttempt) {
  ToyCollector collector(
      [](int, const std::string&) { return net::grpc_error(unavailable("never")); });
  LoadOptions options = collector.options();
  options.attempt_count_max = 2;
  const LoadTotals totals = load(collector, options);
  EXPECT_EQ(totals.spans_lost, 2000U);
  EXPECT_EQ(totals.retries, totals.requests);
}

TEST(RunLoad, DoesNotSendAgainWhatIsRefused) {
  ToyCollector collector(
      [](int, const std::string&) { return net::grpc_error(invalid_argument("bad")); });
  const LoadTotals totals = load(collector, collector.options());
  EXPECT_EQ(totals.spans_refused, 2000U);
  EXPECT_EQ(totals.retries, 0U);
}

TEST(RunLoad, CountsPartialSuccess) {
  ToyCollector collector([](int, const std::string&) {
    return net::grpc_answer(wire::otlp::encode_response_protobuf(1, "one was bad"));
  });
  const LoadTotals totals = load(collector, collector.options());
  EXPECT_EQ(totals.spans_refused, totals.requests);
  EXPECT_EQ(totals.last_error, "one was bad");
}

TEST(RunLoad, HonoursTheDelayOfHttp) {
  ToyCollector collector([](int number, const std::string&) {
    net::Response response;
    if (number == 1) {
      response.status = 429;
      response.headers.push_back({"retry-after", "0"});
    }
    return response;
  });
  LoadOptions options = collector.options();
  options.transport = Transport::Http;
  options.backoff_first = milliseconds(60'000);
  options.backoff_max = milliseconds(60'000);
  EXPECT_EQ(load(collector, options).retries, 1U);
}

TEST(RunLoad, DrainsWhenStopped) {
  ToyCollector collector(accept);
  std::stop_source stop;
  stop.request_stop();
  const auto generator = std::move(Generator::make(GeneratorOptions{})).value();  // without an end
  const auto totals =
      run_load(*generator, collector.options(), collector.clock(), stop.get_token());
  ASSERT_TRUE(totals.has_value());
  EXPECT_EQ(totals->spans_acked, generator->ground_truth().spans);
}

// Over HTTP, which sends one request at a time, to a server that wants it again at once: only the
// server's answers move the clock.
LoadOptions patient_options(const ToyCollector& collector) {
  LoadOptions options = collector.options();
  options.transport = Transport::Http;
  options.attempt_count_max = INT32_MAX;
  options.silence_max = seconds(10);
  return options;
}

net::Response later() {
  net::Response response;
  response.status = 503;
  response.headers.push_back({"retry-after", "0"});
  return response;
}

TEST(RunLoad, GivesUpWhenNothingGetsThrough) {
  os::ManualClock clock;
  ToyCollector collector([&](int, const std::string&) {
    clock.advance(seconds(5));
    return later();
  });
  const LoadTotals totals = load_part(patient_options(collector), clock);
  EXPECT_TRUE(totals.gave_up);
  EXPECT_GT(totals.spans_sent, 0U);
  EXPECT_EQ(totals.spans_lost, totals.spans_sent);
  EXPECT_EQ(totals.elapsed, seconds(10));
  EXPECT_EQ(totals.last_error, "http status 503");
}

TEST(RunLoad, CountsTheSilenceFromTheLastRequestThatGotThrough) {
  os::ManualClock clock;
  ToyCollector collector([&](int number, const std::string&) {
    clock.advance(seconds(9));
    return number % 2 == 0 && number <= 6 ? net::Response() : later();
  });
  const LoadTotals totals = load_part(patient_options(collector), clock);
  EXPECT_TRUE(totals.gave_up);
  EXPECT_EQ(totals.spans_acked, 150U);
  EXPECT_EQ(totals.elapsed, seconds(6 * 9 + 2 * 9));
}

TEST(RunLoad, DoesNotGiveUpWhileSomethingGetsThrough) {
  os::ManualClock clock;
  ToyCollector collector([&](int, const std::string&) {
    clock.advance(seconds(9));
    return net::Response();
  });
  const LoadTotals totals = load_part(patient_options(collector), clock);
  EXPECT_FALSE(totals.gave_up);
  EXPECT_EQ(totals.spans_acked, 2000U);
}

TEST(RunLoad, RefusesLimitsThatAreNotPositive) {
  const auto clock = os::make_system_clock();
  const auto generator = make_generator(10);
  LoadOptions options;
  options.in_flight_max = 0;
  EXPECT_FALSE(run_load(*generator, options, *clock, {}).has_value());
  options = {};
  options.attempt_count_max = 0;
  EXPECT_FALSE(run_load(*generator, options, *clock, {}).has_value());
  options = {};
  options.request_timeout = milliseconds(0);
  EXPECT_FALSE(run_load(*generator, options, *clock, {}).has_value());
}

TEST(ExportOutcome, RetriesTheCodesOfTheSpecification) {
  for (int code = 1; code <= 16; ++code) {
    const bool expected =
        code == 1 || code == 4 || code == 10 || code == 11 || code == 14 || code == 15;
    EXPECT_EQ(is_retryable_grpc(code, false), expected) << code;
    EXPECT_EQ(is_retryable_grpc(code, true), expected || code == 8) << code;
  }
  for (const int status : {400, 401, 404, 413, 500, 501}) {
    EXPECT_FALSE(is_retryable_http(status)) << status;
  }
  for (const int status : {429, 502, 503, 504}) {
    EXPECT_TRUE(is_retryable_http(status)) << status;
  }
}

TEST(LatencyCounts, AreExactToASixteenth) {
  LatencyCounts counts;
  EXPECT_EQ(counts.quantile(0.5).count(), 0);
  for (int micros = 1; micros <= 1000; ++micros) {
    counts.add(std::chrono::microseconds(micros));
  }
  EXPECT_EQ(counts.count(), 1000U);
  EXPECT_NEAR(static_cast<double>(counts.quantile(0.5).count()), 500e3, 32e3);
  EXPECT_NEAR(static_cast<double>(counts.quantile(0.99).count()), 990e3, 62e3);
  EXPECT_NEAR(static_cast<double>(counts.quantile(1).count()), 1000e3, 62e3);
}

TEST(LatencyCounts, KeepNegativeAndEndlessOnesInTheirOuterBuckets) {
  LatencyCounts counts;
  counts.add(std::chrono::nanoseconds(-5));
  EXPECT_EQ(counts.quantile(1).count(), 0);
  counts.add(std::chrono::nanoseconds::max());
  EXPECT_GT(counts.quantile(1), std::chrono::hours(1000));
}

}  // namespace
}  // namespace waybill::generate
