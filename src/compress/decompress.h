// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace waybill::compress {

enum class Encoding : std::uint8_t { Identity = 0, Gzip = 1, Zstd = 2, Deflate = 3 };

// Reads a Content-Encoding or grpc-encoding name ("gzip", "x-gzip", "zstd", "deflate", "zlib",
// "identity", ""), in any case. `deflate` and `zlib` are zlib streams (RFC 1950), as HTTP means
// them.
std::optional<Encoding> parse_encoding(std::string_view name);
std::string_view encoding_name(Encoding encoding);

struct DecompressLimits {
  std::size_t output_bytes_max = std::size_t{64} << 20;
};

// The whole input decompressed; several gzip members or zstd frames follow one another. Any thread:
// working memory is kept per thread.
//
// Errors: InvalidArgument for a malformed, truncated or trailing input or a wrong checksum;
// ResourceExhausted once the output passes the limit, having allocated no more than about twice the
// limit, however large the input claims to be.
Result<std::string> decompress(Encoding encoding, std::string_view input,
                               const DecompressLimits& limits = {});

// For clients, files and tests. `level` is the library's own; 0 means its default.
std::string compress(Encoding encoding, std::string_view input, int level = 0);

}  // namespace waybill::compress
