// SPDX-License-Identifier: Apache-2.0
#include "generate/exporter.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/bytes.h"
#include "base/check.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/result.h"
#include "base/text.h"
#include "compress/decompress.h"
#include "generate/load.h"
#include "net/client/grpc_client.h"
#include "net/client/http_client.h"
#include "net/http.h"
#include "wire/protobuf/proto_cursor.h"

namespace waybill::generate {
namespace {

constexpr std::string_view kExportMethod =
    "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
constexpr std::uint64_t kRetryAfterSecondsMax = 3600;

class GrpcExporter final : public Exporter {
 public:
  GrpcExporter(const LoadOptions& options, const Clock& clock)
      : encoding_(compress::encoding_name(options.encoding)),
        headers_(options.headers),
        client_(make_options(options), clock) {}

  void start(const std::string& body, Done done) override {
    net::GrpcCall call;
    call.path = kExportMethod;
    call.message = body;
    call.encoding = encoding_;
    call.headers = headers_;
    // The client takes as many calls as the load has in flight, so it never refuses one.
    const auto started = client_.start(
        std::move(call),
        [ended = std::move(done)](const net::GrpcReply& reply) { ended(read(reply)); });
    CHECK(started.has_value());
  }
  std::size_t in_flight() const override { return client_.in_flight(); }
  void run(std::chrono::milliseconds patience) override { client_.run(patience); }

 private:
  static net::GrpcClientOptions make_options(const LoadOptions& options) {
    net::GrpcClientOptions made;
    made.host = options.host;
    made.port = options.port;
    made.call_timeout = options.request_timeout;
    made.in_flight_max = options.in_flight_max;
    return made;
  }

  static ExportOutcome read(const net::GrpcReply& reply) {
    if (reply.code == 0) {
      return read_export_response(reply.message);
    }
    ExportOutcome outcome;
    outcome.kind = is_retryable_grpc(reply.code, reply.retry_after.has_value())
                       ? ExportOutcome::Kind::TryLater
                       : ExportOutcome::Kind::Refused;
    outcome.retry_after = reply.retry_after;
    outcome.message = fmt::format("{}: {}", error_code_name(static_cast<ErrorCode>(reply.code)),
                                  reply.error_message);
    return outcome;
  }

  const std::string encoding_;
  const std::vector<net::Header> headers_;
  net::GrpcClient client_;
};

class HttpExporter final : public Exporter {
 public:
  explicit HttpExporter(const LoadOptions& options) : client_(make_options(options)) {
    request_.method = "POST";
    request_.target = options.http_path;
    request_.headers = options.headers;
    request_.headers.push_back({"content-type", "application/x-protobuf"});
    if (options.encoding != compress::Encoding::Identity) {
      request_.headers.push_back(
          {"content-encoding", std::string(compress::encoding_name(options.encoding))});
    }
  }

  void start(const std::string& body, Done done) override {
    waiting_.push_back({body, std::move(done)});
  }
  std::size_t in_flight() const override { return waiting_.size(); }
  void run(std::chrono::milliseconds /*patience*/) override {
    if (waiting_.empty()) {
      return;
    }
    Waiting next = std::move(waiting_.front());
    waiting_.pop_front();
    request_.body = std::move(next.body);
    next.done(read(client_.send(request_)));
  }

 private:
  struct Waiting {
    std::string body;
    Done done;
  };

  static net::HttpClientOptions make_options(const LoadOptions& options) {
    net::HttpClientOptions made;
    made.host = options.host;
    made.port = options.port;
    made.request_timeout = options.request_timeout;
    made.response_bytes_max = std::size_t{4} << 20;
    return made;
  }

  static ExportOutcome read(const Result<net::ClientResponse>& answer) {
    ExportOutcome outcome;
    if (!answer) {
      const bool may_pass = answer.error().code == ErrorCode::Unavailable ||
                            answer.error().code == ErrorCode::DeadlineExceeded;
      outcome.kind = may_pass ? ExportOutcome::Kind::TryLater : ExportOutcome::Kind::Refused;
      outcome.message = answer.error().message;
      return outcome;
    }
    if (answer->status >= 200 && answer->status < 300) {
      return read_export_response(answer->body);
    }
    outcome.kind = is_retryable_http(answer->status) ? ExportOutcome::Kind::TryLater
                                                     : ExportOutcome::Kind::Refused;
    outcome.message = fmt::format("http status {}", answer->status);
    if (const auto seconds = parse_uint64(answer->header("retry-after"))) {
      outcome.retry_after = std::chrono::seconds(std::min(*seconds, kRetryAfterSecondsMax));
    }
    return outcome;
  }

  net::HttpClient client_;
  net::ClientRequest request_;
  std::deque<Waiting> waiting_;
};

}  // namespace

bool is_retryable_grpc(int code, bool has_delay) {
  switch (static_cast<ErrorCode>(code)) {
    case ErrorCode::Cancelled:
    case ErrorCode::DeadlineExceeded:
    case ErrorCode::Aborted:
    case ErrorCode::OutOfRange:
    case ErrorCode::Unavailable:
    case ErrorCode::DataLoss:
      return true;
    case ErrorCode::ResourceExhausted:
      return has_delay;
    default:
      return false;
  }
}

bool is_retryable_http(int status) {
  return status == 429 || status == 502 || status == 503 || status == 504;
}

// ExportTraceServiceResponse { partial_success = 1 { rejected_spans = 1, error_message = 2 } }
ExportOutcome read_export_response(std::string_view bytes) {
  using wire::proto_tag;
  using wire::WireType;
  ExportOutcome outcome;
  wire::ProtoCursor response(as_bytes(bytes));
  while (!response.at_end()) {
    const std::uint32_t tag = response.read_tag();
    if (tag != proto_tag(1, WireType::Length)) {
      response.skip(tag);
      continue;
    }
    wire::ProtoCursor partial(response.read_bytes());
    while (!partial.at_end()) {
      const std::uint32_t inner = partial.read_tag();
      if (inner == proto_tag(1, WireType::Varint)) {
        outcome.refused_spans = partial.read_varint();
      } else if (inner == proto_tag(2, WireType::Length)) {
        outcome.message = as_text(partial.read_bytes());
      } else {
        partial.skip(inner);
      }
    }
  }
  return outcome;
}

std::unique_ptr<Exporter> make_exporter(const LoadOptions& options, const Clock& clock) {
  if (options.transport == Transport::Http) {
    return std::make_unique<HttpExporter>(options);
  }
  return std::make_unique<GrpcExporter>(options, clock);
}

}  // namespace waybill::generate
