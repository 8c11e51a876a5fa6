// SPDX-License-Identifier: Apache-2.0
#include "compress/decompress.h"

#include <fmt/format.h>

#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/result.h"
#include "base/text.h"
#include "compress/deflate.h"
#include "compress/zstd_frames.h"

namespace waybill::compress {

std::optional<Encoding> parse_encoding(std::string_view name) {
  const std::string lower = to_lower(trim(name));
  if (lower.empty() || lower == "identity") {
    return Encoding::Identity;
  }
  if (lower == "gzip" || lower == "x-gzip") {
    return Encoding::Gzip;
  }
  if (lower == "zstd") {
    return Encoding::Zstd;
  }
  if (lower == "deflate" || lower == "zlib") {
    return Encoding::Deflate;
  }
  return std::nullopt;
}

std::string_view encoding_name(Encoding encoding) {
  switch (encoding) {
    case Encoding::Identity:
      return "identity";
    case Encoding::Gzip:
      return "gzip";
    case Encoding::Zstd:
      return "zstd";
    case Encoding::Deflate:
      return "deflate";
  }
  return "unknown";
}

Result<std::string> decompress(Encoding encoding, std::string_view input,
                               const DecompressLimits& limits) {
  switch (encoding) {
    case Encoding::Identity:
      if (input.size() > limits.output_bytes_max) {
        return output_too_large(encoding, limits);
      }
      return std::string(input);
    case Encoding::Gzip:
    case Encoding::Deflate:
      return inflate(encoding, input, limits);
    case Encoding::Zstd:
      return unpack_zstd(input, limits);
  }
  return invalid_argument("unknown compression");
}

std::string compress(Encoding encoding, std::string_view input, int level) {
  switch (encoding) {
    case Encoding::Identity:
      break;
    case Encoding::Gzip:
    case Encoding::Deflate:
      return deflate(encoding, input, level);
    case Encoding::Zstd:
      return pack_zstd(input, level);
  }
  return std::string(input);
}

Error output_too_large(Encoding encoding, const DecompressLimits& limits) {
  return resource_exhausted(fmt::format("{}: decompresses to more than {} bytes",
                                        encoding_name(encoding), limits.output_bytes_max));
}

Error malformed(Encoding encoding, std::string_view what) {
  return invalid_argument(fmt::format("{}: {}", encoding_name(encoding), what));
}

}  // namespace waybill::compress
