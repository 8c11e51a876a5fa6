// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/metrics.h"
#include "compress/decompress.h"
#include "net/http.h"
#include "pipeline/ingest.h"
#include "wire/decode_limits.h"

namespace waybill::receive {

struct OtlpReceiverOptions {
  // After decompression.
  std::size_t body_bytes_max = std::size_t{64} << 20;
  wire::DecodeLimits decode;
  // What senders are asked to wait when the store or the disk is full.
  std::chrono::seconds retry_delay{5};
  // Origins of web pages that may post spans from a browser ("https://shop.example"); empty: none.
  std::vector<std::string> cors_origins;
};

// OTLP over gRPC and HTTP (docs/guide/send.md): answers TraceService/Export and POST /v1/traces, on
// whichever port a request comes. Decodes on the caller's thread, answers when the spans are in the
// log. Any thread.
class OtlpReceiver final : public net::HttpHandler {
 public:
  OtlpReceiver(OtlpReceiverOptions options, pipeline::Ingest& ingest, const Clock& clock,
               MetricRegistry& metrics);

  void handle(net::Request request, net::Responder responder) override;

 private:
  enum class Protocol : std::uint8_t { Grpc, HttpProtobuf, HttpJson };
  struct Counters {
    Counter* requests = nullptr;
    Counter* spans = nullptr;
    Counter* bytes = nullptr;
  };

  void handle_grpc(net::Request request, net::Responder responder);
  void handle_http(net::Request request, net::Responder responder);
  // Decompresses, decodes and submits; calls `answer` with how many spans were rejected, or the
  // error.
  void take(Protocol protocol, compress::Encoding encoding, std::string body,
            std::function<void(Result<wire::DecodeCounts>)> answer);
  net::Response http_answer(Protocol protocol, const wire::DecodeCounts& counts) const;
  net::Response http_error(Protocol protocol, const Error& error) const;
  net::Response plain_error(int status, std::string text) const;
  bool allow_origin(const net::Request& request, net::Response& response) const;
  void count_refused_request(std::string_view reason) const;

  OtlpReceiverOptions options_;
  pipeline::Ingest& ingest_;
  const Clock& clock_;
  MetricRegistry& metrics_;
  std::array<Counters, 3> counters_;
  std::array<Counter*, wire::kRefusedSpanCount> refused_spans_{};
  std::array<Counter*, wire::kCutCount> cuts_{};
};

// How many spans were refused and why, as the sender reads it; empty where none was.
std::string describe_refused(const wire::DecodeCounts& counts);

}  // namespace waybill::receive
