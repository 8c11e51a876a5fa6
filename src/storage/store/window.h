// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>

#include "storage/block/write/block_writer.h"
#include "storage/head/head.h"

namespace waybill::storage {

// Spans in memory between two seals, and what the log says of them.
struct Window {
  std::shared_ptr<Head> head;
  std::chrono::nanoseconds opened_at{0};  // on Clock::steady, when its first batch came
  std::uint64_t next_position = 0;        // every record of the log before it is in this window or
                                          // an earlier one
  ReceivedRange received;                 // of its requests
};

}  // namespace waybill::storage
