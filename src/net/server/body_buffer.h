// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

namespace waybill::net {

// Room that a body may be given on the strength of its announced length alone.
inline constexpr std::size_t kBodyReserveBytesMax = std::size_t{1} << 20;

// Appends a part of a body whose length was announced as `announced_bytes` (zero: not at all). A
// body that is as long as it says is copied once; a lie costs no more memory than
// kBodyReserveBytesMax or as much again as has really arrived.
inline void append_body(std::string& body, std::string_view part, std::size_t announced_bytes) {
  const std::size_t needed = body.size() + part.size();
  if (needed > body.capacity()) {
    const std::size_t ahead = std::max(kBodyReserveBytesMax, needed);
    body.reserve(std::max(needed, std::min(announced_bytes, needed + ahead)));
  }
  body += part;
}

}  // namespace waybill::net
