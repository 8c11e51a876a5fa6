// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "compress/decompress.h"
#include "compress/faults.h"

namespace waybill::compress {

// Gzip (RFC 1952) and zlib (RFC 1950) by libdeflate; contracts as decompress() and compress().
// Requires: encoding is Gzip or Deflate. Any thread.
Result<std::string> inflate(Encoding encoding, std::string_view input,
                            const DecompressLimits& limits);
std::string deflate(Encoding encoding, std::string_view input, int level);

}  // namespace waybill::compress
