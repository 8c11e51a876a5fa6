// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>
#include <vector>

#include "base/arena.h"

namespace waybill::storage {

// left == right, for texts that are short and mostly equal: without a call up to 16 bytes.
inline bool is_same_text(std::string_view left, std::string_view right) {
  if (left.size() != right.size()) {
    return false;
  }
  const std::size_t size = left.size();
  if (size < 8) {
    return left == right;
  }
  const auto differs = [&](std::size_t at) {
    std::uint64_t a = 0;
    std::uint64_t b = 0;
    std::memcpy(&a, left.data() + at, 8);
    std::memcpy(&b, right.data() + at, 8);
    return a != b;
  };
  if (differs(0) || differs(size - 8)) {
    return false;
  }
  return size <= 16 || std::memcmp(left.data() + 8, right.data() + 8, size - 16) == 0;
}

// Distinct texts with numbers from zero, in the order in which they came. Owns copies. One thread
// at a time.
class StringTable final {
 public:
  StringTable();

  // The text's number; a new one where it was not known, which size() tells.
  std::uint32_t add(std::string_view text);
  std::optional<std::uint32_t> find(std::string_view text) const;

  std::size_t size() const { return texts_.size(); }
  // Bytes of all texts.
  std::size_t text_bytes() const { return text_bytes_; }
  // Valid as long as the table. Requires: code < size().
  std::string_view at(std::uint32_t code) const { return texts_[code]; }

 private:
  static constexpr std::uint32_t kEmpty = UINT32_MAX;

  // Where the text is, or the free place where it belongs.
  std::size_t place_of(std::string_view text, std::uint64_t hash) const;
  void grow();

  Arena arena_;
  std::vector<std::string_view> texts_;
  std::vector<std::uint64_t> hashes_;
  std::vector<std::uint32_t> places_;  // code or kEmpty; a power of two of them
  std::size_t text_bytes_ = 0;
};

}  // namespace waybill::storage
