// SPDX-License-Identifier: Apache-2.0
#include "net/server/connection.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "net/event_loop.h"
#include "net/http.h"
#include "net/http1/session.h"
#include "net/http2/session.h"
#include "net/server/answer_inbox.h"

namespace waybill::net {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using Socket = asio::ip::tcp::socket;

// The client connection preface of HTTP/2 (RFC 9113, section 3.4). Its first word is no method of
// HTTP/1.1, so that four bytes decide; the session checks the rest.
constexpr std::string_view kHttp2Preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
constexpr std::size_t kSniffBytes = 4;

// Reads before the connection's answers are written and other connections get their turn.
constexpr int kReadsPerTurn = 4;
// Buffers in one gathered write.
constexpr std::size_t kWriteBuffersMax = 16;
// What a refused client may still send before it has to see a reset instead of its answer.
constexpr std::size_t kDiscardBytesMax = std::size_t{16} << 20;

std::string print_endpoint(const Socket& socket) {
  error_code error;
  const auto endpoint = socket.remote_endpoint(error);
  if (error) {
    return "unknown";
  }
  const std::string address = endpoint.address().to_string(error);
  return endpoint.address().is_v6() ? fmt::format("[{}]:{}", address, endpoint.port())
                                    : fmt::format("{}:{}", address, endpoint.port());
}

bool is_would_block(const error_code& error) {
  return error == asio::error::would_block || error == asio::error::try_again ||
         error == asio::error::interrupted;
}

}  // namespace

Connection::Connection(Socket socket, EventLoop& loop, const ConnectionSetup& setup,
                       std::function<void(Connection&)> on_closed)
    : socket_(std::move(socket)),
      loop_(loop),
      setup_(setup),
      on_closed_(std::move(on_closed)),
      link_(std::make_shared<ConnectionLink>(ConnectionLink{loop.inbox(), this})),
      peer_(print_endpoint(socket_)),
      last_progress_(loop.now()) {}

Connection::~Connection() { link_->connection = nullptr; }

void Connection::start() {
  error_code error;
  socket_.non_blocking(true, error);
  if (!error) {
    socket_.set_option(asio::ip::tcp::no_delay(true), error);
  }
  if (error) {
    close();
    return;
  }
  // Most peers have sent their request by now.
  on_readable();
}

void Connection::arm_read() {
  const bool is_kept_waiting = session_ != nullptr && !session_->wants_input() && !is_lingering_;
  if (is_read_armed_ || is_closed_ || is_input_ended_ || is_kept_waiting) {
    return;
  }
  is_read_armed_ = true;
  socket_.async_wait(Socket::wait_read, [link = link_](const error_code&) {
    if (Connection* const self = link->connection; self != nullptr) {
      self->is_read_armed_ = false;
      self->on_readable();
    }
  });
}

void Connection::arm_write() {
  if (is_write_armed_ || is_closed_) {
    return;
  }
  is_write_armed_ = true;
  socket_.async_wait(Socket::wait_write, [link = link_](const error_code&) {
    if (Connection* const self = link->connection; self != nullptr) {
      self->is_write_armed_ = false;
      self->send_pending();
    }
  });
}

void Connection::on_readable() {
  if (is_lingering_) {
    discard_input();
    return;
  }
  const std::span<char> buffer = loop_.receive_buffer();
  for (int reads = 0; reads < kReadsPerTurn && !is_closed_; ++reads) {
    error_code error;
    const std::size_t size =
        socket_.read_some(asio::mutable_buffer(buffer.data(), buffer.size()), error);
    if (is_would_block(error)) {
      break;
    }
    if (error == asio::error::eof) {
      is_input_ended_ = true;
      if (session_ == nullptr) {
        close();
        return;
      }
      session_->receive_end();
      break;
    }
    if (error) {
      close();
      return;
    }
    last_progress_ = loop_.now();
    receive({buffer.data(), size});
    // A short read has emptied the socket; asking again would only be told so.
    if (size < buffer.size() || (session_ && !session_->wants_input())) {
      break;
    }
  }
  send_pending();
}

void Connection::receive(std::string_view bytes) {
  is_receiving_ = true;
  if (session_ == nullptr) {
    first_bytes_ += bytes;
    choose_session();
    if (session_ != nullptr) {
      session_->receive(std::exchange(first_bytes_, {}));
    }
  } else {
    session_->receive(bytes);
  }
  is_receiving_ = false;
}

