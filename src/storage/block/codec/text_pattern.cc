// SPDX-License-Identifier: Apache-2.0
#include "storage/block/codec/text_pattern.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/text.h"

namespace waybill::storage {
namespace {

constexpr std::size_t kUuidBytes = 36;
constexpr std::size_t kDigitsMax = 18;
constexpr std::size_t kHexDigitsMax = 16;
constexpr std::size_t kHexRunMin = 8;

// Classes of characters as bits of a table, since every character of a text is asked.
constexpr std::uint8_t kDigit = 1;
constexpr std::uint8_t kHex = 2;
constexpr std::uint8_t kWord = 4;

constexpr std::array<std::uint8_t, 256> kClasses = [] {
  std::array<std::uint8_t, 256> classes{};
  for (std::size_t c = 0; c < classes.size(); ++c) {
    const bool is_decimal = c >= '0' && c <= '9';
    const bool is_lower = c >= 'a' && c <= 'z';
    const bool is_upper = c >= 'A' && c <= 'Z';
    classes[c] = static_cast<std::uint8_t>((is_decimal ? kDigit : 0) |
                                           (is_decimal || (is_lower && c <= 'f') ? kHex : 0) |
                                           (is_decimal || is_lower || is_upper ? kWord : 0));
  }
  return classes;
}();

std::uint8_t class_of(char c) { return kClasses[static_cast<unsigned char>(c)]; }
bool is_digit(char c) { return (class_of(c) & kDigit) != 0; }
bool is_hex(char c) { return (class_of(c) & kHex) != 0; }
bool is_word(char c) { return (class_of(c) & kWord) != 0; }
std::uint64_t hex_value(char c) {
  return static_cast<std::uint64_t>(is_digit(c) ? c - '0' : c - 'a' + 10);
}

bool is_dash_place(std::size_t i) { return i == 8 || i == 13 || i == 18 || i == 23; }

// Reads a UUID; false where there is none.
bool read_uuid(std::string_view text, std::uint64_t& high, std::uint64_t& low) {
  if (text.size() < kUuidBytes || text[8] != '-' || text[13] != '-' || text[18] != '-' ||
      text[23] != '-') {
    return false;
  }
  high = 0;
  low = 0;
  std::size_t digits = 0;
  for (std::size_t i = 0; i < kUuidBytes; ++i) {
    if (is_dash_place(i)) {
      continue;
    }
    if (!is_hex(text[i])) {
      return false;
    }
    std::uint64_t& half = digits < 16 ? high : low;
    half = (half << 4) | hex_value(text[i]);
    ++digits;
  }
  return true;
}

class Splitter final {
 public:
  Splitter(std::string_view text, std::string& pattern, std::vector<std::uint64_t>& numbers)
      : text_(text), pattern_(pattern), numbers_(numbers) {}

  bool run() {
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '\0') {
        return false;
      }
      const bool starts_word = at_ == 0 || !is_word(text_[at_ - 1]);
      if (is_digit(c) || (starts_word && is_hex(c))) {
        take(starts_word);
      } else {
        copy(at_ + 1);
      }
      if (numbers_.size() > kPatternNumbersMax) {
        return false;
      }
    }
    copied(text_.size());
    return !numbers_.empty();
  }

 private:
  void copy(std::size_t end) { at_ = end; }
  // Appends the literal text up to here.
  void copied(std::size_t end) {
    pattern_.append(text_, literal_, end - literal_);
    literal_ = end;
  }
  void mark(char kind, std::size_t width, std::size_t end) {
    copied(at_);
    pattern_.push_back('\0');
    pattern_.push_back(kind);
    pattern_.push_back(static_cast<char>(width));
    at_ = end;
    literal_ = end;
  }

  void take(bool starts_word) {
    std::size_t digits_end = at_;
    while (digits_end < text_.size() && is_digit(text_[digits_end])) {
      ++digits_end;
    }
    if (starts_word && take_hex(digits_end)) {
      return;
    }
    if (digits_end == at_) {
      copy(at_ + 1);
      return;
    }
    take_digits(digits_end);
  }

