// SPDX-License-Identifier: Apache-2.0
#include "api/jaeger/jaeger_api.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/jaeger/envelope.h"
#include "api/jaeger/search_query.h"
#include "api/jaeger/trace_json.h"
#include "api/parameters.h"
#include "base/error.h"
#include "base/result.h"
#include "base/time.h"
#include "model/ids.h"
#include "model/span.h"
#include "model/span_batch.h"
#include "net/http.h"
#include "net/router.h"
#include "query/finder.h"
#include "storage/scan.h"
#include "wire/json/json_writer.h"
#include "wire/otlp/otlp.h"

namespace waybill::api::jaeger {
namespace {

constexpr std::uint64_t kMilli = 1'000'000;
constexpr std::uint64_t kLookbackMillis = 86'400'000;
constexpr std::string_view kNotFound = "trace not found";
constexpr std::string_view kEndedEarly =
    "the search ended when its time was up; older traces may match too";

Adjustment adjustment_of(bool raw) { return raw ? Adjustment::Raw : Adjustment::Adjusted; }

std::string print_traces(const std::vector<const storage::Trace*>& traces, bool raw) {
  std::string data;
  wire::JsonWriter json(data);
  json.begin_array();
  for (const storage::Trace* trace : traces) {
    write_trace(trace->spans, adjustment_of(raw), json);
  }
  json.end_array();
  return data;
}

// Every kind has its name; unspecified is empty, as Jaeger has it.
std::string_view kind_text(model::SpanKind kind) {
  return kind == model::SpanKind::Unspecified ? std::string_view() : model::span_kind_name(kind);
}

// Spans of a batch by trace, in order of first appearance.
std::vector<std::vector<const model::Span*>> group_by_trace(const model::SpanBatch& batch) {
  std::vector<std::vector<const model::Span*>> groups;
  std::map<model::TraceId, std::size_t> places;
  for (const model::Span& span : batch.spans()) {
    const auto [place, is_new] = places.try_emplace(span.trace_id, groups.size());
    if (is_new) {
      groups.emplace_back();
    }
    groups[place->second].push_back(&span);
  }
  return groups;
}

}  // namespace

void JaegerApi::add(net::Router& router, std::string_view method, std::string_view path,
                    Answer (JaegerApi::*handler)(const net::Request&, const net::PathValues&)
                        const) const {
  router.add(
      method, path,
      asker_.route([this, handler](const net::Request& request, const net::PathValues& values) {
        return (this->*handler)(request, values);
      }));
}

void JaegerApi::add_routes(net::Router& router) const {
  add(router, "GET", "/api/services", &JaegerApi::services);
  add(router, "GET", "/api/services/{*service}/operations", &JaegerApi::operation_names);
  add(router, "GET", "/api/operations", &JaegerApi::operations);
  add(router, "GET", "/api/traces", &JaegerApi::traces);
  add(router, "GET", "/api/traces/{*traceID}", &JaegerApi::trace);
  add(router, "GET", "/api/dependencies", &JaegerApi::dependencies);
  add(router, "POST", "/api/transform", &JaegerApi::transform);
  add(router, "POST", "/api/archive/{*traceID}", &JaegerApi::archive);
  add(router, "GET", "/api/metrics/{*name}", &JaegerApi::metrics);
}

JaegerApi::Answer JaegerApi::services(const net::Request& request, const net::PathValues&) const {
  const std::vector<storage::ServiceCount> services = finder_.reader().services();
  std::string data;
  wire::JsonWriter json(data);
  json.begin_array();
  for (const storage::ServiceCount& service : services) {
    json.value(service.name);
  }
  json.end_array();
  return envelope_answer(request, wrap(data, services.size()));
}

JaegerApi::Answer JaegerApi::operation_names(const net::Request& request,
                                             const net::PathValues& values) const {
  // Sorted by name, so equal ones of other kinds are neighbours.
  std::vector<storage::OperationCount> operations = finder_.reader().operations(values[0]);
  const auto same_name = [](const auto& left, const auto& right) {
    return left.name == right.name;
  };
  operations.erase(std::unique(operations.begin(), operations.end(), same_name), operations.end());
  std::string data;
  wire::JsonWriter json(data);
  json.begin_array();
  for (const storage::OperationCount& operation : operations) {
    json.value(operation.name);
  }
  json.end_array();
  return envelope_answer(request, wrap(data, operations.size()));
}

JaegerApi::Answer JaegerApi::operations(const net::Request& request, const net::PathValues&) const {
  const net::QueryParams parameters = TRY(parse_parameters(request.query));
  const std::string_view service = parameters.get("service").value_or("");
  const std::string_view kind = parameters.get("spanKind").value_or("");
  if (service.empty()) {
    return invalid_argument("parameter 'service' is required");
  }
  std::uint64_t count = 0;
  std::string data;
  wire::JsonWriter json(data);
  json.begin_array();
  for (const storage::OperationCount& operation : finder_.reader().operations(service)) {
    if (!kind.empty() && kind != model::span_kind_name(operation.kind)) {
      continue;
    }
    ++count;
    json.begin_object().field("name", operation.name);
    json.field("spanKind", kind_text(operation.kind)).end_object();
  }
  json.end_array();
  return envelope_answer(request, wrap(data, count));
}

JaegerApi::Answer JaegerApi::traces(const net::Request& request, const net::PathValues&) const {
  const net::QueryParams parameters = TRY(parse_parameters(request.query));
  TracesQuery query = TRY(parse_traces_query(parameters, finder_.clock().now()));
  const bool by_id = !query.trace_ids.empty();
  storage::ScanRequest scan;
  if (by_id) {
    scan.trace_ids = query.trace_ids;
    scan.trace_count_max = query.trace_ids.size();
  } else {
    scan = std::move(query.search);
  }
  scan.cancelled = request.cancelled;
  const storage::ScanPage page = TRY(finder_.search_all(std::move(scan)));
  std::vector<const storage::Trace*> found;
  std::vector<EnvelopeError> errors;
  if (by_id) {
    for (const model::TraceId& id : query.trace_ids) {
      const auto trace =
          std::find_if(page.traces.begin(), page.traces.end(),
                       [&](const storage::Trace& candidate) { return candidate.id == id; });
      if (trace != page.traces.end()) {
        found.push_back(&*trace);
      } else {
        errors.push_back({0, std::string(kNotFound), print_id(id)});
      }
    }
  } else {
    for (const storage::Trace& trace : page.traces) {
      found.push_back(&trace);
    }
  }
  if (!page.complete) {
    errors.push_back({0, std::string(kEndedEarly), ""});
  }
  return envelope_answer(request, wrap(print_traces(found, query.raw), 0, errors));
}

JaegerApi::Answer JaegerApi::trace(const net::Request& request,
                                   const net::PathValues& values) const {
  const net::QueryParams parameters = TRY(parse_parameters(request.query));
  const model::TraceId id = TRY(parse_id(values[0]));
  // The range is a hint for stores that need one; a malformed one is still a mistake.
  TRY(epoch_parameter(parameters, "start", 1, 0));
  TRY(epoch_parameter(parameters, "end", 1, 0));
  const bool raw = TRY(bool_parameter(parameters, "raw"));
  const Result<storage::Trace> trace = finder_.find_trace(id, request.cancelled);
  if (!trace) {
    const ErrorCode code = trace.error().code;
    return code == ErrorCode::NotFound ? not_found(std::string(kNotFound)) : trace.error();
  }
  return envelope_answer(request, wrap(print_traces({&*trace}, raw)));
}

JaegerApi::Answer JaegerApi::dependencies(const net::Request& request,
                                          const net::PathValues&) const {
  const net::QueryParams parameters = TRY(parse_parameters(request.query));
  const UnixNanos now = finder_.clock().now();
  const UnixNanos end = TRY(epoch_parameter(parameters, "endTs", kMilli, now));
  const UnixNanos lookback =
      TRY(epoch_parameter(parameters, "lookback", kMilli, kLookbackMillis * kMilli));
  const std::string_view service = parameters.get("service").value_or("");
  const TimeRange time{end > lookback ? end - lookback : 0,
                       end > UINT64_MAX - kMilli ? UINT64_MAX : end + kMilli};
  const query::Dependencies found = TRY(finder_.find_dependencies(time, request.cancelled));
  std::string data;
  wire::JsonWriter json(data);
  json.begin_array();
  for (const query::Dependency& edge : found.edges) {
    if (service.empty() || edge.parent == service || edge.child == service) {
      json.begin_object().field("parent", edge.parent).field("child", edge.child);
      json.field("callCount", edge.call_count).end_object();
    }
  }
  json.end_array();
  std::vector<EnvelopeError> errors;
  if (!found.complete) {
    errors.push_back({0, "the graph covers the newest part of the range only: time was up", ""});
  }
  return envelope_answer(request, wrap(data, 0, errors));
}

// Only changes the form, so nothing is adjusted, left out or looked up.
JaegerApi::Answer JaegerApi::transform(const net::Request& request, const net::PathValues&) const {
  if (request.body.empty()) {
    return invalid_argument("the body must be OTLP/JSON, and it is empty");
  }
  const auto decoded = TRY(wire::otlp::decode_json(std::make_shared<std::string>(request.body)));
  std::vector<EnvelopeError> errors;
  if (const std::uint64_t refused = decoded.counts.refused_total(); refused > 0) {
    errors.push_back({0, std::to_string(refused) + " spans have invalid ids", ""});
  }
  std::string data;
  wire::JsonWriter json(data);
  json.begin_array();
  for (const std::vector<const model::Span*>& spans : group_by_trace(decoded.batch)) {
    write_trace(spans, Adjustment::Raw, json);
  }
  json.end_array();
  return envelope_answer(request, wrap(data, 0, errors));
}

JaegerApi::Answer JaegerApi::archive(const net::Request&, const net::PathValues& values) const {
  TRY(parse_id(values[0]));
  return Error{ErrorCode::Unimplemented,
               "archive storage is not there: traces are kept as long as the retention says"};
}

JaegerApi::Answer JaegerApi::metrics(const net::Request&, const net::PathValues& values) const {
  if (values[0] != "latencies" && values[0] != "calls" && values[0] != "errors" &&
      values[0] != "minstep") {
    return not_found("no such path");
  }
  return Error{ErrorCode::Unimplemented, "metrics querying is currently disabled"};
}

}  // namespace waybill::api::jaeger
