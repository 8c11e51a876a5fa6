// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nghttp2/nghttp2.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "net/event_loop.h"
#include "net/http2/stream.h"
#include "net/server/connection.h"
#include "net/server/flood_gate.h"
#include "net/server/http_session.h"

namespace waybill::net {

// HTTP/2 (RFC 9113) over nghttp2, for a peer that begins with the preface. gRPC is HTTP/2 with
// trailers; refusals are told in its own way where the request is a call.
class Http2Session final : public HttpSession {
 public:
  Http2Session(const ConnectionSetup& setup, EventLoop& loop, std::shared_ptr<ConnectionLink> link,
               std::string peer);
  ~Http2Session() override;

  void receive(std::string_view bytes) override;
  bool wants_input() const override;
  void receive_end() override;
  void answer(std::uint32_t request_id, Response response) override;
  void produce(OutputQueue& out) override;
  Ending ending() const override;
  void start_drain() override;
  void sweep(std::chrono::nanoseconds now) override;
  void disconnected() override;

 private:
  // The static functions that nghttp2 calls, each of which calls one of the methods below.
  struct Callbacks;

  void begin_request(std::int32_t stream_id);
  int add_header(Http2Stream& stream, std::string_view name, std::string_view value);
  void end_headers(Http2Stream& stream);
  void add_data(Http2Stream& stream, std::string_view part);
  void end_request(Http2Stream& stream);
  void close_stream(std::int32_t stream_id);
  void frame_received(const nghttp2_frame& frame);
  void frame_sent(const nghttp2_frame& frame);

  void dispatch(Http2Stream& stream);
  void refuse(Http2Stream& stream, Refusal refusal);
  void submit(Http2Stream& stream, Response response);
  void count_flood_frame();
  void submit_final_goaway();
  void sweep_stream(Http2Stream& stream, std::chrono::nanoseconds now);
  Http2Stream* find_stream(std::int32_t stream_id) const;

  const ConnectionSetup setup_;
  EventLoop& loop_;
  const std::shared_ptr<ConnectionLink> link_;
  const std::string peer_;

  // A header block whose end has not come.
  struct OpenHeader {
    std::int32_t stream_id;
    std::chrono::nanoseconds since;
  };
  struct SessionDeleter {
    void operator()(nghttp2_session* session) const { nghttp2_session_del(session); }
  };
  // The streams outlive the session, whose destructor may still look at them.
  std::unordered_map<std::int32_t, Http2Stream> streams_;
  std::unique_ptr<nghttp2_session, SessionDeleter> session_;

  FloodGate flood_gate_;
  std::chrono::nanoseconds last_use_;
  std::chrono::nanoseconds last_stream_sweep_;
  std::optional<OpenHeader> open_header_;
  std::optional<std::chrono::nanoseconds> drain_since_;
  bool is_failed_ = false;
  bool is_goaway_final_ = false;
  bool is_input_ended_ = false;
};

}  // namespace waybill::net
