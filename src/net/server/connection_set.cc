// SPDX-License-Identifier: Apache-2.0
#include "net/server/connection_set.h"

#include <chrono>
#include <memory>
#include <utility>
#include <vector>
#include "net/server/connection.h"

namespace waybill::net {

void ConnectionSet::add(const std::shared_ptr<ConnectionSet>& set,
                        boost::asio::ip::tcp::socket socket) {
  ConnectionSet& self = *set;
  if (self.is_draining_) {
    self.setup_.ledger->close_connection();
    return;
  }
  if (self.connections_.empty()) {
    self.sweep_id_ =
        self.loop_.add_sweep([&self](std::chrono::nanoseconds now) { self.sweep(now); });
  }
  // A connection closes itself inside its own methods, so it is destroyed by a later task.
  const auto remove_later = [weak = std::weak_ptr(set)](Connection& closed) {
    if (const auto locked = weak.lock()) {
      locked->loop_.post([locked, connection = &closed] { locked->remove(connection); });
    }
  };
  auto connection =
      std::make_unique<Connection>(std::move(socket), self.loop_, self.setup_, remove_later);
  Connection* const added = connection.get();
  self.connections_.emplace(added, std::move(connection));
  added->start();
}

void ConnectionSet::remove(Connection* connection) {
  if (connections_.erase(connection) == 0) {
    return;
  }
  setup_.ledger->close_connection();
  if (connections_.empty()) {
    loop_.remove_sweep(sweep_id_);
  }
}

void ConnectionSet::start_drain() {
  is_draining_ = true;
  for (const auto& [pointer, connection] : connections_) {
    connection->start_drain();
  }
}

void ConnectionSet::close_all() {
  is_draining_ = true;
  std::vector<Connection*> open;
  for (const auto& [pointer, connection] : connections_) {
    open.push_back(pointer);
  }
  for (Connection* const connection : open) {
    connection->close();
    remove(connection);
  }
}

void ConnectionSet::sweep(std::chrono::nanoseconds now) {
  for (const auto& [pointer, connection] : connections_) {
    connection->sweep(now);
  }
}

}  // namespace waybill::net
