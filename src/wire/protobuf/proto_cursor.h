// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "base/bytes.h"

namespace waybill::wire {

// How the bytes after a field's tag are laid out
// (https://protobuf.dev/programming-guides/encoding).
enum class WireType : std::uint8_t {
  Varint = 0,
  Fixed64 = 1,
  Length = 2,
  GroupBegin = 3,
  GroupEnd = 4,
  Fixed32 = 5
};

// A field's number and wire type as one number, as the wire has them. A decoder switches over whole
// tags, so a known field of another wire type falls to the unknown ones by itself.
constexpr std::uint32_t proto_tag(std::uint32_t field_number, WireType type) {
  return (field_number << 3) | static_cast<std::uint32_t>(type);
}

// Reads a protobuf message field by field, without copying.
//
// Borrows the bytes: they must outlive the cursor and every value it returns. One thread at a time.
// Never reads past the end; after the first malformed byte every read returns zero, at_end() is
// true and ok() stays false, so that a decoder checks once, at the end. Varints are at most
// kMaxVarintBytes long and fit 64 bits; groups nest at most kGroupDepthMax deep.
class ProtoCursor final {
 public:
  static constexpr std::size_t kMaxVarintBytes = 10;
  static constexpr std::size_t kGroupDepthMax = 64;

  explicit ProtoCursor(Bytes message)
      : at_(message.data()), end_(message.data() + message.size()) {}

  bool ok() const { return ok_; }
  bool at_end() const { return at_ == end_; }

  // The next field's tag; zero, and not ok(), where it is truncated, passes 32 bits or has the
  // field number zero.
  std::uint32_t read_tag() {
    const std::uint64_t tag = read_varint();
    if (tag < 8 || tag > UINT32_MAX) [[unlikely]] {
      fail();
      return 0;
    }
    return static_cast<std::uint32_t>(tag);
  }

  std::uint64_t read_varint() {
    if (at_ != end_ && *at_ < 0x80) [[likely]] {
      return *at_++;
    }
    return read_long_varint();
  }

  std::uint64_t read_fixed64() { return read_fixed<std::uint64_t>(); }
  std::uint32_t read_fixed32() { return read_fixed<std::uint32_t>(); }
  double read_double() { return std::bit_cast<double>(read_fixed64()); }

  // The bytes of a length-delimited field. The length is checked before it is used.
  Bytes read_bytes() {
    const std::uint64_t size_bytes = read_varint();
    if (size_bytes > static_cast<std::uint64_t>(end_ - at_)) [[unlikely]] {
      fail();
      return {};
    }
    const Bytes bytes(at_, static_cast<std::size_t>(size_bytes));
    at_ += size_bytes;
    return bytes;
  }
  std::string_view read_text() { return as_text(read_bytes()); }

  // Passes over the value of the field whose tag was read last, groups included.
  void skip(std::uint32_t tag);

  // Ends reading, for a decoder that finds a fault of its own.
  void fail() {
    at_ = end_;
    ok_ = false;
  }

 private:
  template <typename T>
  T read_fixed() {
    static_assert(std::endian::native == std::endian::little);
    T value = 0;
    if (static_cast<std::size_t>(end_ - at_) < sizeof(T)) [[unlikely]] {
      fail();
      return 0;
    }
    std::memcpy(&value, at_, sizeof(T));
    at_ += sizeof(T);
    return value;
  }

  std::uint64_t read_long_varint();
  void skip_group(std::uint32_t field_number);

  const std::uint8_t* at_;
  const std::uint8_t* end_;
  bool ok_ = true;
};

}  // namespace waybill::wire
