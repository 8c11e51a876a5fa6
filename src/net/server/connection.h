// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "net/event_loop.h"
#include "net/http.h"
#include "net/http_server.h"
#include "net/server/answer_inbox.h"
#include "net/server/http_session.h"
#include "net/server/listener_ledger.h"

namespace waybill::net {

// What a listener's connections borrow from it.
struct ConnectionSetup {
  const HttpServerOptions& options;
  HttpHandler& handler;
  const std::shared_ptr<ListenerLedger>& ledger;
};

// One accepted socket: reads into the loop's buffer, finds out which version of HTTP the peer
// speaks, and writes what its session produces.
//
// Owned by the listener's connection set. The loop's thread only. Never destroyed inside one of its
// own methods: close() asks the owner to do it later.
class Connection final {
 public:
  Connection(boost::asio::ip::tcp::socket socket, EventLoop& loop, const ConnectionSetup& setup,
             std::function<void(Connection&)> on_closed);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void start();
  void answer(std::uint32_t request_id, Response response);
  // Writes what is there to write, as far as the socket takes it, and goes on or ends.
  void send_pending();
  void start_drain();
  void sweep(std::chrono::nanoseconds now);
  void close();

  // True while bytes are being worked through, after which everything pending is sent.
  bool is_receiving() const { return is_receiving_; }

 private:
  void arm_read();
  void arm_write();
  void on_readable();
  void receive(std::string_view bytes);
  void choose_session();
  bool write_some();
  void finish_if_ended();
  void start_linger();
  void discard_input();

  boost::asio::ip::tcp::socket socket_;
  EventLoop& loop_;
  const ConnectionSetup setup_;
  const std::function<void(Connection&)> on_closed_;
  const std::shared_ptr<ConnectionLink> link_;
  std::string peer_;
  std::string first_bytes_;  // until it is clear which protocol they are
  std::unique_ptr<HttpSession> session_;
  OutputQueue output_;
  std::chrono::nanoseconds last_progress_{0};
  std::chrono::nanoseconds write_blocked_since_{0};
  std::size_t discarded_bytes_ = 0;
  bool is_closed_ = false;
  bool is_receiving_ = false;
  bool is_lingering_ = false;
  bool is_draining_ = false;
  bool is_input_ended_ = false;
  bool is_read_armed_ = false;
  bool is_write_armed_ = false;
};

}  // namespace waybill::net