void Connection::choose_session() {
  const std::string_view start = std::string_view(first_bytes_).substr(0, kSniffBytes);
  if (!kHttp2Preface.starts_with(start)) {
    session_ = std::make_unique<Http1Session>(setup_, loop_, link_, peer_);
  } else if (start.size() == kSniffBytes) {
    session_ = std::make_unique<Http2Session>(setup_, loop_, link_, peer_);
  } else {
    return;
  }
  if (is_draining_) {
    session_->start_drain();
  }
}

void Connection::answer(std::uint32_t request_id, Response response) {
  session_->answer(request_id, std::move(response));
}

void Connection::send_pending() {
  if (is_closed_ || is_write_armed_) {
    return;
  }
  if (session_ == nullptr) {
    arm_read();
    return;
  }
  while (!is_lingering_) {
    if (output_.is_empty()) {
      // Producing may hand further requests, which were kept back, to the handler.
      is_receiving_ = true;
      session_->produce(output_);
      is_receiving_ = false;
    }
    if (output_.is_empty()) {
      finish_if_ended();
      break;
    }
    write_blocked_since_ = loop_.now();
    if (!write_some()) {
      return;
    }
  }
  arm_read();
}

// False where the socket takes no more for now, or is closed.
bool Connection::write_some() {
  std::array<asio::const_buffer, kWriteBuffersMax> buffers;
  const std::size_t count = std::min(output_.piece_count(), kWriteBuffersMax);
  for (std::size_t i = 0; i < count; ++i) {
    const std::string_view piece = output_.piece(i);
    buffers[i] = asio::const_buffer(piece.data(), piece.size());
  }
  error_code error;
  const std::size_t written =
      count == 1
          ? socket_.write_some(buffers[0], error)
          : socket_.write_some(std::span<const asio::const_buffer>(buffers.data(), count), error);
  if (is_would_block(error)) {
    arm_write();
    return false;
  }
  if (error) {
    close();
    return false;
  }
  last_progress_ = loop_.now();
  write_blocked_since_ = loop_.now();
  output_.consume(written);
  return true;
}

void Connection::finish_if_ended() {
  switch (session_->ending()) {
    case HttpSession::Ending::None:
      return;
    case HttpSession::Ending::Close:
      close();
      return;
    case HttpSession::Ending::Linger:
      start_linger();
      return;
  }
}

// Closing a socket with unread bytes resets the connection, which may take the answer away from the
// peer's hands. So our half is closed first, and what the peer still sends is thrown away.
void Connection::start_linger() {
  if (is_draining_ || is_input_ended_) {
    close();
    return;
  }
  is_lingering_ = true;
  last_progress_ = loop_.now();
  error_code error;
  socket_.shutdown(Socket::shutdown_send, error);
  if (error) {
    close();
    return;
  }
  discard_input();
}

void Connection::discard_input() {
  const std::span<char> buffer = loop_.receive_buffer();
  error_code error;
  while (discarded_bytes_ < kDiscardBytesMax && !error) {
    discarded_bytes_ +=
        socket_.read_some(asio::mutable_buffer(buffer.data(), buffer.size()), error);
  }
  if (!is_would_block(error)) {
    close();
    return;
  }
  arm_read();
}

void Connection::start_drain() {
  is_draining_ = true;
  if (session_ == nullptr || is_lingering_) {
    close();
    return;
  }
  session_->start_drain();
  send_pending();
}

void Connection::sweep(std::chrono::nanoseconds now) {
  if (is_closed_) {
    return;
  }
  const std::chrono::nanoseconds quiet = now - last_progress_;
  if (is_lingering_) {
    // Counted from its start, however busily the peer goes on sending.
    if (quiet >= setup_.options.header_timeout) {
      close();
    }
    return;
  }
  if (!output_.is_empty()) {
    // A peer that does not read holds the answer's memory, whatever it sends meanwhile.
    if (now - write_blocked_since_ >= setup_.options.idle_timeout) {
      close();
    }
    return;
  }
  if (session_ == nullptr) {
    if (quiet >= setup_.options.idle_timeout) {
      close();
    }
    return;
  }
  session_->sweep(now);
  send_pending();
}

void Connection::close() {
  if (is_closed_) {
    return;
  }
  is_closed_ = true;
  link_->connection = nullptr;
  if (session_ != nullptr) {
    session_->disconnected();
  }
  error_code ignored;
  socket_.close(ignored);
  on_closed_(*this);
}

}  // namespace waybill::net
