// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>

#include "net/event_loop.h"
#include "net/http1/parser.h"
#include "net/server/connection.h"
#include "net/server/http_session.h"

namespace waybill::net {

// HTTP/1.1 (RFC 9112) and 1.0: one request after the other. Requests that arrive before the last
// one is answered wait, up to kKeptBytesMax of them; then the peer waits.
class Http1Session final : public HttpSession {
 public:
  static constexpr std::size_t kKeptBytesMax = std::size_t{64} << 10;

  Http1Session(const ConnectionSetup& setup, EventLoop& loop, std::shared_ptr<ConnectionLink> link,
               std::string peer);

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
  bool can_parse() const;
  void parse_kept();
  std::size_t parse(std::string_view bytes);
  void follow_phase();
  void dispatch();
  void refuse(Refusal refusal);
  void write(Response response);

  const ConnectionSetup setup_;
  EventLoop& loop_;
  const std::shared_ptr<ConnectionLink> link_;
  const std::string peer_;

  std::unique_ptr<Http1Parser> parser_;  // of the request that is arriving; null between requests
  std::string kept_;                     // received, and not parsed yet
  std::size_t kept_begin_ = 0;
  OutputQueue ready_;
  std::stop_source cancel_{std::nostopstate};
  std::chrono::nanoseconds phase_since_;  // idle, in the header, or in the body
  std::uint32_t request_id_ = 0;
  Ending ending_ = Ending::None;
  bool is_body_started_ = false;
  bool is_awaiting_answer_ = false;
  bool is_keep_alive_ = true;
  bool is_version_1_0_ = false;
  bool is_head_ = false;
  bool is_draining_ = false;
  bool is_input_ended_ = false;
};

}  // namespace waybill::net
