// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include "base/result.h"
#include "os/file_system.h"
#include "storage/log/log.h"
#include "storage/span_writer.h"
#include "wire/decode_limits.h"

namespace waybill::server {

struct ReplayOptions {
  wire::DecodeLimits limits;
  std::size_t body_bytes_max = 0;
  std::uint64_t begin_position = 0;  // what lies before is in blocks
  std::string unreadable_folder;     // for bodies that can not be decoded
};

// Puts logged requests back into a store, decoding them as they were decoded when they came. One
// thread at a time.
class Replay final {
 public:
  Replay(storage::SpanWriter& store, os::FileSystem& file_system, ReplayOptions options)
      : store_(store), file_system_(file_system), options_(std::move(options)) {}

  void take(const storage::LogRecord& record);

  // Whether every body that could not be decoded lies in the folder for them: the log does not keep
  // it for ever.
  const Result<void>& set_aside() const { return set_aside_; }
  std::uint64_t span_count() const { return span_count_; }
  std::uint64_t unreadable_count() const { return unreadable_count_; }

 private:
  Result<void> keep_unreadable(const storage::LogRecord& record);

  storage::SpanWriter& store_;
  os::FileSystem& file_system_;
  ReplayOptions options_;
  Result<void> set_aside_;
  std::uint64_t span_count_ = 0;
  std::uint64_t unreadable_count_ = 0;
};

}  // namespace waybill::server
