// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace waybill::storage {

// Appends the numbers and texts that a block is made of (docs/formats/block.md). One thread at a
// time.
class ByteWriter final {
 public:
  void byte(std::uint8_t value) { out_.push_back(static_cast<char>(value)); }
  void varint(std::uint64_t value) {
    char bytes[10];
    std::size_t size = 0;
    while (value >= 0x80) {
      bytes[size++] = static_cast<char>((value & 0x7F) | 0x80);
      value >>= 7;
    }
    bytes[size++] = static_cast<char>(value);
    out_.append(bytes, size);
  }
  // Small numbers of either sign in few bytes.
  void zigzag(std::uint64_t value) { varint((value << 1) ^ (0 - (value >> 63))); }
  void fixed32(std::uint32_t value) { fixed(value); }
  void fixed64(std::uint64_t value) { fixed(value); }
  void raw(std::string_view bytes) { out_ += bytes; }
  // Length, then bytes.
  void text(std::string_view text) {
    varint(text.size());
    out_ += text;
  }

  std::size_t size() const { return out_.size(); }
  const std::string& bytes() const { return out_; }
  std::string& bytes() { return out_; }

 private:
  template <typename T>
  void fixed(T value) {
    char bytes[sizeof(T)];
    std::memcpy(bytes, &value, sizeof(T));
    out_.append(bytes, sizeof(T));
  }

  std::string out_;
};

// Reads what ByteWriter wrote. Borrows the bytes. After the first read past the end every read
// gives zero and ok() stays false, so that a decoder checks once, at the end. One thread at a time.
class ByteCursor final {
 public:
  explicit ByteCursor(std::string_view bytes) : rest_(bytes) {}

  bool ok() const { return ok_; }
  bool at_end() const { return rest_.empty(); }
  std::size_t rest_bytes() const { return rest_.size(); }
  // Ends reading, for a decoder that finds a fault of its own.
  void fail() {
    rest_ = {};
    ok_ = false;
  }

  std::uint8_t byte() {
    if (rest_.empty()) {
      fail();
      return 0;
    }
    const auto value = static_cast<std::uint8_t>(rest_.front());
    rest_.remove_prefix(1);
    return value;
  }
  std::uint64_t varint() {
    if (!rest_.empty() && static_cast<std::uint8_t>(rest_.front()) < 0x80) [[likely]] {
      const auto value = static_cast<std::uint8_t>(rest_.front());
      rest_.remove_prefix(1);
      return value;
    }
    return long_varint();
  }
  std::uint64_t zigzag() {
    const std::uint64_t value = varint();
    return (value >> 1) ^ (0 - (value & 1));
  }
  std::uint32_t fixed32() { return fixed<std::uint32_t>(); }
  std::uint64_t fixed64() { return fixed<std::uint64_t>(); }
  std::string_view raw(std::uint64_t size_bytes) {
    if (size_bytes > rest_.size()) {
      fail();
      return {};
    }
    const std::string_view bytes = rest_.substr(0, static_cast<std::size_t>(size_bytes));
    rest_.remove_prefix(bytes.size());
    return bytes;
  }
  std::string_view text() { return raw(varint()); }
  // A count of things that take at least one byte each, so that none is believed that can not be.
  std::size_t count(std::uint64_t count_max = UINT64_MAX) {
    const std::uint64_t value = varint();
    if (value > rest_.size() || value > count_max) {
      fail();
      return 0;
    }
    return static_cast<std::size_t>(value);
  }
  // A number that must not pass the limit.
  std::uint64_t varint_up_to(std::uint64_t limit) {
    const std::uint64_t value = varint();
    if (value > limit) {
      fail();
      return 0;
    }
    return value;
  }

 private:
  std::uint64_t long_varint() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      const std::uint64_t next = byte();
      if (shift == 63 && next > 1) {
        break;
      }
      value |= (next & 0x7F) << shift;
      if (next < 0x80) {
        return value;
      }
    }
    fail();
    return 0;
  }
  template <typename T>
  T fixed() {
    T value = 0;
    const std::string_view bytes = raw(sizeof(T));
    if (bytes.size() == sizeof(T)) {
      std::memcpy(&value, bytes.data(), sizeof(T));
    }
    return value;
  }

  std::string_view rest_;
  bool ok_ = true;
};

}  // namespace waybill::storage
