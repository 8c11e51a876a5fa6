// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/result.h"
#include "net/connection_set.h"
#include "net/event_loop.h"
#include "net/http_server.h"
#include "net/io_threads.h"

namespace waybill::net {

// The listening socket: accepts on one loop and gives each connection to the next one in turn.
//
// Made by any thread but the loops'; close() likewise, and before it is destroyed. Where the
// process has no file descriptors left it waits kBackoff and tries again; those that are connected
// are served meanwhile.
class Acceptor final {
 public:
  static constexpr std::chrono::milliseconds kBackoff{100};

  static Result<std::unique_ptr<Acceptor>> open(const HttpServerOptions& options, EventLoop& loop);

  Acceptor(EventLoop& loop, boost::asio::ip::tcp::acceptor acceptor);
  Acceptor(const Acceptor&) = delete;
  Acceptor& operator=(const Acceptor&) = delete;

  // `sets` is one for each loop; it and the setup outlive the acceptor.
  void start(std::vector<std::shared_ptr<ConnectionSet>> sets, const ConnectionSetup& setup);
  void close();
  std::uint16_t port() const { return port_; }

 private:
  void accept_next();
  void back_off(const boost::system::error_code& error);
  void take(boost::asio::ip::tcp::socket socket, ConnectionSet& set);

  EventLoop& loop_;
  boost::asio::ip::tcp::acceptor acceptor_;
  boost::asio::steady_timer backoff_;
  std::uint16_t port_ = 0;
  std::vector<std::shared_ptr<ConnectionSet>> sets_;
  std::size_t next_set_ = 0;
  bool is_backing_off_ = false;  // said once, not ten times a second
  const ConnectionSetup* setup_ = nullptr;
};

}  // namespace waybill::net
