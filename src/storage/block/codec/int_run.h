// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "storage/block/codec/block_bytes.h"

// A list of 64-bit integers in few bytes, with any of them readable by itself. Numbers are ordered
// as signed ones; differences wrap, so that any 64 bits can be stored.
//
// The head goes where it is read often (kind and numbers, docs/formats/block.md), the body, of
// packed bits, elsewhere:
//
//   Constant   head: value                                     body: none
//   Packed     head: least, greatest - least                   body: value - least, each width bits
//   Listed     head: distinct values, ascending                body: place in that list
//   Patched    head: least, greatest - least, width, patches   body: low width bits of the
//   difference
namespace waybill::storage {

enum class RunKind : std::uint8_t { Constant = 1, Packed = 2, Listed = 3, Patched = 4, Raw = 5 };

// Appends both parts. An empty list takes no bytes. One thread at a time.
void write_int_run(std::span<const std::uint64_t> values, ByteWriter& head, std::string& body);

// The list read back. Borrows the body. A value type; any thread.
class IntRun final {
 public:
  IntRun() = default;
  // Reads head and body; whichever fails says so by ok(). The list has `count` members.
  static IntRun read(std::size_t count, ByteCursor& head, ByteCursor& body);
  // One whose kind byte was read already.
  static IntRun read_kind(std::uint8_t kind, std::size_t count, ByteCursor& head, ByteCursor& body);
  // Needs the head only; at() must not be called then.
  static IntRun read_head(std::uint8_t kind, std::size_t count, ByteCursor& head);
  static IntRun constant(std::size_t count, std::uint64_t value);
  // Passes over one whose kind byte was read already.
  static void skip(std::uint8_t kind, std::size_t count, ByteCursor& head, ByteCursor& body);

  std::size_t size() const { return count_; }
  bool is_constant() const { return width_ == 0 && patches_.empty(); }
  // Bounds, as signed numbers: exact ones, or all numbers for a Raw run. Requires: size() > 0.
  std::int64_t least() const { return is_raw_ ? INT64_MIN : static_cast<std::int64_t>(least_); }
  std::int64_t greatest() const {
    return is_raw_ ? INT64_MAX : static_cast<std::int64_t>(greatest_);
  }
  // What a Listed run lists; else empty.
  std::span<const std::uint64_t> listed() const { return listed_; }
  // Place in listed(). Requires: listed() is not empty.
  std::uint64_t place(std::size_t index) const { return bits(index); }

  // Requires: index < size().
  std::uint64_t at(std::size_t index) const {
    const std::uint64_t low = bits(index);
    if (!listed_.empty()) {
      return listed_[low < listed_.size() ? static_cast<std::size_t>(low) : 0];
    }
    if (!patches_.empty()) [[unlikely]] {
      return least_ + low + patch(index);
    }
    return least_ + low;
  }
  void copy_to(std::span<std::uint64_t> out) const;

  // Whether every place of a Listed run names a value, and no packed difference passes the range;
  // reads the whole body.
  bool is_valid() const;

 private:
  struct Patch {
    std::uint32_t index;
    std::uint64_t high;  // to be added
  };

  std::uint64_t bits(std::size_t index) const {
    if (width_ == 0) {
      return 0;
    }
    const std::size_t bit = index * width_;
    const std::size_t byte = bit >> 3;
    const unsigned shift = bit & 7;
    std::uint64_t word = 0;
    if (byte + 8 <= body_.size()) [[likely]] {
      std::memcpy(&word, body_.data() + byte, 8);
    } else {
      std::memcpy(&word, body_.data() + byte, body_.size() - byte);
    }
    word >>= shift;
    if (width_ + shift > 64) {
      const auto next = static_cast<std::uint8_t>(body_[byte + 8]);
      word |= static_cast<std::uint64_t>(next) << (64 - shift);
    }
    return width_ == 64 ? word : word & ((std::uint64_t{1} << width_) - 1);
  }
  std::uint64_t patch(std::size_t index) const;
  void take_body(ByteCursor& body);

  std::size_t count_ = 0;
  unsigned width_ = 0;
  bool is_raw_ = false;
  std::uint64_t least_ = 0;
  std::uint64_t greatest_ = 0;
  std::string_view body_;
  std::vector<std::uint64_t> listed_;
  std::vector<Patch> patches_;
};

}  // namespace waybill::storage
