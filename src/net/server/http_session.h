// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <string_view>

#include "net/http.h"
#include "net/server/output_queue.h"

namespace waybill::net {

// One connection's protocol, without its socket: bytes in, requests to the handler, answers in,
// bytes out. The connection's loop only.
class HttpSession {
 public:
  // What the connection does once everything produced is written.
  enum class Ending : std::uint8_t {
    None,    // goes on
    Close,   // nothing more can come that matters
    Linger,  // the peer may still be sending: close so that it can read the answer
  };

  virtual ~HttpSession() = default;

  // Takes all bytes; what can not be used yet is kept, within the limits.
  virtual void receive(std::string_view bytes) = 0;
  // False while enough is kept that the peer has to wait.
  virtual bool wants_input() const = 0;
  // The peer sends nothing more.
  virtual void receive_end() = 0;
  // The answer to a request; ignored where nobody waits for it any more.
  virtual void answer(std::uint32_t request_id, Response response) = 0;
  // Appends what is to be written next; nothing where there is nothing.
  virtual void produce(OutputQueue& out) = 0;
  virtual Ending ending() const = 0;
  // Takes no new requests, and ends once those in progress are answered.
  virtual void start_drain() = 0;
  // Looks for what took too long.
  virtual void sweep(std::chrono::nanoseconds now) = 0;
  // The connection is gone: tells whoever works on an answer.
  virtual void disconnected() = 0;
};

}  // namespace waybill::net
