// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "storage/log/log.h"
#include "storage/span_writer.h"
#include "wire/decode_limits.h"

namespace waybill::server {

// Puts logged requests back into a store, decoding them as they were decoded when they came. One
// thread at a time.
class Replay final {
 public:
  Replay(storage::SpanWriter& store, wire::DecodeLimits limits, std::size_t body_bytes_max)
      : store_(store), limits_(limits), body_bytes_max_(body_bytes_max) {}

  void take(const storage::LogRecord& record);

  std::uint64_t span_count() const { return span_count_; }
  // Records whose body could not be decoded; they stay in the log.
  std::uint64_t unreadable_count() const { return unreadable_count_; }

 private:
  storage::SpanWriter& store_;
  wire::DecodeLimits limits_;
  std::size_t body_bytes_max_;
  std::uint64_t span_count_ = 0;
  std::uint64_t unreadable_count_ = 0;
};

}  // namespace waybill::server
