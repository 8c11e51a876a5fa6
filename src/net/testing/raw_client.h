// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace waybill::net::testing {

// A blocking TCP connection to 127.0.0.1 that sends and reads bytes as they are. Reads that get
// nothing for kPatience end. One thread at a time.
class RawClient final {
 public:
  // A socket, not connected yet.
  RawClient();
  explicit RawClient(std::uint16_t port);
  ~RawClient();
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  void connect(std::uint16_t port);
  // False once the peer has reset the connection.
  bool send(std::string_view bytes);
  void shutdown_send();
  // Closes at once, with a reset.
  void reset();

  // The next bytes, up to 64 KiB; empty at the end of the stream.
  std::string read_some();
  // Everything up to the end of the stream.
  std::string read_to_end();
  // Exactly so many bytes, or fewer at the end of the stream.
  std::string read_exactly(std::size_t size_bytes);
  // One response with the body that its content-length announces.
  std::string read_response();
  // True where the stream ended in order, false where it was reset or nothing came.
  bool is_ended() const { return is_ended_; }

 private:
  int socket_ = -1;
  std::string unread_;
  bool is_ended_ = false;
};

}  // namespace waybill::net::testing
