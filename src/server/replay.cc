// SPDX-License-Identifier: Apache-2.0
#include "server/replay.h"

#include <cstddef>
#include <memory>
#include <string>
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
  auto decoded = decode(record, limits_, body_bytes_max_);
  if (!decoded) {
    ++unreadable_count_;
    log_error("a logged request can not be decoded", {{"error", decoded.error().message}});
    return;
  }
  span_count_ += decoded->batch.spans().size();
  store_.append_replayed(std::move(decoded->batch));
}

}  // namespace waybill::server
