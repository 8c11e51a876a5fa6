// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "net/router.h"

// Parameters of a query string, checked. Every error is InvalidArgument, names the parameter and
// says what it takes. Parameters that are not known are passed over by who asks.
namespace waybill::api {

inline constexpr std::size_t kParameterBytesMax = 64 << 10;

// Valid escapes, valid UTF-8, no NUL, no name or value longer than kParameterBytesMax.
Result<net::QueryParams> parse_parameters(std::string_view query);

// A whole number in [min, max]; `otherwise` where the parameter is missing or empty.
struct CountRule {
  std::uint64_t min = 0;
  std::uint64_t max = UINT64_MAX;
  std::uint64_t otherwise = 0;
};
Result<std::uint64_t> count_parameter(const net::QueryParams& parameters, std::string_view name,
                                      const CountRule& rule);

// Nanoseconds in digits, or RFC 3339.
Result<UnixNanos> time_parameter(const net::QueryParams& parameters, std::string_view name,
                                 UnixNanos otherwise);

// The value for a message: cut after 40 bytes.
std::string quote(std::string_view value);

}  // namespace waybill::api
