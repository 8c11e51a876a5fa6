// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace waybill {

// Nanoseconds since 1970-01-01T00:00:00Z, as OTLP carries them: unsigned 64 bit, any value is legal
// (0 to the year 2554).
using UnixNanos = std::uint64_t;

// Half open: begin <= t < end.
struct TimeRange {
  UnixNanos begin = 0;
  UnixNanos end = UINT64_MAX;

  friend bool operator==(const TimeRange&, const TimeRange&) = default;
};

// "2026-11-21T12:00:00.123456789Z"; the fraction is left out where it is zero.
std::string print_rfc3339(UnixNanos time);

// Reads RFC 3339 with any offset and up to nine digits of fraction, 1970 to 2554.
std::optional<UnixNanos> parse_rfc3339(std::string_view text);

// A duration for people: three significant digits with its unit: "1.2 s", "345 ms", "12 µs", "2 m 3
// s".
std::string print_duration(std::int64_t nanos);

// Reads one duration as Go's time.ParseDuration does ("1h2m3.5s", "300ms", "5us", "10µs", "-1s"),
// in nanoseconds. No value where the text is malformed, has no unit or passes 2^63 nanoseconds.
std::optional<std::int64_t> parse_duration(std::string_view text);

}  // namespace waybill