  // A UUID, or a word of hex digits that is no plain number and no plain word.
  bool take_hex(std::size_t digits_end) {
    std::size_t end = digits_end;
    bool has_digit = digits_end > at_;
    while (end < text_.size() && is_hex(text_[end])) {
      has_digit = has_digit || is_digit(text_[end]);
      ++end;
    }
    if (end < text_.size() && is_word(text_[end])) {
      return false;
    }
    std::uint64_t high = 0;
    std::uint64_t low = 0;
    if (end - at_ == 8 && read_uuid(text_.substr(at_), high, low)) {
      mark('u', 0, at_ + kUuidBytes);
      numbers_.push_back(high);
      numbers_.push_back(low);
      return true;
    }
    const bool is_plain_number = digits_end == end && end - at_ <= kDigitsMax;
    if (end - at_ < kHexRunMin || is_plain_number || !has_digit) {
      return false;
    }
    while (at_ < end && numbers_.size() <= kPatternNumbersMax) {
      const std::size_t width = std::min(end - at_, kHexDigitsMax);
      std::uint64_t value = 0;
      for (std::size_t i = at_; i < at_ + width; ++i) {
        value = (value << 4) | hex_value(text_[i]);
      }
      mark('h', width, at_ + width);
      numbers_.push_back(value);
    }
    return true;
  }

  void take_digits(std::size_t end) {
    const std::size_t width = end - at_;
    if (width > kDigitsMax) {
      copy(end);
      return;
    }
    std::uint64_t value = 0;
    for (std::size_t i = at_; i < end; ++i) {
      value = value * 10 + static_cast<std::uint64_t>(text_[i] - '0');
    }
    const bool is_padded = text_[at_] == '0' && width > 1;
    mark(is_padded ? 'z' : 'd', is_padded ? width : 0, end);
    numbers_.push_back(value);
  }

  std::string_view text_;
  std::string& pattern_;
  std::vector<std::uint64_t>& numbers_;
  std::size_t at_ = 0;
  std::size_t literal_ = 0;  // up to here the text is in the pattern
};

void append_decimal(std::string& out, std::uint64_t value, std::size_t width) {
  char digits[20];
  const auto end = std::to_chars(digits, digits + sizeof(digits), value).ptr;
  const auto size = static_cast<std::size_t>(end - digits);
  if (size < width) {
    out.append(width - size, '0');
  }
  out.append(digits, size);
}

void append_uuid(std::string& out, std::uint64_t high, std::uint64_t low) {
  append_hex(out, high >> 32, 8);
  out.push_back('-');
  append_hex(out, (high >> 16) & 0xffff, 4);
  out.push_back('-');
  append_hex(out, high & 0xffff, 4);
  out.push_back('-');
  append_hex(out, low >> 48, 4);
  out.push_back('-');
  append_hex(out, low & 0xffffffffffffU, 12);
}

}  // namespace

bool split_pattern(std::string_view text, std::string& pattern,
                   std::vector<std::uint64_t>& numbers) {
  pattern.clear();
  numbers.clear();
  if (text.size() > kPatternTextBytesMax) {
    return false;
  }
  return Splitter(text, pattern, numbers).run();
}

std::size_t pattern_number_count(std::string_view pattern) {
  constexpr std::size_t kMalformed = kPatternNumbersMax + 1;
  std::size_t count = 0;
  if (pattern.size() > 4 * kPatternTextBytesMax) {
    return kMalformed;
  }
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] != '\0') {
      continue;
    }
    if (i + 2 >= pattern.size()) {
      return kMalformed;
    }
    const char kind = pattern[i + 1];
    const auto width = static_cast<unsigned char>(pattern[i + 2]);
    const bool is_valid = ((kind == 'd' || kind == 'u') && width == 0) ||
                          (kind == 'z' && width >= 1 && width <= kDigitsMax) ||
                          (kind == 'h' && width >= 1 && width <= kHexDigitsMax);
    if (!is_valid) {
      return kMalformed;
    }
    count += kind == 'u' ? 2 : 1;
    i += 2;
  }
  return count;
}

void append_pattern(std::string_view pattern, std::span<const std::uint64_t> numbers,
                    std::string& out) {
  std::size_t next = 0;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    const std::size_t zero = std::min(pattern.find('\0', i), pattern.size());
    out.append(pattern, i, zero - i);
    i = zero;
    if (i + 2 >= pattern.size()) {
      return;
    }
    const char kind = pattern[i + 1];
    const auto width = static_cast<unsigned char>(pattern[i + 2]);
    i += 2;
    if (kind == 'u') {
      append_uuid(out, numbers[next], numbers[next + 1]);
      next += 2;
    } else if (kind == 'h') {
      append_hex(out, numbers[next++], width);
    } else {
      append_decimal(out, numbers[next++], width);
    }
  }
}

}  // namespace waybill::storage
