// SPDX-License-Identifier: Apache-2.0
#include "api/own/span_details.h"

#include <fmt/format.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "api/own/attribute_json.h"
#include "api/parameters.h"
#include "base/error.h"
#include "base/result.h"
#include "base/text.h"
#include "model/ids.h"
#include "model/span.h"
#include "storage/scan.h"
#include "wire/json/json_writer.h"

namespace waybill::api::own {
namespace {

Result<std::vector<std::string_view>> split_list(std::string_view list, std::string_view name) {
  std::vector<std::string_view> items;
  while (true) {
    const std::size_t end = list.find(',');
    if (items.size() == kDetailCountMax) {
      return invalid_argument(
          fmt::format("parameter '{}' takes at most {} items", name, kDetailCountMax));
    }
    items.push_back(list.substr(0, end));
    if (end == std::string_view::npos) {
      return items;
    }
    list.remove_prefix(end + 1);
  }
}

void write_event(const model::Event& event, wire::JsonWriter& json) {
  json.begin_object().field("name", event.name).key("timeUnixNano").quoted(event.time);
  json.key("attributes");
  write_attributes(event.attributes, json);
  json.field("droppedAttributesCount", event.dropped_attributes_count).end_object();
}

void write_link(const model::Link& link, wire::JsonWriter& json) {
  json.begin_object().field("traceId", link.trace_id.hex()).field("spanId", link.span_id.hex());
  json.field("traceState", link.trace_state).field("flags", link.flags).key("attributes");
  write_attributes(link.attributes, json);
  json.field("droppedAttributesCount", link.dropped_attributes_count).end_object();
}

void write_scope(const model::Scope& scope, wire::JsonWriter& json) {
  json.key("scope").begin_object().field("name", scope.name).field("version", scope.version);
  json.key("attributes");
  write_attributes(scope.attributes, json);
  json.field("schemaUrl", scope.schema_url).end_object();
  json.key("resource").begin_object().key("attributes");
  write_attributes(scope.resource->attributes, json);
  json.field("schemaUrl", scope.resource->schema_url).end_object();
}

void write_span(const model::Span& span, std::uint32_t row, wire::JsonWriter& json) {
  json.begin_object().field("row", row).field("spanId", span.span_id.hex());
  json.field("parentSpanId",
             span.parent_span_id.is_zero() ? std::string() : span.parent_span_id.hex());
  json.field("name", span.name).field("kind", model::span_kind_name(span.kind));
  json.key("startUnixNano").quoted(span.start).key("durationNano");
  if (span.end >= span.start) {
    json.quoted(span.end - span.start);
  } else {
    json.quoted(span.duration());
  }
  json.key("status").begin_object().field("code", model::status_code_name(span.status));
  json.field("message", span.status_message).end_object();
  json.field("traceState", span.trace_state).field("flags", span.flags);
  json.field("service", span.service()).key("attributes");
  write_attributes(span.attributes, json);
  json.field("droppedAttributesCount", span.dropped_attributes_count).key("events").begin_array();
  for (const model::Event& event : span.events) {
    write_event(event, json);
  }
  json.end_array().field("droppedEventsCount", span.dropped_events_count);
  json.key("links").begin_array();
  for (const model::Link& link : span.links) {
    write_link(link, json);
  }
  json.end_array().field("droppedLinksCount", span.dropped_links_count);
  write_scope(*span.scope, json);
  json.end_object();
}

}  // namespace

Result<std::vector<std::uint32_t>> parse_rows(std::string_view rows, const storage::Trace& trace) {
  const std::vector<std::string_view> items = TRY(split_list(rows, "rows"));
  std::vector<std::uint32_t> parsed;
  for (const std::string_view item : items) {
    const std::optional<std::uint64_t> row = parse_uint64(item);
    if (!row) {
      return invalid_argument(
          "parameter 'rows' must be row numbers with commas between them, not " + quote(item));
    }
    if (*row >= trace.spans.size()) {
      return invalid_argument(fmt::format("parameter 'rows': the trace has {} spans, so no row {}",
                                          trace.spans.size(), *row));
    }
    parsed.push_back(static_cast<std::uint32_t>(*row));
  }
  return parsed;
}

Result<std::vector<std::uint32_t>> parse_ids(std::string_view ids, const storage::Trace& trace) {
  const std::vector<std::string_view> items = TRY(split_list(ids, "ids"));
  std::vector<std::uint32_t> rows;
  for (const std::string_view item : items) {
    const std::optional<model::SpanId> id = model::parse_span_id(item);
    if (!id) {
      return invalid_argument("parameter 'ids' must be span ids of 1 to 16 hex digits, not " +
                              quote(item));
    }
    const std::size_t before = rows.size();
    for (std::size_t row = 0; row < trace.spans.size(); ++row) {
      if (trace.spans[row]->span_id == *id) {
        rows.push_back(static_cast<std::uint32_t>(row));
      }
    }
    if (rows.size() == before) {
      return not_found("the trace has no span " + id->hex());
    }
    // Many spans may share an id, so the list can outgrow the ids that were given.
    if (rows.size() > kDetailCountMax) {
      return invalid_argument(
          fmt::format("parameter 'ids' means more than {} spans", kDetailCountMax));
    }
  }
  return rows;
}

void write_span_details(const storage::Trace& trace, std::span<const std::uint32_t> rows,
                        wire::JsonWriter& json) {
  json.begin_object().key("spans").begin_array();
  for (const std::uint32_t row : rows) {
    write_span(*trace.spans[row], row, json);
  }
  json.end_array().end_object();
}

}  // namespace waybill::api::own
