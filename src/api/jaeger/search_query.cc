// SPDX-License-Identifier: Apache-2.0
#include "api/jaeger/search_query.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/parameters.h"
#include "base/error.h"
#include "base/result.h"
#include "base/text.h"
#include "base/time.h"
#include "model/ids.h"
#include "net/router.h"
#include "storage/filter.h"
#include "storage/scan.h"
#include "wire/json/json_value.h"

namespace waybill::api::jaeger {
namespace {

constexpr std::uint64_t kMicro = 1000;
constexpr std::uint64_t kDay = 86'400'000'000'000U;

using Tags = std::vector<std::pair<std::string, std::string>>;

// What both spellings boil down to.
struct Wanted {
  std::string_view service;
  std::string_view operation;
  Tags tags;
  std::int64_t duration_min = 0;
  std::int64_t duration_max = 0;  // 0: no limit
};

Error malformed(std::string_view name, std::string_view why) {
  return invalid_argument(fmt::format("malformed parameter {}: {}", name, why));
}

// A tag's value as text; no value for null, lists and objects.
std::optional<std::string> tag_text(const wire::JsonValue& value) {
  if (const auto text = value.text()) {
    return std::string(*text);
  }
  if (const auto flag = value.boolean()) {
    return *flag ? "true" : "false";
  }
  if (const auto integer = value.integer()) {
    return std::to_string(*integer);
  }
  if (const auto number = value.number()) {
    std::string text;
    append_double(text, *number);
    return text;
  }
  return std::nullopt;
}

Result<void> add_json_tags(std::string_view name, std::string_view text, Tags& tags) {
  const Result<wire::JsonValue> document = wire::JsonValue::parse(text);
  if (!document) {
    return malformed(name, document.error().message);
  }
  if (!document->is_object()) {
    return malformed(name, "expecting a JSON object of texts");
  }
  for (const auto& [key, value] : document->members()) {
    std::optional<std::string> wanted = tag_text(value);
    if (!wanted) {
      return malformed(name, "the value of " + quote(key) + " must be a text");
    }
    tags.emplace_back(key, *std::move(wanted));
  }
  return {};
}

Result<Tags> parse_tags(const net::QueryParams& parameters) {
  Tags tags;
  for (const std::string_view tag : parameters.all("tag")) {
    const std::size_t colon = tag.find(':');
    if (colon == std::string_view::npos) {
      return malformed("tag", "expecting key:value, not " + quote(tag));
    }
    tags.emplace_back(tag.substr(0, colon), tag.substr(colon + 1));
  }
  for (const std::string_view text : parameters.all("tags")) {
    if (!text.empty()) {
      TRY(add_json_tags("tags", text, tags));
    }
  }
  return tags;
}

Result<std::int64_t> parse_duration_value(const NamedValue& given) {
  if (given.value.empty()) {
    return std::int64_t{0};
  }
  const std::optional<std::int64_t> nanos = parse_duration(given.value);
  if (!nanos || *nanos < 0) {
    return malformed(given.name,
                     "expecting a duration such as 1.5s or 200ms, not " + quote(given.value));
  }
  return *nanos;
}

Result<void> set_durations(const NamedValue& min, const NamedValue& max, Wanted& wanted) {
  wanted.duration_min = TRY(parse_duration_value(min));
  wanted.duration_max = TRY(parse_duration_value(max));
  if (wanted.duration_max != 0 && wanted.duration_max < wanted.duration_min) {
    return invalid_argument(fmt::format("'{}' should be greater than '{}'", max.name, min.name));
  }
  return {};
}

storage::Filter make_filter(const Wanted& wanted) {
  using storage::Column;
  using storage::Compare;
  std::vector<storage::Filter> tests;
  const auto add = [&](Column column, std::string key, Compare compare, storage::Operand operand) {
    tests.push_back(storage::Filter::test({column, std::move(key), compare, std::move(operand)}));
  };
  if (!wanted.service.empty()) {
    add(Column::Service, "", Compare::Equal, std::string(wanted.service));
  }
  if (!wanted.operation.empty()) {
    add(Column::Name, "", Compare::Equal, std::string(wanted.operation));
  }
  if (wanted.duration_min > 0) {
    add(Column::Duration, "", Compare::GreaterEqual, wanted.duration_min);
  }
  if (wanted.duration_max > 0) {
    add(Column::Duration, "", Compare::LessEqual, wanted.duration_max);
  }
  for (const auto& [key, value] : wanted.tags) {
    add(Column::AnyAttribute, key, Compare::Equal, storage::TextForm{value});
  }
  return tests.empty() ? storage::Filter{} : storage::Filter::all_of(std::move(tests));
}

// Zero means the default here, as it does to Jaeger's stores.
Result<std::size_t> parse_limit(const net::QueryParams& parameters, std::string_view name) {
  const std::uint64_t limit =
      TRY(count_parameter(parameters, name, {0, kSearchCountMax, kSearchCountDefault}));
  return static_cast<std::size_t>(limit == 0 ? kSearchCountDefault : limit);
}

// Jaeger's ranges hold both ends; ours do not hold the last.
UnixNanos just_behind(UnixNanos last, std::uint64_t unit_nanos) {
  return last > UINT64_MAX - unit_nanos ? UINT64_MAX : last + unit_nanos;
}

Result<std::vector<model::TraceId>> parse_ids(const net::QueryParams& parameters) {
  std::vector<model::TraceId> ids;
  for (const std::string_view text : parameters.all("traceID")) {
    const Result<model::TraceId> id = parse_id(text);
    if (!id) {
      return invalid_argument("cannot parse traceID param: " + id.error().message);
    }
    if (std::find(ids.begin(), ids.end(), *id) == ids.end()) {
      ids.push_back(*id);
    }
    if (ids.size() > kTraceIdCountMax) {
      return invalid_argument(fmt::format("more than {} traceID parameters", kTraceIdCountMax));
    }
  }
  return ids;
}

}  // namespace

Result<model::TraceId> parse_id(std::string_view text) {
  constexpr std::size_t kBase64DigitsMax = 24;
  if (const std::optional<model::TraceId> id = model::parse_trace_id(text)) {
    return *id;
  }
  const std::optional<std::string> bytes =
      text.size() <= kBase64DigitsMax ? parse_base64(text) : std::nullopt;
  if (!bytes || (bytes->size() != 8 && bytes->size() != 16)) {
    return invalid_argument("a trace id has 1 to 32 hex digits, not " + quote(text));
  }
  model::TraceId id;
  for (const char byte : *bytes) {
    id.high = (id.high << 8) | (id.low >> 56);
    id.low = (id.low << 8) | static_cast<std::uint8_t>(byte);
  }
  return id;
}

Result<bool> bool_parameter(const net::QueryParams& parameters, std::string_view name) {
  constexpr std::array<std::string_view, 6> kTrue = {"1", "t", "T", "TRUE", "true", "True"};
  constexpr std::array<std::string_view, 6> kFalse = {"0", "f", "F", "FALSE", "false", "False"};
  const std::string_view text = parameters.get(name).value_or("");
  if (std::find(kTrue.begin(), kTrue.end(), text) != kTrue.end()) {
    return true;
  }
  if (text.empty() || std::find(kFalse.begin(), kFalse.end(), text) != kFalse.end()) {
    return false;
  }
  return malformed(name, "expecting true or false, not " + quote(text));
}

Result<UnixNanos> epoch_parameter(const net::QueryParams& parameters, std::string_view name,
                                  std::uint64_t unit_nanos, UnixNanos otherwise) {
  const std::string_view text = parameters.get(name).value_or("");
  if (text.empty()) {
    return otherwise;
  }
  const std::optional<std::uint64_t> count = parse_uint64(text);
  if (!count) {
    return malformed(name, "expecting a whole number, not " + quote(text));
  }
  return *count > UINT64_MAX / unit_nanos ? UINT64_MAX : *count * unit_nanos;
}

NamedValue with_alias(const net::QueryParams& parameters, std::string_view name,
                      std::string_view alias) {
  const std::string_view value = parameters.get(name).value_or("");
  if (!value.empty()) {
    return {name, value};
  }
  const std::string_view older = parameters.get(alias).value_or("");
  return older.empty() ? NamedValue{name, ""} : NamedValue{alias, older};
}

Result<TracesQuery> parse_traces_query(const net::QueryParams& parameters, UnixNanos now) {
  TracesQuery query;
  query.trace_ids = TRY(parse_ids(parameters));
  query.raw = TRY(bool_parameter(parameters, "raw"));
  storage::ScanRequest& search = query.search;
  const UnixNanos two_days_ago = now > 2 * kDay ? now - 2 * kDay : 0;
  search.time.begin = TRY(epoch_parameter(parameters, "start", kMicro, two_days_ago));
  const UnixNanos last = TRY(epoch_parameter(parameters, "end", kMicro, now));
  search.time.end = just_behind(last, kMicro);
  search.trace_count_max = TRY(parse_limit(parameters, "limit"));
  Wanted wanted;
  wanted.service = parameters.get("service").value_or("");
  wanted.operation = parameters.get("operation").value_or("");
  wanted.tags = TRY(parse_tags(parameters));
  TRY(set_durations({"minDuration", parameters.get("minDuration").value_or("")},
                    {"maxDuration", parameters.get("maxDuration").value_or("")}, wanted));
  search.filter = make_filter(wanted);
  if (!query.trace_ids.empty()) {
    return query;
  }
  if (wanted.service.empty()) {
    return invalid_argument("parameter 'service' is required");
  }
  if (search.time.begin > last) {
    return invalid_argument("'start' must not be after 'end'");
  }
  return query;
}

std::optional<UnixNanos> parse_time(std::string_view text) {
  constexpr std::size_t kOffsetBytes = 6;  // of "+02:00"
  std::string mended(text);
  if (mended.size() > kOffsetBytes && mended[mended.size() - kOffsetBytes] == ' ') {
    mended[mended.size() - kOffsetBytes] = '+';
  }
  return parse_rfc3339(mended);
}

Result<storage::ScanRequest> parse_v3_query(const net::QueryParams& parameters) {
  Wanted wanted;
  wanted.service = with_alias(parameters, "query.serviceName", "query.service_name").value;
  wanted.operation = with_alias(parameters, "query.operationName", "query.operation_name").value;
  const std::string_view attributes = parameters.get("query.attributes").value_or("");
  if (!attributes.empty()) {
    TRY(add_json_tags("query.attributes", attributes, wanted.tags));
  }
  if (!parameters.get("query.filter").value_or("").empty()) {
    return malformed("query.filter", "structured filters are not supported");
  }
  const NamedValue min = with_alias(parameters, "query.startTimeMin", "query.start_time_min");
  const NamedValue max = with_alias(parameters, "query.startTimeMax", "query.start_time_max");
  if (min.value.empty() || max.value.empty()) {
    return invalid_argument("query.startTimeMin and query.startTimeMax are required");
  }
  storage::ScanRequest search;
  for (const auto& [given, time] : {std::pair(min, &search.time.begin), {max, &search.time.end}}) {
    const std::optional<UnixNanos> parsed = parse_time(given.value);
    if (!parsed) {
      return malformed(given.name,
                       "expecting a time such as 2026-11-21T12:00:00Z, not " + quote(given.value));
    }
    *time = *parsed;
  }
  if (search.time.begin >= search.time.end) {
    return invalid_argument("query.startTimeMin must be before query.startTimeMax");
  }
  search.time.end = just_behind(search.time.end, 1);
  NamedValue depth = with_alias(parameters, "query.searchDepth", "query.search_depth");
  if (depth.value.empty()) {
    depth.name = "query.num_traces";
  }
  search.trace_count_max = TRY(parse_limit(parameters, depth.name));
  TRY(set_durations(with_alias(parameters, "query.durationMin", "query.duration_min"),
                    with_alias(parameters, "query.durationMax", "query.duration_max"), wanted));
  TRY(bool_parameter(parameters,
                     with_alias(parameters, "query.rawTraces", "query.raw_traces").name));
  search.filter = make_filter(wanted);
  return search;
}

}  // namespace waybill::api::jaeger
