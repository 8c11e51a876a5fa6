// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <stop_token>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/result.h"
#include "base/time.h"
#include "cmd/commands.h"
#include "compress/decompress.h"
#include "generate/generator.h"
#include "generate/ground_truth.h"
#include "generate/load.h"
#include "generate/options.h"
#include "model/span.h"
#include "net/client/http_client.h"
#include "os/environment.h"
#include "os/system_clock.h"
#include "os/whole_file.h"
#include "wire/otlp/otlp.h"

namespace waybill::cmd {
namespace {

constexpr std::int64_t kDefaultDurationNanos = 10'000'000'000;
// How dense the traces lie in time when no rate was asked for.
constexpr double kDenseRate = 100'000;

Result<std::int64_t> parse_positive(std::string_view duration) {
  const auto nanos = parse_duration(duration);
  if (!nanos || *nanos <= 0) {
    return invalid_argument(
        fmt::format("'{}' is no duration; write one such as 30s or 5m", duration));
  }
  return *nanos;
}

Result<generate::GeneratorOptions> generator_options(const GenerateOptions& options,
                                                     const Clock& clock) {
  generate::GeneratorOptions made;
  made.seed = options.seed;
  made.span_count = options.span_count;
  made.rate = options.rate > 0 ? options.rate : kDenseRate;
  made.request_span_count = options.request_span_count;
  made.error_share = options.error_share;
  made.late_share = options.late_share;
  made.huge_trace_count = options.huge_trace_count;
  made.huge_trace_span_count = options.huge_trace_span_count;
  if (!options.duration.empty()) {
    made.duration_nanos = TRY(parse_positive(options.duration));
  } else if (options.span_count == 0) {
    made.duration_nanos = kDefaultDurationNanos;
  }
  for (const std::string& fault : options.faults) {
    made.faults.push_back(TRY(generate::parse_fault(fault)));
  }
  if (options.output.empty()) {
    made.start = clock.now();
  }
  return made;
}

void print_totals(const generate::LoadTotals& totals, bool final_line) {
  const auto millis = [&](double share) {
    return print_duration(totals.latencies.quantile(share).count());
  };
  const double seconds = static_cast<double>(totals.elapsed.count()) / 1e9;
  fmt::print(stderr,
             "{}{} spans sent in {:.1f} s, {} acknowledged, {} refused, {} lost, {} retries; "
             "answers p50 {} p99 {}{}",
             final_line || !os::is_terminal() ? "" : "\r\x1b[K", totals.spans_sent, seconds,
             totals.spans_acked, totals.spans_refused, totals.spans_lost, totals.retries,
             millis(0.5), millis(0.99), final_line ? "\n" : "");
}

Result<void> write_truth(const generate::Generator& generator, const std::string& path) {
  if (path.empty()) {
    return {};
  }
  os::FileWriter file(path);
  file.write(generate::print_ground_truth(generator.shop(), generator.options(),
                                          generator.ground_truth()));
  return file.finish();
}

Result<void> write_file(generate::Generator& generator, const std::string& path) {
  const bool gzip = path.ends_with(".gz");
  const std::string_view plain = std::string_view(path).substr(0, path.size() - (gzip ? 3 : 0));
  const bool json = plain.ends_with(".jsonl");
  if (!json && !plain.ends_with(".pb")) {
    return invalid_argument("--output must end in .jsonl, .jsonl.gz, .pb or .pb.gz");
  }
  os::FileWriter file(path);
  std::uint64_t spans = 0;
  while (auto request = generator.next_request()) {
    spans += request->span_count;
    std::string text = std::move(request->bytes);
    if (json) {
      const auto decoded =
          TRY(wire::otlp::decode_protobuf(std::make_shared<const std::string>(std::move(text))));
      std::vector<const model::Span*> pointers;
      for (const model::Span& span : decoded.batch.spans()) {
        pointers.push_back(&span);
      }
      text.clear();
      wire::otlp::encode_json(pointers, text);
      text += '\n';
    }
    // Members of a gzip file follow one another, so each request is compressed by itself.
    file.write(gzip ? compress::compress(compress::Encoding::Gzip, text) : text);
  }
  TRY(file.finish());
  fmt::print(stderr, "{} spans written to {}\n", spans, path);
  return {};
}

Result<generate::LoadOptions> load_options(const GenerateOptions& options) {
  // 4317 is gRPC's port; who asks for HTTP and names no address means the HTTP one.
  const bool http = options.protocol == "http";
  const bool is_default = options.endpoint == GenerateOptions().endpoint;
  const net::HttpUrl url =
      TRY(net::parse_http_url(http && is_default ? "http://127.0.0.1:4318" : options.endpoint));
  generate::LoadOptions load;
  load.transport = http ? generate::Transport::Http : generate::Transport::Grpc;
  load.host = url.host;
  load.port = url.port;
  if (url.target != "/") {
    load.http_path = url.target;
  }
  load.encoding =
      compress::parse_encoding(options.compression == "none" ? "identity" : options.compression)
          .value_or(compress::Encoding::Identity);
  load.pace = options.rate > 0 ? generate::Pace::ByTheClock : generate::Pace::AsFastAsTaken;
  load.jitter_seed = options.seed;
  load.silence_max = std::chrono::nanoseconds(TRY(parse_positive(options.timeout)));
  return load;
}

Result<void> run(const GenerateOptions& options) {
  const auto clock = os::make_system_clock();
  generate::GeneratorOptions made = TRY(generator_options(options, *clock));
  const auto generator = TRY(generate::Generator::make(std::move(made)));
  if (!options.output.empty()) {
    TRY(write_file(*generator, options.output));
    return write_truth(*generator, options.truth);
  }
  const generate::LoadOptions load = TRY(load_options(options));
  const generate::LoadTotals totals =
      TRY(generate::run_load(*generator, load, *clock, {}, [](const generate::LoadTotals& so_far) {
        if (os::is_terminal()) {
          print_totals(so_far, false);
        }
      }));
  print_totals(totals, true);
  TRY(write_truth(*generator, options.truth));
  if (totals.gave_up) {
    return unavailable(
        fmt::format("gave up: no span got through to {}:{} for {} ({}); start a server with "
                    "'waybill serve', or name another with --endpoint",
                    load.host, load.port, print_duration(load.silence_max.count()),
                    totals.last_error.empty() ? "no answer" : totals.last_error));
  }
  if (totals.spans_lost > 0 || totals.spans_refused > 0) {
    return unavailable(fmt::format("not everything was taken: {}", totals.last_error));
  }
  return {};
}

}  // namespace

int generate_load(const GenerateOptions& options) {
  if (const auto done = run(options); !done) {
    fmt::print(stderr, "waybill generate: {}\n", done.error().message);
    return done.error().code == ErrorCode::InvalidArgument ? 2 : 1;
  }
  return 0;
}

}  // namespace waybill::cmd
