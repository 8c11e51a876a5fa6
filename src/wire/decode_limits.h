// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace waybill::wire {

// What a decoder takes at the most. Within a request that can be read, what passes a limit is cut
// and counted, never dropped in silence; docs/guide/limits.md explains each.
struct DecodeLimits {
  std::size_t span_count_max = 1'000'000;  // spans of one request; more: those are refused
  std::size_t attribute_count_max =
      1024;  // of a span, resource or scope; more: dropped and counted in dropped_attributes_count
  std::size_t inner_attribute_count_max = 256;  // of an event or link
  std::size_t event_count_max = 4096;
  std::size_t link_count_max = 4096;
  std::size_t key_bytes_max = 4096;  // longer attribute keys: the attribute is dropped and counted
  std::size_t value_bytes_max = std::size_t{2}
                                << 20;  // longer strings and byte strings are cut at a character
  std::size_t name_bytes_max =
      64 << 10;              // names, status messages, versions, schema URLs: cut at a character
  int value_depth_max = 64;  // deeper arrays and lists become empty values
  std::size_t value_node_count_max =
      100'000;  // values inside the arrays and lists of one attribute; the rest are left out
  std::size_t arena_bytes_max =
      std::size_t{256} << 20;  // what decoding may take beyond the body; more: ResourceExhausted
};

// Why a span was refused. The names are labels of metrics.
enum class RefusedSpan : std::uint8_t {
  TraceIdLength,
  TraceIdZero,
  SpanIdLength,
  SpanIdZero,
  ParentIdLength,
  TooManySpans
};
inline constexpr std::size_t kRefusedSpanCount = 6;
std::string_view refused_span_name(RefusedSpan reason);  // "trace_id_length"

// What was cut from spans that were kept.
enum class Cut : std::uint8_t { Attributes, Events, Links, Keys, Values, Names, Depth };
inline constexpr std::size_t kCutCount = 7;
std::string_view cut_name(Cut cut);  // "attributes"

// Exact counts of both for one request.
struct DecodeCounts {
  std::array<std::uint64_t, kRefusedSpanCount> refused{};
  std::array<std::uint64_t, kCutCount> cut{};

  void add(RefusedSpan reason) { ++refused[static_cast<std::size_t>(reason)]; }
  void add(Cut what, std::uint64_t count = 1) { cut[static_cast<std::size_t>(what)] += count; }
  std::uint64_t refused_total() const;
};

}  // namespace waybill::wire
