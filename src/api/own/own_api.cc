// SPDX-License-Identifier: Apache-2.0
#include "api/own/own_api.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "api/answer.h"
#include "api/embedded_file.h"
#include "api/own/openapi_file.h"
#include "api/own/search_page.h"
#include "api/own/span_details.h"
#include "api/own/trace_view.h"
#include "api/parameters.h"
#include "api/server_status.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/result.h"
#include "base/text.h"
#include "base/time.h"
#include "model/ids.h"
#include "model/span.h"
#include "net/http.h"
#include "net/router.h"
#include "query/parse_filter.h"
#include "query/trace_fingerprint.h"
#include "query/trace_tree.h"
#include "storage/filter.h"
#include "storage/scan.h"
#include "wire/json/json_writer.h"
#include "wire/otlp/otlp.h"

namespace waybill::api::own {
namespace {

constexpr std::uint64_t kSearchCountMax = 1000;
constexpr std::uint64_t kSearchCountDefault = 20;
// How many spans are tested between two looks at whether the client is still there.
constexpr std::size_t kCancelStride = 4096;
// In ETags, as the forms of a trace differ in their bytes.
constexpr std::string_view kViewForm = "bin";
constexpr std::string_view kOtlpForm = "otlp";

net::Response query_error_answer(const query::QueryError& fault) {
  return error_answer(400, invalid_argument(fault.message), fault.position);
}

Result<model::TraceId> parse_id(std::string_view text) {
  const std::optional<model::TraceId> id = model::parse_trace_id(text);
  if (!id) {
    return invalid_argument("a trace id has 1 to 32 hex digits, not " + quote(text));
  }
  return *id;
}

struct SearchQuestion {
  std::string query;
  TimeRange time;

