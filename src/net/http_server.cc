// SPDX-License-Identifier: Apache-2.0
#include "net/http_server.h"

#include <chrono>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "base/metrics.h"
#include "base/result.h"
#include "net/event_loop.h"
#include "net/http.h"
#include "net/io_threads.h"
#include "net/server/acceptor.h"
#include "net/server/connection.h"
#include "net/server/connection_set.h"
#include "net/server/listener_ledger.h"

namespace waybill::net {

class HttpServer::Impl final {
 public:
  Impl(HttpServerOptions options, IoThreads& threads, HttpHandler& handler, MetricRegistry& metrics,
       std::unique_ptr<Acceptor> acceptor)
      : options_(std::move(options)),
        ledger_(ListenerLedger::make(options_, metrics)),
        setup_{options_, handler, ledger_},
        acceptor_(std::move(acceptor)) {
    for (int i = 0; i < threads.count(); ++i) {
      sets_.push_back(std::make_shared<ConnectionSet>(threads.loop(i), setup_));
    }
    acceptor_->start(sets_, setup_);
  }

  ~Impl() { drain(std::chrono::milliseconds(0)); }

  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  void drain(std::chrono::milliseconds patience) {
    if (acceptor_ == nullptr) {
      return;
    }
    acceptor_->close();
    acceptor_.reset();
    if (patience.count() > 0) {
      for (const std::shared_ptr<ConnectionSet>& set : sets_) {
        set->loop().run_and_wait([&] { set->start_drain(); });
      }
      ledger_->wait_for_no_connections(patience);
    }
    for (const std::shared_ptr<ConnectionSet>& set : sets_) {
      set->loop().run_and_wait([&] { set->close_all(); });
    }
  }

  const HttpServerOptions options_;

 private:
  const std::shared_ptr<ListenerLedger> ledger_;
  const ConnectionSetup setup_;
  std::vector<std::shared_ptr<ConnectionSet>> sets_;
  std::unique_ptr<Acceptor> acceptor_;
};

Result<std::unique_ptr<HttpServer>> HttpServer::open(HttpServerOptions options, IoThreads& threads,
                                                     HttpHandler& handler,
                                                     MetricRegistry& metrics) {
  std::unique_ptr<Acceptor> acceptor = TRY(Acceptor::open(options, threads.next_loop()));
  options.port = acceptor->port();
  auto impl =
      std::make_unique<Impl>(std::move(options), threads, handler, metrics, std::move(acceptor));
  return std::make_unique<HttpServer>(std::move(impl));
}

HttpServer::HttpServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
HttpServer::~HttpServer() = default;

std::uint16_t HttpServer::port() const { return impl_->options_.port; }
const HttpServerOptions& HttpServer::options() const { return impl_->options_; }
void HttpServer::drain(std::chrono::milliseconds patience) { impl_->drain(patience); }

}  // namespace waybill::net
