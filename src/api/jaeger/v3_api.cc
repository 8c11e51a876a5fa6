// SPDX-License-Identifier: Apache-2.0
#include "api/jaeger/v3_api.h"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/answer.h"
#include "api/jaeger/search_query.h"
#include "api/parameters.h"
#include "base/error.h"
#include "base/result.h"
#include "base/time.h"
#include "model/span.h"
#include "net/http.h"
#include "net/router.h"
#include "query/finder.h"
#include "query/trace_summary.h"
#include "storage/scan.h"
#include "wire/json/json_writer.h"
#include "wire/otlp/otlp.h"

namespace waybill::api::jaeger {
namespace {

constexpr std::string_view kNoTraces = "No traces found";

// {"result": {"resourceSpans": [...]}}.
net::Response otlp_answer(std::span<const model::Span* const> spans) {
  std::string body = "{\"result\":";
  wire::otlp::encode_json(spans, body);
  body += '}';
  return json_answer(200, std::move(body));
}

Result<std::optional<UnixNanos>> rfc3339_parameter(const NamedValue& given) {
  if (given.value.empty()) {
    return std::optional<UnixNanos>();
  }
  const std::optional<UnixNanos> time = parse_time(given.value);
  if (!time) {
    return invalid_argument("malformed parameter " + std::string(given.name) +
                            ": expecting a time such as 2026-11-21T12:00:00Z, not " +
                            quote(given.value));
  }
  return time;
}

// Incomplete answers can not say so in these messages, so a header does.
void mark_incomplete(bool complete, net::Response& response) {
  if (!complete) {
    response.headers.push_back({"x-waybill-incomplete", "time"});
  }
}

void write_summary(const storage::Trace& trace, wire::JsonWriter& json) {
  const query::TraceSummary summary = query::summarise(trace);
  const model::Span& root = *trace.spans[summary.root];
  json.begin_object().field("traceId", summary.id.hex());
  json.field("rootServiceName", root.service()).field("rootOperationName", root.name);
  json.key("minStartTimeUnixNano").quoted(trace.start);
  json.key("maxEndTimeUnixNano").quoted(trace.start + summary.duration_nanos);
  json.field("spanCount", summary.span_count).field("errorSpanCount", summary.error_count);
  json.field("orphanSpanCount", summary.orphan_count).key("services").begin_array();
  for (const query::ServiceUse& use : summary.services) {
    json.begin_object().field("name", use.name).field("spanCount", use.span_count);
    json.field("errorSpanCount", use.error_count).end_object();
  }
  json.end_array().end_object();
}

}  // namespace

net::Response v3_error_answer(int status, const Error& error) {
  std::string body;
  wire::JsonWriter json(body);
  json.begin_object().key("error").begin_object().field("httpCode", status);
  json.field("message", error.message).end_object().end_object();
  return json_answer(status, std::move(body));
}

void V3Api::add(net::Router& router, std::string_view path,
                Answer (V3Api::*handler)(const net::Request&, const net::PathValues&) const) const {
  router.add(
      "GET", path,
      asker_.route([this, handler](const net::Request& request, const net::PathValues& values) {
        return (this->*handler)(request, values);
      }));
}

void V3Api::add_routes(net::Router& router) const {
  add(router, "/api/v3/services", &V3Api::services);
  add(router, "/api/v3/operations", &V3Api::operations);
  add(router, "/api/v3/traces", &V3Api::traces);
  add(router, "/api/v3/traces/{*traceId}", &V3Api::trace);
  add(router, "/api/v3/trace-summaries", &V3Api::summaries);
  add(router, "/api/v3/dependencies", &V3Api::dependencies);
}

V3Api::Answer V3Api::services(const net::Request&, const net::PathValues&) const {
  std::string body;
  wire::JsonWriter json(body);
  json.begin_object().key("services").begin_array();
  for (const storage::ServiceCount& service : finder_.reader().services()) {
    json.value(service.name);
  }
  json.end_array().end_object();
  return json_answer(200, std::move(body));
}

V3Api::Answer V3Api::operations(const net::Request& request, const net::PathValues&) const {
  const net::QueryParams parameters = TRY(parse_parameters(request.query));
  const std::string_view kind = with_alias(parameters, "spanKind", "span_kind").value;
  std::string body;
  wire::JsonWriter json(body);
  json.begin_object().key("operations").begin_array();
  for (const storage::OperationCount& operation :
       finder_.reader().operations(parameters.get("service").value_or(""))) {
    const model::SpanKind shown =
        operation.kind == model::SpanKind::Unspecified ? model::SpanKind::Internal : operation.kind;
    if (kind.empty() || kind == model::span_kind_name(operation.kind)) {
      json.begin_object().field("name", operation.name);
      json.field("spanKind", model::span_kind_name(shown)).end_object();
    }
  }
  json.end_array().end_object();
  return json_answer(200, std::move(body));
}

V3Api::Answer V3Api::trace(const net::Request& request, const net::PathValues& values) const {
  const net::QueryParams parameters = TRY(parse_parameters(request.query));
  const Result<model::TraceId> id = parse_id(values[0]);
  if (!id) {
    return invalid_argument("malformed parameter trace_id: " + id.error().message);
  }
  // Hints for stores that need them; malformed ones are still mistakes.
  TRY(rfc3339_parameter(with_alias(parameters, "startTime", "start_time")));
  TRY(rfc3339_parameter(with_alias(parameters, "endTime", "end_time")));
  TRY(bool_parameter(parameters, with_alias(parameters, "rawTraces", "raw_traces").name));
  const Result<storage::Trace> trace = finder_.find_trace(*id, request.cancelled);
  if (!trace) {
    const ErrorCode code = trace.error().code;
    return code == ErrorCode::NotFound ? not_found(std::string(kNoTraces)) : trace.error();
  }
  return otlp_answer(trace->spans);
}

V3Api::Answer V3Api::traces(const net::Request& request, const net::PathValues&) const {
  const net::QueryParams parameters = TRY(parse_parameters(request.query));
  storage::ScanRequest scan = TRY(parse_v3_query(parameters));
  scan.cancelled = request.cancelled;
  const storage::ScanPage page = TRY(finder_.search_all(std::move(scan)));
  if (page.traces.empty()) {
    return not_found(std::string(kNoTraces));
  }
  std::vector<const model::Span*> spans;
  for (const storage::Trace& trace : page.traces) {
    spans.insert(spans.end(), trace.spans.begin(), trace.spans.end());
  }
  net::Response response = otlp_answer(spans);
  mark_incomplete(page.complete, response);
  return response;
}

V3Api::Answer V3Api::summaries(const net::Request& request, const net::PathValues&) const {
  const net::QueryParams parameters = TRY(parse_parameters(request.query));
  storage::ScanRequest scan = TRY(parse_v3_query(parameters));
  scan.cancelled = request.cancelled;
  const storage::ScanPage page = TRY(finder_.search_all(std::move(scan)));
  std::string body;
  wire::JsonWriter json(body);
  json.begin_object().key("summaries").begin_array();
  for (const storage::Trace& trace : page.traces) {
    write_summary(trace, json);
  }
  json.end_array().end_object();
  net::Response response = json_answer(200, std::move(body));
  mark_incomplete(page.complete, response);
  return response;
}

V3Api::Answer V3Api::dependencies(const net::Request& request, const net::PathValues&) const {
  const net::QueryParams parameters = TRY(parse_parameters(request.query));
  const auto begin = TRY(rfc3339_parameter(with_alias(parameters, "startTime", "start_time")));
  const auto end = TRY(rfc3339_parameter(with_alias(parameters, "endTime", "end_time")));
  if (!begin || !end) {
    return invalid_argument("startTime and endTime are required");
  }
  if (*begin >= *end) {
    return invalid_argument("startTime must be before endTime");
  }
  const query::Dependencies found =
      TRY(finder_.find_dependencies({*begin, *end}, request.cancelled));
  std::string body;
  wire::JsonWriter json(body);
  json.begin_object().key("dependencies").begin_array();
  for (const query::Dependency& edge : found.edges) {
    // 64-bit integers are text in the JSON form of protobuf.
    json.begin_object().field("parent", edge.parent).field("child", edge.child);
    json.key("callCount").quoted(edge.call_count).end_object();
  }
  json.end_array().end_object();
  net::Response response = json_answer(200, std::move(body));
  mark_incomplete(found.complete, response);
  return response;
}

}  // namespace waybill::api::jaeger
