// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "net/http.h"

namespace waybill::net {

struct GrpcClientOptions {
  std::string host = "127.0.0.1";  // name or address
  std::uint16_t port = 4317;
  std::chrono::milliseconds connect_timeout{5'000};
  std::chrono::milliseconds call_timeout{10'000};
  // Calls started and not yet ended; more are refused.
  std::size_t in_flight_max = 256;
  std::size_t response_bytes_max = std::size_t{4} << 20;
  std::size_t header_bytes_max = std::size_t{64} << 10;
};

struct GrpcCall {
  std::string path;     // "/package.Service/Method"
  std::string message;  // encoded, and compressed already where `encoding` says so
  std::string encoding = "identity";
  std::vector<Header> headers;  // metadata, names in lower case
};

// How a call ended. A connection that broke, or was never made, is Unavailable; a deadline passed
// is DeadlineExceeded.
struct GrpcReply {
  int code = 0;  // gRPC's; zero is success, others are those of ErrorCode
  std::string error_message;
  std::string message;  // the response, where it succeeded
  // How long the server asks to wait before trying again (google.rpc.RetryInfo).
  std::optional<std::chrono::milliseconds> retry_after;
};

// Reads the delay out of an encoded google.rpc.Status. No value where there is no RetryInfo or the
// bytes are malformed; at most an hour.
std::optional<std::chrono::milliseconds> parse_retry_delay(std::string_view status_proto);

// A client for unary gRPC calls to one server, over one HTTP/2 connection without TLS that carries
// many calls at a time.
//
// Does nothing by itself: start() queues calls, run() does the sending and receiving and calls
// `done` from inside, on the caller's thread, exactly once for each call that was started.
// Connects when first used and again after the connection was lost. One thread at a time. Borrows
// the clock.
class GrpcClient final {
 public:
  using Done = std::function<void(GrpcReply)>;

  GrpcClient(GrpcClientOptions options, const Clock& clock);
  // Calls in flight end as Cancelled.
  ~GrpcClient();
  GrpcClient(const GrpcClient&) = delete;
  GrpcClient& operator=(const GrpcClient&) = delete;

  // Errors: ResourceExhausted when in_flight_max calls are under way. `done` may start further
  // calls.
  Result<void> start(GrpcCall call, Done done);
  std::size_t in_flight() const;

  // Sends and receives until something happened or `patience` has passed, and then what can be done
  // without waiting. Returns at once when nothing is in flight.
  void run(std::chrono::milliseconds patience);

  // One call, waiting for its end. Other calls in flight go on meanwhile.
  GrpcReply call(GrpcCall call);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace waybill::net
