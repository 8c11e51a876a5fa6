// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "compress/decompress.h"

namespace waybill::compress {

// The two ways in which input is refused; any thread.
Error output_too_large(Encoding encoding, const DecompressLimits& limits);
Error malformed(Encoding encoding, std::string_view what);

}  // namespace waybill::compress
