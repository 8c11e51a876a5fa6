// SPDX-License-Identifier: Apache-2.0
#include "api/own/search_page.h"
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "base/error.h"
#include "base/result.h"
#include "base/text.h"
#include "model/span.h"
#include "query/trace_summary.h"
#include "storage/scan.h"
#include "wire/json/json_writer.h"

namespace waybill::api::own {
namespace {

void write_summary(const storage::Trace& trace, wire::JsonWriter& json) {
  const query::TraceSummary summary = query::summarise(trace);
  const model::Span& root = *trace.spans[summary.root];
  json.begin_object().field("traceId", summary.id.hex());
  json.field("rootService", root.service()).field("rootOperation", root.name);
  json.field("rootMissing", summary.root_missing);
  json.key("startUnixNano").quoted(summary.start);
  json.key("durationNano").quoted(summary.duration_nanos);
  json.field("spanCount", summary.span_count).field("errorCount", summary.error_count);
  json.field("orphanCount", summary.orphan_count).key("services").begin_array();
  for (const query::ServiceUse& use : summary.services) {
    json.begin_object().field("name", use.name).field("spanCount", use.span_count);
    json.field("errorCount", use.error_count).end_object();
  }
  json.end_array().field("matchedCount", summary.matched_count).key("matched").begin_array();
  for (const std::uint32_t row : summary.matched) {
    const model::Span& span = *trace.spans[row];
    json.begin_object().field("spanId", span.span_id.hex()).field("service", span.service());
    json.field("name", span.name).key("startUnixNano").quoted(span.start);
    json.key("durationNano").quoted(span.duration()).end_object();
  }
  json.end_array().key("strip").begin_array();
  for (const query::StripCell& cell : summary.strip) {
    json.begin_array().value(cell.service).value(cell.has_error ? 1 : 0).end_array();
  }
  json.end_array().end_object();
}

}  // namespace

std::string print_cursor(const storage::ScanCursor& cursor, std::uint64_t question) {
  std::string out;
  append_hex(out, cursor.start, 16);
  append_hex(out, cursor.trace_id.high, 16);
  append_hex(out, cursor.trace_id.low, 16);
  append_hex(out, question, 16);
  return out;
}

Result<storage::ScanCursor> parse_cursor(std::string_view text, std::uint64_t question) {
  constexpr std::size_t kDigits = 64;
  constexpr std::string_view kNone = "parameter 'cursor' is no cursor of this server";
  if (text.size() != kDigits) {
    return invalid_argument(std::string(kNone));
  }
  const auto start = parse_hex(text.substr(0, 16));
  const auto id_high = parse_hex(text.substr(16, 16));
  const auto id_low = parse_hex(text.substr(32, 16));
  const auto asked = parse_hex(text.substr(48, 16));
  if (!start || !id_high || !id_low || !asked) {
    return invalid_argument(std::string(kNone));
  }
  if (*asked != question) {
    return invalid_argument(
        "parameter 'cursor' belongs to another search: q, from and to must stay as they were");
  }
  return storage::ScanCursor{*start, {*id_high, *id_low}};
}

void write_search_page(const storage::ScanPage& page, const std::optional<std::string>& next,
                       std::int64_t elapsed_micros, wire::JsonWriter& json) {
  json.begin_object().key("traces").begin_array();
  for (const storage::Trace& trace : page.traces) {
    write_summary(trace, json);
  }
  json.end_array().key("nextCursor");
  if (next) {
    json.value(*next);
  } else {
    json.null();
  }
  json.field("complete", page.complete).key("stats").begin_object();
  json.field("tracesInspected", page.stats.traces_inspected);
  json.field("spansInspected", page.stats.spans_inspected);
  json.field("elapsedMicros", elapsed_micros).end_object().end_object();
}

}  // namespace waybill::api::own
