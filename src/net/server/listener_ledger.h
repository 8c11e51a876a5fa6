// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <chrono>
#include <memory>

#include "base/metrics.h"
#include "base/mutex.h"
#include "net/http_server.h"
#include "net/server/inflight_bytes.h"
#include "net/server/refusal.h"

namespace waybill::net {

// What all connections of one listener count together. Shared, because a gauge in the registry and
// responders may outlive the listener. Any thread.
class ListenerLedger final {
 public:
  // Registers the listener's metrics. The registry outlives the ledger.
  static std::shared_ptr<ListenerLedger> make(const HttpServerOptions& options,
                                              MetricRegistry& metrics);

  ListenerLedger(const HttpServerOptions& options, MetricRegistry& metrics);

  void count_request(HttpVersion version) { requests_[static_cast<std::size_t>(version)]->add(); }
  void count_refused(Refusal refusal) { refused_[static_cast<std::size_t>(refusal)]->add(); }

  // False where the limit is reached.
  bool try_open_connection();
  void close_connection();
  int connection_count() const;
  // False where connections are left after `patience`.
  bool wait_for_no_connections(std::chrono::milliseconds patience);

  const std::shared_ptr<InflightBytes>& inflight() const { return inflight_; }

 private:
  const int connection_count_max_;
  const std::shared_ptr<InflightBytes> inflight_;
  std::array<Counter*, 2> requests_{};  // by HttpVersion
  std::array<Counter*, kRefusalCount> refused_{};

  mutable Mutex mutex_;
  Condition connection_closed_;
  int connection_count_ GUARDED_BY(mutex_) = 0;
};

}  // namespace waybill::net
