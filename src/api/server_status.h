// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/time.h"

namespace waybill::api {

// What only the running server knows of itself.
struct ServerStatus {
  struct Listener {
    std::string name;     // "otlp_grpc"
    std::string address;  // "127.0.0.1:4317"
  };

  UnixNanos started_at = 0;
  bool ready = false;
  std::uint64_t log_bytes = 0;
  std::vector<Listener> listeners;
};

}  // namespace waybill::api
