// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nghttp2/nghttp2.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <stop_token>
#include <string_view>
#include <vector>

#include "net/http.h"
#include "net/server/inflight_bytes.h"
#include "net/server/refusal.h"

namespace waybill::net {

// One request of an HTTP/2 connection and its answer. A plain record: the session alone works on
// it.
struct Http2Stream {
  enum class Phase : std::uint8_t {
    Receiving,
    Awaiting,  // the handler has it
    Sending,
  };

  std::int32_t id = 0;
  Phase phase = Phase::Receiving;
  bool is_grpc = false;
  bool has_authority = false;
  bool has_headers = false;  // all of them: what comes later is trailers
  bool is_remote_ended = false;

  Request request;
  std::size_t header_bytes = 0;
  int header_count = 0;
  std::size_t announced_bytes = 0;  // of the body; zero: unknown
  std::optional<Refusal> refusal;   // found while headers still arrive
  InflightCharge charge;
  std::stop_source cancel{std::nostopstate};

  Response response;
  std::string_view unsent_body;
  std::chrono::nanoseconds since{0};  // start of the body, or the last progress of sending
};

// Headers as nghttp2 takes them, borrowed from the response: it copies nothing, so the response
// has to stay until the stream is closed.
std::vector<nghttp2_nv> borrow_headers(const std::vector<Header>& headers);
nghttp2_nv borrow_header(std::string_view name, std::string_view value);

}  // namespace waybill::net
