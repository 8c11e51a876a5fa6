// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

// Texts with numbers in them, taken apart: "/users/4711/orders?trace=9f86d081-884c-4d65-9a2f-..."
// is the pattern "/users/<number>/orders?trace=<uuid>", which repeats, and three numbers. Pure
// functions; any thread.
//
// In a pattern a number is a zero byte, a kind and a width:
//   d, 0       decimal without leading zeros, at most 18 digits
//   z, width   decimal of that many digits, at most 18
//   h, width   lower-case hex of that many digits, at most 16
//   u, 0       a UUID in lower-case hex with dashes; two numbers, high half first
namespace waybill::storage {

inline constexpr std::size_t kPatternNumbersMax = 16;
inline constexpr std::size_t kPatternTextBytesMax = 1024;

// True where the text has numbers to take out; fills both, which are cleared first. False for texts
// that are too long, have too many numbers or a zero byte in them.
bool split_pattern(std::string_view text, std::string& pattern,
                   std::vector<std::uint64_t>& numbers);

// How many numbers belong to a pattern; none, or more than kPatternNumbersMax, where it is
// malformed.
std::size_t pattern_number_count(std::string_view pattern);

// Appends the text. Requires: as many numbers as pattern_number_count says.
void append_pattern(std::string_view pattern, std::span<const std::uint64_t> numbers,
                    std::string& out);

}  // namespace waybill::storage
