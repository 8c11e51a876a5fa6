// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace waybill {

bool is_valid_utf8(std::string_view text);

// Appends the text with each invalid byte sequence replaced by U+FFFD.
void append_valid_utf8(std::string& out, std::string_view text);

// The longest prefix of at most `size_bytes` that does not cut a UTF-8 sequence in two.
std::string_view utf8_prefix(std::string_view text, std::size_t size_bytes);

// Lower-case hex, most significant digit first.
void append_hex(std::string& out, std::uint64_t value, int digits);
void append_hex(std::string& out, Bytes bytes);
// Digits in either case; no value for an empty text, another character or more than 16 digits.
std::optional<std::uint64_t> parse_hex(std::string_view digits);

// Standard alphabet with padding (RFC 4648, section 4).
void append_base64(std::string& out, Bytes bytes);
// Standard or URL alphabet, padding optional; no value if malformed.
std::optional<std::string> parse_base64(std::string_view text);

// Whole text as a number in base ten; no value if anything is left over or out of range.
std::optional<std::int64_t> parse_int64(std::string_view text);
std::optional<std::uint64_t> parse_uint64(std::string_view text);
std::optional<double> parse_double(std::string_view text);

// The shortest text that reads back as the same double; "NaN", "Infinity", "-Infinity".
void append_double(std::string& out, double value);

// ASCII only.
std::string to_lower(std::string_view text);
bool equals_ignoring_case(std::string_view left, std::string_view right);
std::string_view trim(std::string_view text);

// "1.5 MiB" for people.
std::string print_size(std::uint64_t size_bytes);

}  // namespace waybill