  // Tells questions apart, for cursors.
  std::uint64_t checksum() const {
    std::string text = query + '\0';
    append_hex(text, time.begin, 16);
    append_hex(text, time.end, 16);
    return checksum64(text);
  }
};

Result<SearchQuestion> parse_question(const net::QueryParams& parameters) {
  SearchQuestion question;
  question.query = parameters.get("q").value_or("");
  question.time.begin = TRY(time_parameter(parameters, "from", 0));
  question.time.end = TRY(time_parameter(parameters, "to", UINT64_MAX));
  if (question.time.begin >= question.time.end) {
    return invalid_argument("parameter 'from' must lie before 'to'");
  }
  return question;
}

// `format` decides; without it, Accept does.
enum class TraceFormat : std::uint8_t { Otlp, View };
Result<TraceFormat> trace_format(const net::Request& request) {
  const net::QueryParams parameters = TRY(parse_parameters(request.query));
  const std::string_view format = parameters.get("format").value_or("");
  if (format == "otlp") {
    return TraceFormat::Otlp;
  }
  if (format == "bin") {
    return TraceFormat::View;
  }
  if (!format.empty()) {
    return invalid_argument("parameter 'format' must be 'otlp' or 'bin', not " + quote(format));
  }
  const bool wants_view = request.header("accept").find(kTraceViewType) != std::string_view::npos;
  return wants_view ? TraceFormat::View : TraceFormat::Otlp;
}

// Rows number the spans of one version of a trace. Whoever names that version by its ETag, in
// either form, is told when the trace is another by now. Tags are compared weakly: a proxy that
// compresses makes ours weak, and which bytes carried the trace is of no matter here.
std::optional<net::Response> changed_answer(const net::Request& request,
                                            const storage::Trace& trace) {
  const std::string_view wanted = request.header("if-match");
  if (wanted.empty()) {
    return std::nullopt;
  }
  const std::uint64_t fingerprint = query::fingerprint(trace.spans);
  for (const std::string_view form : {kViewForm, kOtlpForm}) {
    if (names_etag(wanted, make_etag(fingerprint, form))) {
      return std::nullopt;
    }
  }
  return error_answer(412, Error{ErrorCode::FailedPrecondition,
                                 "the trace has changed since it was fetched; fetch it again, its "
                                 "rows are others now"});
}

// The filter of /find: TraceQL where it begins with a brace, else plain text.
std::variant<storage::Filter, query::QueryError> find_filter(std::string_view text) {
  if (trim(text).starts_with('{')) {
    return query::parse_filter(text);
  }
  return storage::Filter::test(
      {storage::Column::AnyText, "", storage::Compare::Equal, std::string(text)});
}

void write_totals(const storage::StoreTotals& totals, wire::JsonWriter& json) {
  json.field("spans", totals.span_count).field("traces", totals.trace_count);
  json.field("services", totals.service_count).field("headBytes", totals.size_bytes);
  json.field("headBytesMax", totals.size_bytes_max);
  json.field("blocks", totals.block_count).field("blockBytes", totals.block_bytes);
  if (totals.time) {
    json.key("oldestUnixNano").quoted(totals.time->begin);
    json.key("newestUnixNano").quoted(totals.time->end);
  }
}

}  // namespace

net::Response error_answer(int status, const Error& error, std::optional<std::size_t> position) {
  std::string body;
  wire::JsonWriter json(body);
  json.begin_object().key("error").begin_object();
  json.field("code", error_code_name(error.code)).field("message", error.message);
  if (position) {
    json.field("position", std::uint64_t{*position});
  }
  json.end_object().end_object();
  return json_answer(status, std::move(body));
}

void OwnApi::add(net::Router& router, std::string_view path,
                 Answer (OwnApi::*method)(const net::Request&, const net::PathValues&)
                     const) const {
  router.add(
      "GET", path,
      asker_.route([this, method](const net::Request& request, const net::PathValues& values) {
        return (this->*method)(request, values);
      }));
}

void OwnApi::add_routes(net::Router& router) const {
  add(router, "/api/w1/status", &OwnApi::status);
  add(router, "/api/w1/services", &OwnApi::services);
  add(router, "/api/w1/services/{*service}/operations", &OwnApi::operations);
  add(router, "/api/w1/search", &OwnApi::search);
  add(router, "/api/w1/traces/{traceId}", &OwnApi::trace);
  add(router, "/api/w1/traces/{traceId}/spans", &OwnApi::spans);
  add(router, "/api/w1/traces/{traceId}/find", &OwnApi::find);
  add(router, "/api/w1/openapi.json", &OwnApi::openapi);
}

OwnApi::Answer OwnApi::status(const net::Request&, const net::PathValues&) const {
  const ServerStatus server = status_();
  std::string body;
  wire::JsonWriter json(body);
  json.begin_object().field("version", WAYBILL_VERSION);
  json.field("startedAt", print_rfc3339(server.started_at));
  json.field("now", print_rfc3339(finder_.clock().now())).field("ready", server.ready);
  write_totals(finder_.reader().totals(), json);
  json.field("logBytes", server.log_bytes).key("listeners").begin_array();
  for (const ServerStatus::Listener& listener : server.listeners) {
    json.begin_object().field("name", listener.name).field("address", listener.address);
    json.end_object();
  }
  json.end_array().end_object();
  return json_answer(200, std::move(body));
}

OwnApi::Answer OwnApi::services(const net::Request&, const net::PathValues&) const {
  std::string body;
  wire::JsonWriter json(body);
  json.begin_object().key("services").begin_array();
  for (const storage::ServiceCount& service : finder_.reader().services()) {
    json.begin_object().field("name", service.name);
    json.field("spanCount", service.span_count).field("errorCount", service.error_count);
    json.end_object();
  }
  json.end_array().end_object();
  return json_answer(200, std::move(body));
}

OwnApi::Answer OwnApi::operations(const net::Request&, const net::PathValues& values) const {
  std::string body;
  wire::JsonWriter json(body);
  json.begin_object().key("operations").begin_array();
  for (const storage::OperationCount& operation : finder_.reader().operations(values[0])) {
    json.begin_object().field("name", operation.name);
    json.field("kind", model::span_kind_name(operation.kind));
    json.field("spanCount", operation.span_count).field("errorCount", operation.error_count);
    json.end_object();
  }
  json.end_array().end_object();
  return json_answer(200, std::move(body));
}

OwnApi::Answer OwnApi::search(const net::Request& request, const net::PathValues&) const {
  const auto begin = finder_.clock().steady();
  const net::QueryParams parameters = TRY(parse_parameters(request.query));
  const SearchQuestion question = TRY(parse_question(parameters));
  storage::ScanRequest scan;
  scan.time = question.time;
  scan.trace_count_max =
      TRY(count_parameter(parameters, "limit", {1, kSearchCountMax, kSearchCountDefault}));
  if (const auto cursor = parameters.get("cursor"); cursor && !cursor->empty()) {
    scan.after = TRY(parse_cursor(*cursor, question.checksum()));
  }
  auto parsed = query::parse_filter(question.query);
  if (const auto* fault = std::get_if<query::QueryError>(&parsed)) {
    return query_error_answer(*fault);
  }
  scan.filter = std::move(std::get<storage::Filter>(parsed));
  scan.cancelled = request.cancelled;
  const storage::ScanPage page = TRY(finder_.search(std::move(scan)));
  std::optional<std::string> next;
  if (page.next) {
    next = print_cursor(*page.next, question.checksum());
  }
  const auto elapsed = finder_.clock().steady() - begin;
  std::string body;
  wire::JsonWriter json(body);
  write_search_page(page, next,
                    std::chrono::duration_cast<std::chrono::microseconds>(elapsed).count(), json);
  return json_answer(200, std::move(body));
}

Result<storage::Trace> OwnApi::find_trace(const net::Request& request,
                                          std::string_view id_text) const {
  const model::TraceId id = TRY(parse_id(id_text));
  return finder_.find_trace(id, request.cancelled);
}

OwnApi::Answer OwnApi::trace(const net::Request& request, const net::PathValues& values) const {
  const TraceFormat format = TRY(trace_format(request));
  const storage::Trace trace = TRY(find_trace(request, values[0]));
  const bool is_view = format == TraceFormat::View;
  const std::string etag =
      make_etag(query::fingerprint(trace.spans), is_view ? kViewForm : kOtlpForm);
  if (names_etag(request.header("if-none-match"), etag)) {
    net::Response response = not_modified(etag);
    response.headers.push_back({"vary", "accept"});
    return response;
  }
  net::Response response;
  if (is_view) {
    response.headers = {{"content-type", std::string(kTraceViewType)}};
    response.body = make_trace_view(trace, query::make_trace_tree(trace.spans));
  } else {
    response.headers = {{"content-type", "application/json; charset=utf-8"}};
    wire::otlp::encode_json(trace.spans, response.body);
  }
  response.headers.push_back({"etag", etag});
  // A trace may grow at any time, so a copy is asked about before it is used again.
  response.headers.push_back({"cache-control", "private, no-cache"});
  response.headers.push_back({"vary", "accept"});
  return response;
}

OwnApi::Answer OwnApi::spans(const net::Request& request, const net::PathValues& values) const {
  const net::QueryParams parameters = TRY(parse_parameters(request.query));
  const std::optional<std::string_view> rows = parameters.get("rows");
  const std::optional<std::string_view> ids = parameters.get("ids");
  if (rows.has_value() == ids.has_value()) {
    return invalid_argument("one of the parameters 'rows' and 'ids' is required");
  }
  const storage::Trace trace = TRY(find_trace(request, values[0]));
  if (auto changed = changed_answer(request, trace)) {
    return *std::move(changed);
  }
  const std::vector<std::uint32_t> wanted =
      TRY(rows ? parse_rows(*rows, trace) : parse_ids(*ids, trace));
  std::string body;
  wire::JsonWriter json(body);
  write_span_details(trace, wanted, json);
  return json_answer(200, std::move(body));
}

OwnApi::Answer OwnApi::find(const net::Request& request, const net::PathValues& values) const {
  const net::QueryParams parameters = TRY(parse_parameters(request.query));
  const std::string_view text = parameters.get("q").value_or("");
  if (text.empty()) {
    return invalid_argument("parameter 'q' is required");
  }
  const auto parsed = find_filter(text);
  if (const auto* fault = std::get_if<query::QueryError>(&parsed)) {
    return query_error_answer(*fault);
  }
  const storage::SpanMatcher matcher =
      TRY(storage::SpanMatcher::make(std::get<storage::Filter>(parsed)));
  const storage::Trace trace = TRY(find_trace(request, values[0]));
  if (auto changed = changed_answer(request, trace)) {
    return *std::move(changed);
  }
  std::uint64_t count = 0;
  std::string body;
  wire::JsonWriter json(body);
  json.begin_object().key("rows").begin_array();
  for (std::size_t row = 0; row < trace.spans.size(); ++row) {
    if (row % kCancelStride == 0 && request.cancelled.stop_requested()) {
      break;
    }
    if (matcher.matches(*trace.spans[row])) {
      json.value(std::uint64_t{row});
      ++count;
    }
  }
  json.end_array().field("count", count).end_object();
  return json_answer(200, std::move(body));
}

OwnApi::Answer OwnApi::openapi(const net::Request& request, const net::PathValues&) const {
  const EmbeddedFile& file = openapi_files().front();
  if (names_etag(request.header("if-none-match"), file.etag)) {
    return not_modified(file.etag);
  }
  net::Response response;
  response.headers = {{"content-type", "application/json; charset=utf-8"},
                      {"etag", std::string(file.etag)}};
  response.static_body = file.content;
  return response;
}

}  // namespace waybill::api::own
