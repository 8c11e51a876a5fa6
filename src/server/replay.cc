// SPDX-License-Identifier: Apache-2.0
#include "server/replay.h"

#include <fmt/format.h>

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "base/log.h"
#include "base/result.h"
#include "compress/decompress.h"
#include "storage/log/log.h"
#include "wire/decode_limits.h"
#include "wire/otlp/otlp.h"

namespace waybill::server {
namespace {

compress::Encoding encoding_of(storage::LogEncoding encoding) {
  switch (encoding) {
    case storage::LogEncoding::Identity:
      return compress::Encoding::Identity;
    case storage::LogEncoding::Gzip:
      return compress::Encoding::Gzip;
    case storage::LogEncoding::Zstd:
      return compress::Encoding::Zstd;
    case storage::LogEncoding::Deflate:
      return compress::Encoding::Deflate;
  }
  return compress::Encoding::Identity;
}

Result<wire::otlp::Decoded> decode(const storage::LogRecord& record,
                                   const wire::DecodeLimits& limits, std::size_t body_bytes_max) {
  auto body = record.body;
  if (record.encoding != storage::LogEncoding::Identity) {
    compress::DecompressLimits decompress_limits;
    decompress_limits.output_bytes_max = body_bytes_max;
    body = std::make_shared<const std::string>(
        TRY(compress::decompress(encoding_of(record.encoding), *body, decompress_limits)));
  }
  return record.format == storage::LogFormatCode::OtlpJson
             ? wire::otlp::decode_json(std::move(body), limits)
             : wire::otlp::decode_protobuf(std::move(body), limits);
}

}  // namespace

void Replay::take(const storage::LogRecord& record) {
  if (record.position < options_.begin_position) {
    return;
  }
  auto decoded = decode(record, options_.limits, options_.body_bytes_max);
  if (!decoded) {
    ++unreadable_count_;
    log_error("a logged request can not be decoded and is set aside",
              {{"folder", options_.unreadable_folder}, {"error", decoded.error().message}});
    if (set_aside_) {
      set_aside_ = keep_unreadable(record);
    }
    return;
  }
  span_count_ += decoded->batch.spans().size();
  store_.append_replayed(std::move(decoded->batch), {record.position, record.received_at});
}

// As it came, under its position and what it is.
Result<void> Replay::keep_unreadable(const storage::LogRecord& record) {
  const std::string& folder = options_.unreadable_folder;
  TRY(file_system_.create_directories(folder));
  const std::string path =
      fmt::format("{}/{:016}-format{}-encoding{}", folder, record.position,
                  static_cast<int>(record.format), static_cast<int>(record.encoding));
  if (TRY(file_system_.exists(path))) {
    return {};
  }
  const std::string unfinished = path + ".new";
  if (TRY(file_system_.exists(unfinished))) {
    TRY(file_system_.remove_file(unfinished));
  }
  const auto file = TRY(file_system_.create_file(unfinished));
  const std::string_view body = *record.body;
  TRY(file->write_at(0, std::span(&body, 1)));
  TRY(file->sync_data());
  TRY(file_system_.rename_file(unfinished, path));
  return file_system_.sync_directory(folder);
}

}  // namespace waybill::server
