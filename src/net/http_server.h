// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/metrics.h"
#include "base/result.h"
#include "net/http.h"

namespace waybill::net {

struct HttpServerOptions {
  std::string name = {};  // for messages and metrics: "otlp_grpc"
  std::string host = "127.0.0.1";
  std::uint16_t port = 0;  // 0: any free one
  std::size_t body_bytes_max = std::size_t{64} << 20;
  // Names and values of one request, 32 bytes added for each header, as HTTP/2 counts them.
  std::size_t header_bytes_max = std::size_t{64} << 10;
  int header_count_max = 256;
  // Path and query as sent.
  std::size_t target_bytes_max = std::size_t{8} << 10;
  int connection_count_max = 4096;
  // Streams that one HTTP/2 connection may have open.
  std::uint32_t stream_count_max = 256;
  // Bodies being received and not yet answered, over all connections; above it new requests get 503
  // (gRPC: UNAVAILABLE).
  std::size_t inflight_bytes_max = std::size_t{512} << 20;
  std::chrono::milliseconds header_timeout{10'000};
  std::chrono::milliseconds idle_timeout{120'000};
  // A body that arrives slower than this, after a grace of header_timeout, is given up (408).
  std::size_t body_bytes_per_second_min = 1024;
  // Frames of one HTTP/2 connection that cost us work and ask for nothing (resets of requests that
  // we work on, pings, settings, priorities, empty data): so many at once, and so many a second
  // later on. Above it the peer is told to calm down and the connection ends.
  int flood_frame_count_max = 1000;
  int flood_frames_per_second = 100;
  // What a 503 tells the client to wait.
  std::chrono::seconds retry_after{1};
};

// The threads that all servers share: one event loop each.
class IoThreads;

// An HTTP listener that speaks HTTP/1.1 (keep-alive, chunked bodies, Expect: 100-continue,
// pipelining) and HTTP/2 without TLS (prior knowledge), told apart by the connection's first bytes.
// Hands whole requests to a handler.
//
// Start and stop from one thread. Limits are answered with 400, 408, 413, 414, 431, 503 or the
// HTTP/2 counterpart, and counted in `waybill_http_refused_total{listener,reason}`.
class HttpServer final {
  class Impl;

 public:
  // Fails with Unavailable where the address is taken, naming listener, address and port.
  static Result<std::unique_ptr<HttpServer>> open(HttpServerOptions options, IoThreads& threads,
                                                  HttpHandler& handler, MetricRegistry& metrics);
  // Only for open(): nobody else can make an Impl.
  explicit HttpServer(std::unique_ptr<Impl> impl);
  ~HttpServer();

  // The port that was bound.
  std::uint16_t port() const;
  const HttpServerOptions& options() const;

  // Stops accepting, tells HTTP/2 peers to go away, closes idle connections, and waits until every
  // request in progress is answered and its bytes are sent, or `patience` has passed. Then closes
  // everything.
  void drain(std::chrono::milliseconds patience);

 private:
  std::unique_ptr<Impl> impl_;
};

}  // namespace waybill::net
