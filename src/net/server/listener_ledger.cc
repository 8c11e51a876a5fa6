// SPDX-License-Identifier: Apache-2.0
#include "net/server/listener_ledger.h"

#include <chrono>
#include <cstddef>
#include <memory>
#include "base/metrics.h"
#include "base/mutex.h"
#include "net/http_server.h"
#include "net/server/inflight_bytes.h"
#include "net/server/refusal.h"

namespace waybill::net {

std::shared_ptr<ListenerLedger> ListenerLedger::make(const HttpServerOptions& options,
                                                     MetricRegistry& metrics) {
  auto ledger = std::make_shared<ListenerLedger>(options, metrics);
  metrics.gauge("waybill_http_connections", "Open connections of a listener.",
                {{"listener", options.name}},
                [ledger] { return static_cast<double>(ledger->connection_count()); });
  return ledger;
}

ListenerLedger::ListenerLedger(const HttpServerOptions& options, MetricRegistry& metrics)
    : connection_count_max_(options.connection_count_max),
      inflight_(std::make_shared<InflightBytes>(options.inflight_bytes_max)) {
  const auto requests = [&](std::string_view version) {
    return &metrics.counter("waybill_http_requests_total",
                            "Whole requests received, by protocol version.",
                            {{"listener", options.name}, {"version", version}});
  };
  requests_ = {requests("1.1"), requests("2")};
  for (int i = 0; i < kRefusalCount; ++i) {
    refused_[static_cast<std::size_t>(i)] = &metrics.counter(
        "waybill_http_refused_total",
        "Requests and connections refused by the transport, by reason.",
        {{"listener", options.name}, {"reason", refusal_info(static_cast<Refusal>(i)).reason}});
  }
}

bool ListenerLedger::try_open_connection() {
  const MutexLock lock(mutex_);
  if (connection_count_ >= connection_count_max_) {
    return false;
  }
  ++connection_count_;
  return true;
}

void ListenerLedger::close_connection() {
  const MutexLock lock(mutex_);
  --connection_count_;
  if (connection_count_ == 0) {
    connection_closed_.notify_all();
  }
}

int ListenerLedger::connection_count() const {
  const MutexLock lock(mutex_);
  return connection_count_;
}

bool ListenerLedger::wait_for_no_connections(std::chrono::milliseconds patience) {
  const MutexLock lock(mutex_);
  // Woken at zero only, so that each wait but a spurious one is the last.
  while (connection_count_ > 0) {
    if (!connection_closed_.wait_for(mutex_, patience)) {
      return connection_count_ == 0;
    }
  }
  return true;
}

}  // namespace waybill::net
