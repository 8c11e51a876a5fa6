// SPDX-License-Identifier: Apache-2.0
#include "api/own/search_page.h"
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

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

// A cursor is a row of words of 16 hex digits: the question, the place (start and id), and the ids
// that are pending.
constexpr std::size_t kWordDigits = 16;
constexpr std::size_t kWordsMax = 4 + 2 * storage::ScanCursor::kPendingMax;

void append_id(std::string& out, const model::TraceId& id) {
  append_hex(out, id.high, kWordDigits);
  append_hex(out, id.low, kWordDigits);
}

}  // namespace

std::string print_cursor(const storage::ScanCursor& cursor, std::uint64_t question) {
  std::string out;
  append_hex(out, question, 16);
  append_hex(out, cursor.place.start, 16);
  append_id(out, cursor.place.trace_id);
  for (const model::TraceId& id : cursor.pending) {
    append_id(out, id);
  }
  return out;
}

Result<storage::ScanCursor> parse_cursor(std::string_view text, std::uint64_t question) {
  constexpr std::size_t kWordsMin = 4;
  std::vector<std::uint64_t> words;
  for (std::size_t at = 0; at < text.size(); at += kWordDigits) {
    const auto word = parse_hex(text.substr(at, kWordDigits));
    if (!word || text.size() - at < kWordDigits || words.size() == kWordsMax) {
      return invalid_argument("parameter 'cursor' is no cursor of this server");
    }
    words.push_back(*word);
  }
  if (words.size() < kWordsMin || words.size() % 2 != 0) {
    return invalid_argument("parameter 'cursor' is no cursor of this server");
  }
  if (words[0] != question) {
    return invalid_argument(
        "parameter 'cursor' belongs to another search: q, from and to must stay as they were");
  }
  storage::ScanCursor cursor{{words[1], {words[2], words[3]}}, {}};
  for (std::size_t i = kWordsMin; i < words.size(); i += 2) {
    cursor.pending.push_back({words[i], words[i + 1]});
  }
  return cursor;
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
  json.field("complete", page.complete);
  json.field("unreadableBlocks", page.unreadable_block_count).key("stats").begin_object();
  json.field("tracesInspected", page.stats.traces_inspected);
  json.field("spansInspected", page.stats.spans_inspected);
  json.field("elapsedMicros", elapsed_micros).end_object().end_object();
}

}  // namespace waybill::api::own
