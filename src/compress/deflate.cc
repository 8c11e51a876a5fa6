// SPDX-License-Identifier: Apache-2.0
#include "compress/deflate.h"

#include <libdeflate.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>

#include "base/check.h"
#include "base/result.h"
#include "compress/decompress.h"
#include "compress/faults.h"

namespace waybill::compress {
namespace {

constexpr int kDefaultLevel = 6;
constexpr int kLevelMax = 12;
constexpr std::size_t kFirstOutputBytes = std::size_t{16} << 10;
constexpr std::size_t kBelievableRatio = 20;

struct FreeContext {
  void operator()(libdeflate_decompressor* context) const { libdeflate_free_decompressor(context); }
  void operator()(libdeflate_compressor* context) const { libdeflate_free_compressor(context); }
};

libdeflate_decompressor* thread_decompressor() {
  thread_local std::unique_ptr<libdeflate_decompressor, FreeContext> context(
      libdeflate_alloc_decompressor());
  CHECK(context != nullptr);
  return context.get();
}

struct CompressorSlot {
  int level = -1;
  std::unique_ptr<libdeflate_compressor, FreeContext> context;
};

libdeflate_compressor* thread_compressor(int level) {
  thread_local CompressorSlot slot;
  if (slot.level != level) {
    slot.context.reset(libdeflate_alloc_compressor(level));
    slot.level = level;
  }
  CHECK(slot.context != nullptr);
  return slot.context.get();
}

// How much room to begin with. A gzip member ends with its length, which is right for an honest
// sender and saves a second pass; it is believed only as far as a believable ratio goes.
std::size_t first_room(Encoding encoding, std::string_view input, std::size_t output_bytes_max) {
  std::size_t likely = input.size() * 4;
  if (encoding == Encoding::Gzip && input.size() >= sizeof(std::uint32_t)) {
    std::uint32_t said = 0;
    std::memcpy(&said, input.data() + input.size() - sizeof(said), sizeof(said));
    likely = std::min<std::size_t>(said, kFirstOutputBytes + input.size() * kBelievableRatio);
  }
  return std::min(std::max<std::size_t>(likely, 1), output_bytes_max);
}

libdeflate_result inflate_one(Encoding encoding, std::string_view input, std::string& out,
                              std::size_t produced, std::size_t& consumed, std::size_t& added) {
  const auto run =
      encoding == Encoding::Gzip ? libdeflate_gzip_decompress_ex : libdeflate_zlib_decompress_ex;
  return run(thread_decompressor(), input.data(), input.size(), out.data() + produced,
             out.size() - produced, &consumed, &added);
}

}  // namespace

// libdeflate needs all room at once, so a member that does not fit is begun again with twice the
// room: at the most twice the work, and never more room than the limit.
Result<std::string> inflate(Encoding encoding, std::string_view input,
                            const DecompressLimits& limits) {
  std::string out(first_room(encoding, input, limits.output_bytes_max), '\0');
  std::size_t produced = 0;
  do {
    std::size_t consumed = 0;
    std::size_t added = 0;
    const auto result = inflate_one(encoding, input, out, produced, consumed, added);
    if (result == LIBDEFLATE_INSUFFICIENT_SPACE) {
      if (out.size() >= limits.output_bytes_max) {
        return output_too_large(encoding, limits);
      }
      out.resize(std::min(std::max(out.size() * 2, kFirstOutputBytes), limits.output_bytes_max));
      continue;
    }
    if (result != LIBDEFLATE_SUCCESS) {
      return malformed(encoding, "malformed, truncated or followed by something else");
    }
    produced += added;
    input.remove_prefix(consumed);
    if (encoding == Encoding::Deflate && !input.empty()) {
      return malformed(encoding, "followed by something else");
    }
  } while (!input.empty());
  out.resize(produced);
  return out;
}

std::string deflate(Encoding encoding, std::string_view input, int level) {
  const int chosen = level == 0 ? kDefaultLevel : std::clamp(level, 1, kLevelMax);
  libdeflate_compressor* context = thread_compressor(chosen);
  const bool is_gzip = encoding == Encoding::Gzip;
  const auto bound = is_gzip ? libdeflate_gzip_compress_bound : libdeflate_zlib_compress_bound;
  const auto run = is_gzip ? libdeflate_gzip_compress : libdeflate_zlib_compress;
  std::string out(bound(context, input.size()), '\0');
  const std::size_t size = run(context, input.data(), input.size(), out.data(), out.size());
  CHECK(size != 0);
  out.resize(size);
  return out;
}

}  // namespace waybill::compress
