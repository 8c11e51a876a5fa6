// SPDX-License-Identifier: Apache-2.0
#include "net/server/acceptor.h"

#include <fmt/format.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/log.h"
#include "base/result.h"
#include "net/event_loop.h"
#include "net/http1/response.h"
#include "net/http_server.h"
#include "net/server/connection.h"
#include "net/server/connection_set.h"
#include "net/server/output_queue.h"
#include "net/server/refusal.h"

namespace waybill::net {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

constexpr int kBacklog = 1024;
// Connections taken before others on the loop get their turn.
constexpr int kAcceptsPerTurn = 64;

// Names are for clients; a server listens on an address.
Result<asio::ip::address> parse_address(const HttpServerOptions& options) {
  if (options.host == "localhost") {
    return asio::ip::address(asio::ip::address_v4::loopback());
  }
  error_code error;
  const asio::ip::address address = asio::ip::make_address(options.host, error);
  if (error) {
    return invalid_argument(
        fmt::format("listener {}: '{}' is not an IP address", options.name, options.host));
  }
  return address;
}

bool is_out_of_resources(const error_code& error) {
  return error == asio::error::no_descriptors || error == asio::error::no_buffer_space ||
         error == asio::error::no_memory ||
         error == boost::system::errc::too_many_files_open_in_system;
}

}  // namespace

Result<std::unique_ptr<Acceptor>> Acceptor::open(const HttpServerOptions& options,
                                                 EventLoop& loop) {
  const asio::ip::address address = TRY(parse_address(options));
  const tcp::endpoint endpoint(address, options.port);
  tcp::acceptor acceptor(loop.context());
  error_code error;
  const auto fail = [&](std::string_view act) -> Error {
    return unavailable(fmt::format("listener {}: {} {} port {}: {}", options.name, act,
                                   options.host, options.port, error.message()));
  };
  acceptor.open(endpoint.protocol(), error);
  if (error) {
    return fail("open");
  }
  // Lets a restart take the port while old connections are in TIME_WAIT; a port that another
  // process listens on is still refused.
  acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  // Otherwise accept() waits for the next connection where the first one has gone meanwhile.
  if (!error) {
    acceptor.set_option(asio::socket_base::enable_connection_aborted(true), error);
  }
  if (!error) {
    acceptor.bind(endpoint, error);
  }
  if (!error) {
    acceptor.listen(kBacklog, error);
  }
  if (!error) {
    acceptor.non_blocking(true, error);
  }
  if (error) {
    return fail("listen on");
  }
  return std::make_unique<Acceptor>(loop, std::move(acceptor));
}

Acceptor::Acceptor(EventLoop& loop, tcp::acceptor acceptor)
    : loop_(loop), acceptor_(std::move(acceptor)), backoff_(loop.context()) {
  error_code ignored;
  port_ = acceptor_.local_endpoint(ignored).port();
}

void Acceptor::start(std::vector<std::shared_ptr<ConnectionSet>> sets,
                     const ConnectionSetup& setup) {
  loop_.run_and_wait([&] {
    sets_ = std::move(sets);
    setup_ = &setup;
    wait();
  });
}

void Acceptor::close() {
  loop_.run_and_wait([this] {
    error_code ignored;
    acceptor_.close(ignored);
    backoff_.cancel();
    *is_open_ = false;
  });
}

// Waits, and then accepts into the loop that is to have the connection. A pending asynchronous
// accept would own a socket of that loop for as long as it waits, and the loops have no order in
// which one could outlive the other.
void Acceptor::wait() {
  acceptor_.async_wait(tcp::acceptor::wait_read, [this, is_open = is_open_](const error_code&) {
    if (*is_open) {
      accept_waiting();
    }
  });
}

void Acceptor::accept_waiting() {
  for (int i = 0; i < kAcceptsPerTurn; ++i) {
    ConnectionSet& set = *sets_[next_set_];
    error_code error;
    tcp::socket socket = acceptor_.accept(set.loop().context(), error);
    if (is_out_of_resources(error)) {
      back_off(error);
      return;
    }
    is_backing_off_ = false;
    if (error == asio::error::would_block || error == asio::error::try_again) {
      break;
    }
    // Other errors are the peer's, which has gone already.
    if (!error) {
      take(std::move(socket), set);
    }
  }
  wait();
}

void Acceptor::back_off(const error_code& error) {
  if (!is_backing_off_) {
    is_backing_off_ = true;
    log_warn("can not accept connections, trying again",
             {{"listener", setup_->options.name}, {"error", error.message()}});
  }
  backoff_.expires_after(kBackoff);
  backoff_.async_wait([this, is_open = is_open_](const error_code&) {
    if (*is_open) {
      accept_waiting();
    }
  });
}

void Acceptor::take(tcp::socket socket, ConnectionSet& set) {
  if (!setup_->ledger->try_open_connection()) {
    setup_->ledger->count_refused(Refusal::Connections);
    OutputQueue answer;
    write_http1_response(
        make_refusal(Refusal::Connections, AnswerStyle::Http, setup_->options.retry_after),
        {.is_keep_alive = false, .date = loop_.date()}, answer);
    // As far as the empty socket buffer takes it, which is all of it, without waiting.
    error_code ignored;
    socket.non_blocking(true, ignored);
    const std::string_view bytes = answer.piece(0);
    socket.write_some(asio::const_buffer(bytes.data(), bytes.size()), ignored);
    socket.shutdown(tcp::socket::shutdown_send, ignored);
    return;
  }
  const std::shared_ptr<ConnectionSet> chosen = sets_[next_set_];
  next_set_ = (next_set_ + 1) % sets_.size();
  auto moved = std::make_shared<tcp::socket>(std::move(socket));
  set.loop().post([chosen, moved] { ConnectionSet::add(chosen, std::move(*moved)); });
}

}  // namespace waybill::net
