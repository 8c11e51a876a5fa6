// SPDX-License-Identifier: Apache-2.0
#include "storage/block/codec/bloom_filter.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace waybill::storage {
namespace {

constexpr std::size_t kBlockBytes = 64;
constexpr std::size_t kBitsPerMember = 10;
constexpr unsigned kProbes = 6;
constexpr unsigned kBitOfBlockBits = 9;  // 512 bits

// The high half chooses the block, the low half the bits.
std::size_t block_of(std::uint64_t hash, std::size_t blocks) {
  return static_cast<std::size_t>(((hash >> 32) * blocks) >> 32);
}

std::uint64_t probes_of(std::uint64_t hash) { return hash * 0x9e3779b97f4a7c15U; }

}  // namespace

std::string make_bloom_filter(std::span<const std::uint64_t> hashes) {
  const std::size_t blocks =
      (hashes.size() * kBitsPerMember + kBlockBytes * 8 - 1) / (kBlockBytes * 8);
  std::string filter(blocks * kBlockBytes, '\0');
  for (const std::uint64_t hash : hashes) {
    char* const block = filter.data() + block_of(hash, blocks) * kBlockBytes;
    std::uint64_t probes = probes_of(hash);
    for (unsigned i = 0; i < kProbes; ++i, probes >>= kBitOfBlockBits) {
      const std::size_t bit = probes & 511;
      block[bit / 8] =
          static_cast<char>(static_cast<unsigned char>(block[bit / 8]) | (1U << (bit % 8)));
    }
  }
  return filter;
}

bool may_contain(std::string_view filter, std::uint64_t hash) {
  const std::size_t blocks = filter.size() / kBlockBytes;
  if (blocks == 0 || filter.size() % kBlockBytes != 0) {
    return true;
  }
  const std::string_view block = filter.substr(block_of(hash, blocks) * kBlockBytes, kBlockBytes);
  std::uint64_t probes = probes_of(hash);
  for (unsigned i = 0; i < kProbes; ++i, probes >>= kBitOfBlockBits) {
    const std::size_t bit = probes & 511;
    if ((static_cast<unsigned char>(block[bit / 8]) & (1U << (bit % 8))) == 0) {
      return false;
    }
  }
  return true;
}

}  // namespace waybill::storage
