// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "compress/decompress.h"

namespace compress = waybill::compress;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::size_t kLimit = std::size_t{1} << 20;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  for (const auto encoding : {compress::Encoding::Gzip, compress::Encoding::Deflate}) {
    const auto output = compress::decompress(encoding, input, {.output_bytes_max = kLimit});
    if (output.has_value()) {
      CHECK(output->size() <= kLimit);
      CHECK(compress::decompress(encoding, compress::compress(encoding, *output, 1)).value() ==
            *output);
    }
  }
  return 0;
}
