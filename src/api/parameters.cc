// SPDX-License-Identifier: Apache-2.0
#include "api/parameters.h"

#include <fmt/format.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/result.h"
#include "base/text.h"
#include "base/time.h"
#include "net/router.h"

namespace waybill::api {
namespace {

constexpr std::size_t kQuotedBytesMax = 40;

Result<void> check_text(std::string_view text, std::string_view what) {
  if (text.size() > kParameterBytesMax) {
    return invalid_argument(fmt::format("{} is longer than {} bytes", what, kParameterBytesMax));
  }
  if (!is_valid_utf8(text)) {
    return invalid_argument(fmt::format("{} is not valid UTF-8", what));
  }
  if (text.find('\0') != std::string_view::npos) {
    return invalid_argument(fmt::format("{} has a NUL in it", what));
  }
  return {};
}

}  // namespace

std::string quote(std::string_view value) {
  std::string out = "'";
  append_valid_utf8(out, utf8_prefix(value, kQuotedBytesMax));
  out += value.size() > kQuotedBytesMax ? "...'" : "'";
  return out;
}

Result<net::QueryParams> parse_parameters(std::string_view query) {
  net::QueryParams parameters(query);
  if (!parameters.fault().empty()) {
    return invalid_argument(std::string(parameters.fault()));
  }
  for (const auto& [name, value] : parameters.entries()) {
    TRY(check_text(name, "the name of a parameter"));
    TRY(check_text(value, "parameter " + quote(name)));
  }
  return parameters;
}

Result<std::uint64_t> count_parameter(const net::QueryParams& parameters, std::string_view name,
                                      const CountRule& rule) {
  const std::string_view text = parameters.get(name).value_or("");
  if (text.empty()) {
    return rule.otherwise;
  }
  const std::optional<std::uint64_t> value = parse_uint64(text);
  if (!value || *value < rule.min || *value > rule.max) {
    return invalid_argument(
        fmt::format("parameter '{}' must be a whole number from {} to {}, not {}", name, rule.min,
                    rule.max, quote(text)));
  }
  return *value;
}

Result<UnixNanos> time_parameter(const net::QueryParams& parameters, std::string_view name,
                                 UnixNanos otherwise) {
  const std::string_view text = parameters.get(name).value_or("");
  if (text.empty()) {
    return otherwise;
  }
  if (const std::optional<std::uint64_t> nanos = parse_uint64(text)) {
    return *nanos;
  }
  if (const std::optional<UnixNanos> time = parse_rfc3339(text)) {
    return *time;
  }
  return invalid_argument(
      fmt::format("parameter '{}' must be a time in nanoseconds since 1970 or as in "
                  "2026-11-21T12:00:00Z, not {}",
                  name, quote(text)));
}

}  // namespace waybill::api
