// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nghttp2/nghttp2.h>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "net/http.h"
#include "net/testing/raw_client.h"

namespace waybill::net::testing {

// What one stream has brought so far.
struct Http2Answer {
  int status = 0;
  std::vector<Header> headers;
  std::string body;
  std::vector<Header> trailers;
  bool is_ended = false;   // the server has sent its END_STREAM
  bool is_closed = false;  // both sides have, or it was reset
  std::uint32_t error_code = 0;

  // Of headers, then trailers; empty where there is none.
  std::string header(std::string_view name) const;
};

// A blocking HTTP/2 client on nghttp2, without TLS. One thread at a time.
class Http2Client final {
 public:
  explicit Http2Client(std::uint16_t port);

  enum class End : std::uint8_t { Yes, No };

  // Sends a request; the body stays open where `end` is No. Returns the stream's id.
  std::int32_t request(std::string_view method, std::string_view path,
                       const std::vector<Header>& headers = {}, std::string body = {},
                       End end = End::Yes);
  // A gRPC call of one message with its prefix.
  std::int32_t call(std::string_view path, std::string_view message);
  void reset(std::int32_t stream_id);
  void ping();
  // Bytes as they are, behind what was sent so far.
  void send_raw(std::string_view bytes);
  void shutdown_send() { raw_.shutdown_send(); }
  void abort() { raw_.reset(); }

  // Reads until the stream is closed, or the connection is.
  const Http2Answer& wait(std::int32_t stream_id);
  // Reads until the server's END_STREAM came, or the connection is closed.
  const Http2Answer& wait_end(std::int32_t stream_id);
  // Reads until a GOAWAY has come; its code, or no value where the connection ended without one.
  std::optional<std::uint32_t> wait_goaway();
  // Reads until `count` pings were answered; false where the connection ended first.
  bool wait_pings(int count);
  // Reads until the server ends the connection.
  void read_to_end();

  int goaway_count() const { return goaway_count_; }
  std::int32_t goaway_last_stream() const { return goaway_last_stream_; }

 private:
  struct Callbacks;
  struct Body {
    std::string bytes;
    std::size_t sent = 0;
    End end = End::Yes;
  };
  struct SessionDeleter {
    void operator()(nghttp2_session* session) const { nghttp2_session_del(session); }
  };

  void flush();
  bool read();

  RawClient raw_;
  std::map<std::int32_t, Http2Answer> answers_;
  std::map<std::int32_t, Body> bodies_;
  std::unique_ptr<nghttp2_session, SessionDeleter> session_;
  std::optional<std::uint32_t> goaway_code_;
  std::int32_t goaway_last_stream_ = 0;
  int goaway_count_ = 0;
  int ping_count_ = 0;
};

}  // namespace waybill::net::testing
