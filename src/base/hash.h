// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

namespace waybill {

// Fast hash for tables in memory; the value may change between versions and is never stored.
std::uint64_t hash_bytes(std::string_view bytes, std::uint64_t seed = 0);

// Mixes one word, so that low bits of the result depend on every bit of the input.
inline std::uint64_t mix64(std::uint64_t x) {
  x ^= x >> 32;
  x *= 0xd6e8feb86659fd93U;
  x ^= x >> 32;
  x *= 0xd6e8feb86659fd93U;
  x ^= x >> 32;
  return x;
}

// XXH3 64 bit, for checksums on disk: stable for ever (https://github.com/Cyan4973/xxHash).
std::uint64_t checksum64(std::string_view bytes, std::uint64_t seed = 0);

}  // namespace waybill
