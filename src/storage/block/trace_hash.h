// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "base/hash.h"
#include "model/ids.h"

namespace waybill::storage {

// The number by which a block finds a trace: the checksum of its id's two halves, high one first,
// as little-endian words. Stable for ever.
inline std::uint64_t trace_hash(const model::TraceId& id) {
  std::array<char, 16> bytes;
  std::memcpy(bytes.data(), &id.high, 8);
  std::memcpy(bytes.data() + 8, &id.low, 8);
  return checksum64(std::string_view(bytes.data(), bytes.size()));
}

}  // namespace waybill::storage
