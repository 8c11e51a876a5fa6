// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <memory>
#include <unordered_map>

#include "net/event_loop.h"
#include "net/server/connection.h"

namespace waybill::net {

// A listener's connections on one loop. The loop's thread only, but for its construction. Shared
// with the tasks that remove closed connections later.
class ConnectionSet final {
 public:
  ConnectionSet(EventLoop& loop, const ConnectionSetup& setup) : loop_(loop), setup_(setup) {}

  // Takes a socket that the ledger has counted.
  static void add(const std::shared_ptr<ConnectionSet>& set, boost::asio::ip::tcp::socket socket);
  void start_drain();
  void close_all();

  EventLoop& loop() { return loop_; }

 private:
  void remove(Connection* connection);
  void sweep(std::chrono::nanoseconds now);

  EventLoop& loop_;
  const ConnectionSetup setup_;
  std::unordered_map<Connection*, std::unique_ptr<Connection>> connections_;
  int sweep_id_ = -1;
  bool is_draining_ = false;
};

}  // namespace waybill::net
