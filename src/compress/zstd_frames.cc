// SPDX-License-Identifier: Apache-2.0
#include "compress/zstd_frames.h"

#include <zstd.h>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "base/check.h"
#include "base/result.h"
#include "compress/decompress.h"
#include "compress/faults.h"

namespace waybill::compress {
namespace {

constexpr int kWindowLogMax = 24;  // 16 MiB
constexpr std::size_t kFirstOutputBytes = std::size_t{64} << 10;

struct FreeContext {
  void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
  void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
};

// Null only where memory is exhausted, which the caller treats as fatal.
ZSTD_DCtx* thread_decompressor() {
  thread_local std::unique_ptr<ZSTD_DCtx, FreeContext> context = [] {
    ZSTD_DCtx* made = ZSTD_createDCtx();
    CHECK(made != nullptr);
    CHECK(!ZSTD_isError(ZSTD_DCtx_setParameter(made, ZSTD_d_windowLogMax, kWindowLogMax)));
    return std::unique_ptr<ZSTD_DCtx, FreeContext>(made);
  }();
  return context.get();
}

// How much room to begin with: what the first frame says, which is believed only as far as a
// believable ratio goes.
std::size_t first_room(std::string_view input, std::size_t output_bytes_max) {
  const unsigned long long said = ZSTD_getFrameContentSize(input.data(), input.size());
  const std::size_t likely = std::max(kFirstOutputBytes, input.size() * 8);
  if (said == ZSTD_CONTENTSIZE_UNKNOWN || said == ZSTD_CONTENTSIZE_ERROR) {
    return std::min(likely, output_bytes_max);
  }
  return static_cast<std::size_t>(
      std::min<unsigned long long>(said, std::min(likely, output_bytes_max)));
}

}  // namespace

Result<std::string> unpack_zstd(std::string_view input, const DecompressLimits& limits) {
  ZSTD_DCtx* context = thread_decompressor();
  ZSTD_DCtx_reset(context, ZSTD_reset_session_only);
  std::string out(first_room(input, limits.output_bytes_max), '\0');
  ZSTD_inBuffer from{input.data(), input.size(), 0};
  std::size_t produced = 0;
  std::size_t wanted = 1;  // zero after the end of a frame
  while (from.pos < from.size || wanted != 0) {
    ZSTD_outBuffer to{out.data(), out.size(), produced};
    const std::size_t consumed_before = from.pos;
    wanted = ZSTD_decompressStream(context, &to, &from);
    if (ZSTD_isError(wanted)) {
      return malformed(Encoding::Zstd, ZSTD_getErrorName(wanted));
    }
    const bool stuck = from.pos == consumed_before && to.pos == produced;
    produced = to.pos;
    if (produced < out.size()) {
      if (stuck && wanted != 0) {
        return malformed(Encoding::Zstd, "ends in the middle of a frame");
      }
      continue;
    }
    if (wanted == 0 && from.pos == from.size) {
      break;
    }
    // The buffer is full and more may follow. One byte beyond the limit tells whether it does.
    if (out.size() > limits.output_bytes_max) {
      return output_too_large(Encoding::Zstd, limits);
    }
    out.resize(std::min(std::max(out.size() * 2, kFirstOutputBytes), limits.output_bytes_max + 1));
  }
  if (produced > limits.output_bytes_max) {
    return output_too_large(Encoding::Zstd, limits);
  }
  out.resize(produced);
  return out;
}

std::string pack_zstd(std::string_view input, int level) {
  thread_local std::unique_ptr<ZSTD_CCtx, FreeContext> context(ZSTD_createCCtx());
  CHECK(context != nullptr);
  std::string out(ZSTD_compressBound(input.size()), '\0');
  const int chosen = level == 0 ? ZSTD_defaultCLevel() : level;
  const std::size_t size =
      ZSTD_compressCCtx(context.get(), out.data(), out.size(), input.data(), input.size(), chosen);
  CHECK(!ZSTD_isError(size));
  out.resize(size);
  return out;
}

}  // namespace waybill::compress
