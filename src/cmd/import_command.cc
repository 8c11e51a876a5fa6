// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/result.h"
#include "base/text.h"
#include "cmd/commands.h"
#include "cmd/trace_file.h"
#include "net/client/http_client.h"
#include "os/environment.h"
#include "os/system_clock.h"
#include "os/whole_file.h"
#include "wire/json/json_value.h"
#include "wire/otlp/otlp.h"

namespace waybill::cmd {
namespace {

constexpr std::uint64_t kFileBytesMax = std::uint64_t{8} << 30;
constexpr int kTriesMax = 60;
constexpr std::int64_t kRetrySecondsMax = 30;

struct Totals {
  std::uint64_t files = 0;
  std::uint64_t requests = 0;
  std::uint64_t spans = 0;
  std::uint64_t refused = 0;
  std::uint64_t bytes = 0;
};

// Posts requests to an OTLP/HTTP endpoint, and waits where the server asks to.
class Importer final {
 public:
  explicit Importer(const net::HttpUrl& url, net::HttpClientOptions options)
      : path_(url.target == "/" ? "/v1/traces" : url.target), client_(std::move(options)) {}

  Result<void> import_file(const std::string& path) {
    std::string content = TRY(os::read_whole_file(path, kFileBytesMax));
    const std::vector<TraceFilePart> parts = TRY(split_trace_file(std::move(content)));
    for (std::size_t i = 0; i < parts.size(); ++i) {
      show_progress(path, i, parts.size());
      if (auto sent = send(parts[i]); !sent) {
        return std::move(sent).error().within(fmt::format("line {}", parts[i].line));
      }
    }
    ++totals_.files;
    return {};
  }

  const Totals& totals() const { return totals_; }

 private:
  void show_progress(const std::string& path, std::size_t done, std::size_t all) const {
    if (os::is_terminal() && done % 16 == 0) {
      fmt::print(stderr, "\r\x1b[K{}: {} of {} requests, {} spans so far", path, done, all,
                 totals_.spans);
    }
  }

  Result<void> send(const TraceFilePart& part) {
    // Decoded here too, only to count and to say which line is broken.
    const auto body = std::make_shared<const std::string>(part.body);
    const auto decoded =
        TRY(part.is_json ? wire::otlp::decode_json(body) : wire::otlp::decode_protobuf(body));
    net::ClientRequest request;
    request.method = "POST";
    request.target = path_;
    request.headers = {
        {"content-type", part.is_json ? "application/json" : "application/x-protobuf"}};
    request.body = part.body;
    for (int attempt = 1;; ++attempt) {
      const net::ClientResponse response = TRY(client_.send(request));
      if (response.status == 200) {
        break;
      }
      const bool may_retry = response.status == 429 || response.status == 503;
      if (!may_retry || attempt >= kTriesMax) {
        return refused(response);
      }
      const auto seconds = parse_int64(response.header("retry-after")).value_or(1);
      os::sleep_for(std::chrono::seconds(std::clamp<std::int64_t>(seconds, 1, kRetrySecondsMax)));
    }
    ++totals_.requests;
    totals_.spans += decoded.batch.spans().size();
    totals_.refused += decoded.counts.refused_total();
    totals_.bytes += part.body.size();
    return {};
  }

  static Error refused(const net::ClientResponse& response) {
    const auto body = wire::JsonValue::parse(response.body);
    const auto message = body ? (*body)["message"].text() : std::optional<std::string_view>();
    return unavailable(fmt::format("the server refused the request with status {}{}{}",
                                   response.status, message ? ": " : "", message.value_or("")));
  }

  std::string path_;
  net::HttpClient client_;
  Totals totals_;
};

}  // namespace

int import_files(const ImportOptions& options) {
  const auto url = net::parse_http_url(options.endpoint);
  if (!url) {
    fmt::print(stderr, "waybill import: {}\n", url.error().message);
    return 2;
  }
  net::HttpClientOptions client;
  client.host = url->host;
  client.port = url->port;
  Importer importer(*url, client);
  int failed = 0;
  for (const std::string& path : options.files) {
    const Totals before = importer.totals();
    const auto done = importer.import_file(path);
    const std::string_view clear = os::is_terminal() ? "\r\x1b[K" : "";
    const Totals& now = importer.totals();
    fmt::print(stderr, "{}{}: {} spans in {} requests{}\n", clear, path, now.spans - before.spans,
               now.requests - before.requests,
               now.refused > before.refused
                   ? fmt::format(", {} spans refused", now.refused - before.refused)
                   : "");
    if (!done) {
      fmt::print(stderr, "waybill import: {}: {}\n", path, done.error().message);
      ++failed;
    }
  }
  const Totals& totals = importer.totals();
  fmt::print("{} spans imported from {} of {} files ({}), {} spans refused\n", totals.spans,
             totals.files, options.files.size(), print_size(totals.bytes), totals.refused);
  return failed == 0 ? 0 : 1;
}

}  // namespace waybill::cmd
