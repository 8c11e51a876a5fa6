// SPDX-License-Identifier: Apache-2.0
#include "net/testing/raw_client.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "base/check.h"
#include "base/text.h"
#include "net/testing/server_fixture.h"

namespace waybill::net::testing {

RawClient::RawClient(std::uint16_t port) : RawClient() { connect(port); }

RawClient::RawClient() : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
  CHECK(socket_ >= 0);
  const timeval patience{kPatience.count(), 0};
  CHECK(::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) == 0);
  const int on = 1;
  CHECK(::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) == 0);
}

void RawClient::connect(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  CHECK(::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
}

RawClient::~RawClient() {
  if (socket_ >= 0) {
    ::close(socket_);
  }
}

bool RawClient::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0) {
      return false;
    }
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

void RawClient::shutdown_send() { ::shutdown(socket_, SHUT_WR); }

void RawClient::reset() {
  const linger at_once{1, 0};
  CHECK(::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once) == 0);
  ::close(socket_);
  socket_ = -1;
}

std::string RawClient::read_some() {
  if (!unread_.empty()) {
    return std::exchange(unread_, {});
  }
  std::array<char, 64 << 10> buffer;
  const ssize_t size = ::recv(socket_, buffer.data(), buffer.size(), 0);
  is_ended_ = size == 0;
  return {buffer.data(), size > 0 ? static_cast<std::size_t>(size) : 0};
}

std::string RawClient::read_to_end() {
  std::string all;
  for (;;) {
    const std::string part = read_some();
    if (part.empty()) {
      return all;
    }
    all += part;
  }
}

std::string RawClient::read_exactly(std::size_t size_bytes) {
  std::string all;
  while (all.size() < size_bytes) {
    const std::string part = read_some();
    if (part.empty()) {
      return all;
    }
    all += part;
  }
  unread_.insert(0, all.substr(size_bytes));
  all.resize(size_bytes);
  return all;
}

std::string RawClient::read_response() {
  constexpr std::string_view kLength = "content-length: ";
  std::string head;
  while (!head.ends_with("\r\n\r\n")) {
    const std::string byte = read_exactly(1);
    if (byte.empty()) {
      return head;
    }
    head += byte;
  }
  const std::size_t at = head.find(kLength);
  if (at == std::string::npos) {
    return head;
  }
  const std::size_t begin = at + kLength.size();
  const auto size =
      parse_uint64(std::string_view(head).substr(begin, head.find('\r', begin) - begin));
  return head + read_exactly(static_cast<std::size_t>(size.value_or(0)));
}

}  // namespace waybill::net::testing
