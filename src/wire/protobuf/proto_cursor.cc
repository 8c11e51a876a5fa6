// SPDX-License-Identifier: Apache-2.0
#include "wire/protobuf/proto_cursor.h"

#include <array>
#include <cstddef>
#include <cstdint>

namespace waybill::wire {

std::uint64_t ProtoCursor::read_long_varint() {
  std::uint64_t value = 0;
  for (unsigned shift = 0; at_ != end_ && shift < 7 * kMaxVarintBytes; shift += 7) {
    const std::uint8_t byte = *at_++;
    // The tenth byte has room for one bit only; more would not fit the 64.
    if (shift == 63 && byte > 1) {
      break;
    }
    value |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
    if (byte < 0x80) {
      return value;
    }
  }
  fail();
  return 0;
}

void ProtoCursor::skip(std::uint32_t tag) {
  switch (static_cast<WireType>(tag & 7)) {
    case WireType::Varint:
      read_varint();
      return;
    case WireType::Fixed64:
      read_fixed64();
      return;
    case WireType::Length:
      read_bytes();
      return;
    case WireType::GroupBegin:
      skip_group(tag >> 3);
      return;
    case WireType::Fixed32:
      read_fixed32();
      return;
    case WireType::GroupEnd:
      break;
  }
  // A group ends that never began, or the wire type is none (6 and 7).
  fail();
}

// Without recursion, so that a message of nothing but group starts costs no stack.
void ProtoCursor::skip_group(std::uint32_t field_number) {
  std::array<std::uint32_t, kGroupDepthMax> open{};
  std::size_t depth = 1;
  open[0] = field_number;
  while (depth > 0) {
    const std::uint32_t tag = read_tag();
    if (!ok_) {
      return;
    }
    switch (static_cast<WireType>(tag & 7)) {
      case WireType::GroupBegin:
        if (depth == kGroupDepthMax) {
          fail();
          return;
        }
        open[depth++] = tag >> 3;
        break;
      case WireType::GroupEnd:
        if (open[--depth] != tag >> 3) {
          fail();
          return;
        }
        break;
      default:
        skip(tag);
        break;
    }
  }
}

}  // namespace waybill::wire
