// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <string_view>

#include "base/text.h"
#include "wire/decode_limits.h"

namespace waybill::wire {

// Applies DecodeLimits to texts and counts what it cuts. Borrows both; one thread at a time.
class Cutter final {
 public:
  Cutter(const DecodeLimits& limits, DecodeCounts& counts) : limits_(limits), counts_(counts) {}

  const DecodeLimits& limits() const { return limits_; }
  DecodeCounts& counts() { return counts_; }

  std::string_view name(std::string_view text) {
    return text.size() <= limits_.name_bytes_max ? text : cut(Cut::Names, text);
  }
  std::string_view value_text(std::string_view text) {
    return text.size() <= limits_.value_bytes_max ? text : cut(Cut::Values, text);
  }
  std::string_view value_bytes(std::string_view bytes) {
    if (bytes.size() <= limits_.value_bytes_max) {
      return bytes;
    }
    counts_.add(Cut::Values);
    return bytes.substr(0, limits_.value_bytes_max);
  }
  bool takes_key(std::string_view key) {
    if (key.size() <= limits_.key_bytes_max) {
      return true;
    }
    counts_.add(Cut::Keys);
    return false;
  }

 private:
  std::string_view cut(Cut what, std::string_view text) {
    counts_.add(what);
    return utf8_prefix(text, what == Cut::Names ? limits_.name_bytes_max : limits_.value_bytes_max);
  }

  const DecodeLimits& limits_;
  DecodeCounts& counts_;
};

// The sum of two dropped counts; stays at the largest number instead of starting again at zero.
inline std::uint32_t add_saturating(std::uint32_t left, std::uint64_t right) {
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(UINT32_MAX, left + right));
}

}  // namespace waybill::wire
