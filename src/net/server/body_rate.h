// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>

#include "net/http_server.h"

namespace waybill::net {

// True where `received_bytes` of a body, `elapsed` after its first, are fewer than the slowest
// client that is waited for would have sent. The header timeout is its grace.
inline bool is_body_too_slow(const HttpServerOptions& options, std::chrono::nanoseconds elapsed,
                             std::size_t received_bytes) {
  const std::chrono::nanoseconds counted = elapsed - options.header_timeout;
  if (counted <= counted.zero()) {
    return false;
  }
  const double seconds = std::chrono::duration<double>(counted).count();
  return static_cast<double>(received_bytes) <
         seconds * static_cast<double>(options.body_bytes_per_second_min);
}

}  // namespace waybill::net
