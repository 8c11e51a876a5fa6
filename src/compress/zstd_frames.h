// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "compress/decompress.h"
#include "compress/faults.h"

namespace waybill::compress {

// Zstandard frames (RFC 8878); contracts as decompress() and compress(). A frame that needs a
// window of more than 16 MiB is InvalidArgument: RFC 8878 asks readers for 8 MiB, and some writers
// use twice that. Any thread.
Result<std::string> unpack_zstd(std::string_view input, const DecompressLimits& limits);
std::string pack_zstd(std::string_view input, int level);

}  // namespace waybill::compress
