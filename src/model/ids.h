// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/hash.h"

namespace waybill::model {

// 16 bytes, held as two big-endian halves, so that order is the order of the bytes. Zero is no id.
struct TraceId {
  std::uint64_t high = 0;
  std::uint64_t low = 0;

  bool is_zero() const { return (high | low) == 0; }
  // 32 lower-case hex digits.
  std::string hex() const;

  friend auto operator<=>(const TraceId&, const TraceId&) = default;
};

// 8 bytes, held big endian. Zero is no id.
struct SpanId {
  std::uint64_t value = 0;

  bool is_zero() const { return value == 0; }
  // 16 lower-case hex digits.
  std::string hex() const;

  friend auto operator<=>(const SpanId&, const SpanId&) = default;
};

// 1 to 32 hex digits in either case; shorter ids are padded with zeros on the left.
std::optional<TraceId> parse_trace_id(std::string_view hex);
// 1 to 16 hex digits in either case.
std::optional<SpanId> parse_span_id(std::string_view hex);

}  // namespace waybill::model

template <>
struct std::hash<waybill::model::TraceId> {
  // Ids that are not random (padded 64 bit ones, counters) must spread too, so both halves are
  // mixed.
  std::size_t operator()(const waybill::model::TraceId& id) const noexcept {
    return waybill::mix64(id.low ^ (id.high * 0x9e3779b97f4a7c15U));
  }
};

template <>
struct std::hash<waybill::model::SpanId> {
  std::size_t operator()(const waybill::model::SpanId& id) const noexcept {
    return waybill::mix64(id.value);
  }
};
