// SPDX-License-Identifier: Apache-2.0
#include "receive/otlp/otlp_receiver.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/metrics.h"
#include "base/result.h"
#include "base/text.h"
#include "compress/decompress.h"
#include "net/grpc.h"
#include "net/http.h"
#include "pipeline/ingest.h"
#include "storage/log/log.h"
#include "wire/decode_limits.h"
#include "wire/otlp/otlp.h"

namespace waybill::receive {
namespace {

constexpr std::string_view kExportMethod =
    "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
constexpr std::string_view kTracesPath = "/v1/traces";
constexpr std::string_view kProtobufType = "application/x-protobuf";
constexpr std::string_view kJsonType = "application/json";

// "application/json" of "application/json; charset=utf-8".
std::string media_type(std::string_view content_type) {
  return to_lower(trim(content_type.substr(0, content_type.find(';'))));
}

int http_status(ErrorCode code) {
  switch (code) {
    case ErrorCode::InvalidArgument:
      return 400;
    case ErrorCode::Unimplemented:
      return 404;
    case ErrorCode::ResourceExhausted:
      return 413;
    case ErrorCode::Unavailable:
      return 503;
    default:
      return 500;
  }
}

storage::LogEncoding log_encoding(compress::Encoding encoding) {
  switch (encoding) {
    case compress::Encoding::Identity:
      return storage::LogEncoding::Identity;
    case compress::Encoding::Gzip:
      return storage::LogEncoding::Gzip;
    case compress::Encoding::Zstd:
      return storage::LogEncoding::Zstd;
    case compress::Encoding::Deflate:
      return storage::LogEncoding::Deflate;
  }
  return storage::LogEncoding::Identity;
}

}  // namespace

std::string describe_refused(const wire::DecodeCounts& counts) {
  std::string text;
  for (std::size_t i = 0; i < wire::kRefusedSpanCount; ++i) {
    if (counts.refused[i] > 0) {
      text += fmt::format("{}{} {}", text.empty() ? "spans refused: " : ", ", counts.refused[i],
                          wire::refused_span_name(static_cast<wire::RefusedSpan>(i)));
    }
  }
  return text;
}

OtlpReceiver::OtlpReceiver(OtlpReceiverOptions options, pipeline::Ingest& ingest,
                           const Clock& clock, MetricRegistry& metrics)
    : options_(std::move(options)), ingest_(ingest), clock_(clock), metrics_(metrics) {
  constexpr std::array<std::string_view, 3> kProtocols = {"otlp_grpc", "otlp_http_protobuf",
                                                          "otlp_http_json"};
  for (std::size_t i = 0; i < kProtocols.size(); ++i) {
    const std::vector<MetricLabel> labels = {{"protocol", kProtocols[i]}};
    counters_[i].requests =
        &metrics.counter("waybill_received_requests_total", "Requests read whole.", labels);
    counters_[i].spans = &metrics.counter("waybill_received_spans_total",
                                          "Spans in requests that could be read.", labels);
    counters_[i].bytes = &metrics.counter(
        "waybill_received_bytes_total", "Bodies as they came, compressed where they were.", labels);
  }
  for (std::size_t i = 0; i < wire::kRefusedSpanCount; ++i) {
    refused_spans_[i] = &metrics.counter(
        "waybill_refused_spans_total", "Spans left out of requests that were kept.",
        {{"reason", wire::refused_span_name(static_cast<wire::RefusedSpan>(i))}});
  }
  for (std::size_t i = 0; i < wire::kCutCount; ++i) {
    cuts_[i] = &metrics.counter("waybill_cut_total", "Parts of spans that passed a limit.",
                                {{"what", wire::cut_name(static_cast<wire::Cut>(i))}});
  }
}

void OtlpReceiver::handle(net::Request request, net::Responder responder) {
  if (net::is_grpc(request)) {
    handle_grpc(std::move(request), std::move(responder));
  } else {
    handle_http(std::move(request), std::move(responder));
  }
}

void OtlpReceiver::handle_grpc(net::Request request, net::Responder responder) {
  if (request.path != kExportMethod) {
    std::move(responder).send(net::grpc_error(
        {ErrorCode::Unimplemented,
         fmt::format("no method {}; this port takes {}",
                     std::string_view(request.path).substr(0, 200), kExportMethod)}));
    return;
  }
  auto message = net::take_unary_message(request);
  if (!message) {
    count_refused_request("bad_framing");
    std::move(responder).send(net::grpc_error(message.error()));
    return;
  }
  const auto encoding = compress::parse_encoding(message->encoding);
  if (!encoding) {
    count_refused_request("unknown_encoding");
    net::Response response =
        net::grpc_error({ErrorCode::Unimplemented, fmt::format("grpc-encoding {} is not known",
                                                               message->encoding.substr(0, 40))});
    response.headers.push_back({"grpc-accept-encoding", "identity,gzip,zstd,deflate"});
    std::move(responder).send(std::move(response));
    return;
  }
  auto shared = std::make_shared<net::Responder>(std::move(responder));
  take(Protocol::Grpc, *encoding, std::move(message->bytes),
       [this, shared](Result<wire::DecodeCounts> result) {
         if (result) {
           std::move(*shared).send(net::grpc_answer(wire::otlp::encode_response_protobuf(
               result->refused_total(), describe_refused(*result))));
           return;
         }
         // Disk full must be tried again as well, which gRPC clients do only for Unavailable.
         net::GrpcErrorDetails details;
         Error error = std::move(result).error();
         if (error.code == ErrorCode::Unavailable) {
           const auto millis = std::chrono::milliseconds(options_.retry_delay).count();
           details.status_proto =
               wire::otlp::encode_status_protobuf(error, static_cast<std::uint64_t>(millis));
         }
         std::move(*shared).send(net::grpc_error(error, details));
       });
}

void OtlpReceiver::handle_http(net::Request request, net::Responder responder) {
  const auto refuse = [&](std::string_view reason, net::Response response) {
    count_refused_request(reason);
    allow_origin(request, response);
    std::move(responder).send(std::move(response));
  };
  if (request.path != kTracesPath) {
    refuse("unknown_path",
           plain_error(404, fmt::format("no such path; traces are posted to {}", kTracesPath)));
    return;
  }
  if (request.method == "OPTIONS") {
    net::Response response;
    response.status = 204;
    if (allow_origin(request, response)) {
      response.headers.push_back({"access-control-allow-methods", "POST"});
      response.headers.push_back(
          {"access-control-allow-headers", "content-type, content-encoding"});
      response.headers.push_back({"access-control-max-age", "7200"});
    }
    std::move(responder).send(std::move(response));
    return;
  }
  if (request.method != "POST") {
    net::Response response = plain_error(405, "traces are sent with POST");
    response.headers.push_back({"allow", "POST, OPTIONS"});
    refuse("method", std::move(response));
    return;
  }
  const std::string type = media_type(request.header("content-type"));
  if (type != kProtobufType && type != kJsonType && type != "application/protobuf") {
    refuse("content_type",
           plain_error(415, "content-type must be application/x-protobuf or application/json"));
    return;
  }
  const Protocol protocol = type == kJsonType ? Protocol::HttpJson : Protocol::HttpProtobuf;
  const auto encoding = compress::parse_encoding(trim(request.header("content-encoding")));
  if (!encoding) {
    refuse("unknown_encoding",
           http_error(protocol, invalid_argument(
                                    "content-encoding must be identity, gzip, zstd or deflate")));
    return;
  }
  auto shared = std::make_shared<std::pair<net::Responder, net::Request>>(std::move(responder),
                                                                          net::Request{});
  shared->second.headers = std::move(request.headers);
  take(protocol, *encoding, std::move(request.body),
       [this, protocol, shared](Result<wire::DecodeCounts> result) {
         net::Response response =
             result ? http_answer(protocol, *result) : http_error(protocol, result.error());
         allow_origin(shared->second, response);
         std::move(shared->first).send(std::move(response));
       });
}

void OtlpReceiver::take(Protocol protocol, compress::Encoding encoding, std::string body,
                        std::function<void(Result<wire::DecodeCounts>)> answer) {
  Counters& counters = counters_[static_cast<std::size_t>(protocol)];
  counters.requests->add();
  counters.bytes->add(body.size());
  auto received = std::make_shared<const std::string>(std::move(body));
  auto plain = received;
  // A body without bytes is an empty request, whatever the encoding.
  if (encoding != compress::Encoding::Identity && !received->empty()) {
    compress::DecompressLimits limits;
    limits.output_bytes_max = options_.body_bytes_max;
    auto inflated = compress::decompress(encoding, *received, limits);
    if (!inflated) {
      const bool too_large = inflated.error().code == ErrorCode::ResourceExhausted;
      count_refused_request(too_large ? "too_large" : "bad_compression");
      answer(std::move(inflated).error());
      return;
    }
    plain = std::make_shared<const std::string>(std::move(inflated).value());
  }
  if (plain->size() > options_.body_bytes_max) {
    count_refused_request("too_large");
    answer(resource_exhausted(
        fmt::format("the body is larger than {}", print_size(options_.body_bytes_max))));
    return;
  }
  auto decoded = protocol == Protocol::HttpJson
                     ? wire::otlp::decode_json(plain, options_.decode)
                     : wire::otlp::decode_protobuf(plain, options_.decode);
  if (!decoded) {
    count_refused_request("malformed");
    answer(std::move(decoded).error());
    return;
  }
  const wire::DecodeCounts counts = decoded->counts;
  counters.spans->add(decoded->batch.spans().size() + counts.refused_total());
  for (std::size_t i = 0; i < counts.refused.size(); ++i) {
    if (counts.refused[i] > 0) {
      refused_spans_[i]->add(counts.refused[i]);
    }
  }
  for (std::size_t i = 0; i < counts.cut.size(); ++i) {
    if (counts.cut[i] > 0) {
      cuts_[i]->add(counts.cut[i]);
    }
  }
  storage::LogRecord record;
  record.format = protocol == Protocol::HttpJson ? storage::LogFormatCode::OtlpJson
                                                 : storage::LogFormatCode::OtlpProtobuf;
  record.encoding = log_encoding(encoding);
  record.received_at = clock_.now();
  record.body = std::move(received);
  ingest_.submit(std::move(record), std::move(decoded->batch),
                 [counts, answer = std::move(answer)](Result<void> stored) {
                   if (stored) {
                     answer(counts);
                   } else {
                     // A full disk and a full store are both a matter of time: OTLP's retryable
                     // answer.
                     answer(unavailable(std::move(stored.error().message)));
                   }
                 });
}

net::Response OtlpReceiver::http_answer(Protocol protocol, const wire::DecodeCounts& counts) const {
  net::Response response;
  const std::string message = describe_refused(counts);
  if (protocol == Protocol::HttpJson) {
    response.headers.push_back({"content-type", std::string(kJsonType)});
    response.body = wire::otlp::encode_response_json(counts.refused_total(), message);
  } else {
    response.headers.push_back({"content-type", std::string(kProtobufType)});
    response.body = wire::otlp::encode_response_protobuf(counts.refused_total(), message);
  }
  return response;
}

net::Response OtlpReceiver::http_error(Protocol protocol, const Error& error) const {
  net::Response response;
  response.status = http_status(error.code);
  const auto millis = static_cast<std::uint64_t>(
      response.status == 503 ? std::chrono::milliseconds(options_.retry_delay).count() : 0);
  if (millis > 0) {
    response.headers.push_back({"retry-after", std::to_string(options_.retry_delay.count())});
  }
  if (protocol == Protocol::HttpJson) {
    response.headers.push_back({"content-type", std::string(kJsonType)});
    response.body = wire::otlp::encode_status_json(error, millis);
  } else {
    response.headers.push_back({"content-type", std::string(kProtobufType)});
    response.body = wire::otlp::encode_status_protobuf(error, millis);
  }
  return response;
}

net::Response OtlpReceiver::plain_error(int status, std::string text) const {
  net::Response response;
  response.status = status;
  response.headers.push_back({"content-type", "text/plain; charset=utf-8"});
  response.body = std::move(text) + "\n";
  return response;
}

bool OtlpReceiver::allow_origin(const net::Request& request, net::Response& response) const {
  const std::string_view origin = request.header("origin");
  if (origin.empty() || std::find(options_.cors_origins.begin(), options_.cors_origins.end(),
                                  origin) == options_.cors_origins.end()) {
    return false;
  }
  response.headers.push_back({"access-control-allow-origin", std::string(origin)});
  response.headers.push_back({"vary", "origin"});
  return true;
}

void OtlpReceiver::count_refused_request(std::string_view reason) const {
  metrics_
      .counter("waybill_refused_requests_total", "Requests that were refused, by reason.",
               {{"reason", reason}})
      .add();
}

}  // namespace waybill::receive
