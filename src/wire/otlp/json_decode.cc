// SPDX-License-Identifier: Apache-2.0
//
// ExportTraceServiceRequest as OTLP/JSON. simdjson checks and parses the whole document first, so
// nothing is kept of one that is malformed; what is read from it here is copied into the batch's
// arena. The parser needs about 14 bytes of memory for each byte of the densest documents while it
// works.
#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/result.h"
#include "base/text.h"
#include "model/ids.h"
#include "model/span.h"
#include "model/value.h"
#include "wire/attribute_list.h"
#include "wire/cutter.h"
#include "wire/decode_arena.h"
#include "wire/decode_limits.h"
#include "wire/otlp/json_attributes.h"
#include "wire/otlp/json_fields.h"
#include "wire/otlp/json_scalars.h"
#include "wire/otlp/otlp.h"

namespace waybill::wire::otlp {
namespace {

using model::Event;
using model::Link;
using model::Resource;
using model::Scope;
using model::Span;
using simdjson::dom::element;

// The names in each list stand at the index that the enum beside it gives them.
using Names = std::string_view;

constexpr std::array<Names, 1> kRequestFields = {"resourceSpans"};

// Before OTLP 0.15 scopes were called instrumentation libraries.
enum ResourceSpansField : std::size_t { kResource, kScopeSpans, kResourceSchema, kLibrarySpans };
constexpr std::array<Names, 4> kResourceSpansFields = {"resource", "scopeSpans", "schemaUrl",
                                                       "instrumentationLibrarySpans"};

enum ResourceField : std::size_t { kResourceAttributes, kResourceDropped };
constexpr std::array<Names, 2> kResourceFields = {"attributes", "droppedAttributesCount"};

enum ScopeSpansField : std::size_t { kScope, kSpans, kScopeSchema, kLibrary };
constexpr std::array<Names, 4> kScopeSpansFields = {"scope", "spans", "schemaUrl",
                                                    "instrumentationLibrary"};

enum ScopeField : std::size_t { kScopeName, kScopeVersion, kScopeAttributes, kScopeDropped };
constexpr std::array<Names, 4> kScopeFields = {"name", "version", "attributes",
                                               "droppedAttributesCount"};

enum SpanField : std::size_t {
  kTraceId,
  kSpanId,
  kTraceState,
  kParentSpanId,
  kFlags,
  kName,
  kKind,
  kStart,
  kEnd,
  kAttributes,
  kAttributesDropped,
  kEvents,
  kEventsDropped,
  kLinks,
  kLinksDropped,
  kStatus
};
constexpr std::array<Names, 16> kSpanFields = {"traceId",
                                               "spanId",
                                               "traceState",
                                               "parentSpanId",
                                               "flags",
                                               "name",
                                               "kind",
                                               "startTimeUnixNano",
                                               "endTimeUnixNano",
                                               "attributes",
                                               "droppedAttributesCount",
                                               "events",
                                               "droppedEventsCount",
                                               "links",
                                               "droppedLinksCount",
                                               "status"};

enum StatusField : std::size_t { kStatusMessage, kStatusCode };
constexpr std::array<Names, 2> kStatusFields = {"message", "code"};

enum EventField : std::size_t { kEventTime, kEventName, kEventAttributes, kEventDropped };
constexpr std::array<Names, 4> kEventFields = {"timeUnixNano", "name", "attributes",
                                               "droppedAttributesCount"};

enum LinkField : std::size_t {
  kLinkTraceId,
  kLinkSpanId,
  kLinkTraceState,
  kLinkAttributes,
  kLinkDropped,
  kLinkFlags
};
constexpr std::array<Names, 6> kLinkFields = {
    "traceId", "spanId", "traceState", "attributes", "droppedAttributesCount", "flags"};

constexpr std::array<Names, 6> kKindNames = {"SPAN_KIND_UNSPECIFIED", "SPAN_KIND_INTERNAL",
                                             "SPAN_KIND_SERVER",      "SPAN_KIND_CLIENT",
                                             "SPAN_KIND_PRODUCER",    "SPAN_KIND_CONSUMER"};
constexpr std::array<Names, 3> kStatusNames = {"STATUS_CODE_UNSET", "STATUS_CODE_OK",
                                               "STATUS_CODE_ERROR"};

constexpr std::size_t kTraceIdDigits = 32;
constexpr std::size_t kSpanIdDigits = 16;

// An id in hex. No value where it has another length or a character that is no digit.
std::optional<model::TraceId> trace_id_of(std::string_view hex) {
  return hex.size() == kTraceIdDigits ? model::parse_trace_id(hex) : std::nullopt;
}
std::optional<model::SpanId> span_id_of(std::string_view hex) {
  return hex.size() == kSpanIdDigits ? model::parse_span_id(hex) : std::nullopt;
}

class Decoder final {
 public:
  Decoder(Decoded& out, const DecodeLimits& limits)
      : batch_(out.batch),
        cutter_(limits, out.counts),
        arena_(out.batch.arena(), limits.arena_bytes_max),
        reader_(arena_, cutter_, fault_),
        attributes_(limits.attribute_count_max),
        inner_attributes_(limits.inner_attribute_count_max) {}

  Result<void> decode(element document);

 private:
  void read_resource_spans(element item);
  void read_resource(const element* item, Resource& resource);
  void read_scope_spans(element item, const Resource& resource, const Resource*& kept_resource);
  void read_scope(const element* item, Scope& scope);
  bool read_span(element item, Span& span);
  std::optional<RefusedSpan> read_ids(const JsonFields<16>& fields, Span& span);
  void read_status(const element* item, Span& span);
  void read_events(const element* list, Span& span);
  void read_links(const element* list, Span& span);
  Event read_event(element item);
  std::optional<Link> read_link(element item);

  // Calls `visit` for each item of a list until something is wrong; null is an empty list.
  template <typename Visit>
  void for_each(const element* list, std::string_view field, Visit visit);
  std::optional<simdjson::dom::object> object_of(element item, std::string_view field);
  std::string_view text(const element* item, std::string_view field);
  // Reads a list of attributes and adds what had to be left out to `dropped_count`.
  std::span<const model::Attribute> attributes(const element* list, AttributeList& scratch,
                                               std::uint32_t& dropped_count);

  model::SpanBatch& batch_;
  Cutter cutter_;
  DecodeArena arena_;
  JsonFault fault_;
  JsonAttributeReader reader_;
  AttributeList attributes_;
  AttributeList inner_attributes_;
  std::vector<Event> events_;
  std::vector<Link> links_;
};

Result<void> Decoder::decode(element document) {
  if (const auto object = object_of(document, "document")) {
    const JsonFields fields(kRequestFields, *object);
    for_each(fields.get(0), "resourceSpans", [this](element item) { read_resource_spans(item); });
  }
  if (fault_.is_set()) {
    return invalid_argument(fmt::format("otlp request: span {}: {}",
                                        batch_.spans().size() + cutter_.counts().refused_total(),
                                        fault_.message()));
  }
  if (arena_.is_exhausted()) {
    return resource_exhausted(fmt::format("otlp request: takes more than {} bytes of memory",
                                          cutter_.limits().arena_bytes_max));
  }
  return {};
}

template <typename Visit>
void Decoder::for_each(const element* list, std::string_view field, Visit visit) {
  if (list == nullptr) {
    return;
  }
  simdjson::dom::array items;
  if (list->get(items) != simdjson::SUCCESS) {
    fault_.set(field, "not an array");
    return;
  }
  for (const element item : items) {
    if (fault_.is_set() || arena_.is_exhausted()) {
      return;
    }
    visit(item);
  }
}

std::optional<simdjson::dom::object> Decoder::object_of(element item, std::string_view field) {
  simdjson::dom::object object;
  if (item.get(object) != simdjson::SUCCESS) {
    fault_.set(field, "not an object");
    return std::nullopt;
  }
  return object;
}

std::string_view Decoder::text(const element* item, std::string_view field) {
  return arena_.keep(cutter_.name(json_text(item, field, fault_)));
}

std::span<const model::Attribute> Decoder::attributes(const element* list, AttributeList& scratch,
                                                      std::uint32_t& dropped_count) {
  scratch.clear();
  reader_.read(list, "attributes", scratch);
  dropped_count = add_saturating(dropped_count, scratch.dropped_count());
  return arena_.keep(scratch.items());
}

void Decoder::read_resource_spans(element item) {
  const auto object = object_of(item, "resourceSpans");
  if (!object) {
    return;
  }
  const JsonFields fields(kResourceSpansFields, *object);
  Resource resource;
  read_resource(fields.get(kResource), resource);
  resource.schema_url = text(fields.get(kResourceSchema), "schemaUrl");
  const Resource* kept = nullptr;
  const auto visit = [&](element scope_spans) { read_scope_spans(scope_spans, resource, kept); };
  for_each(fields.get(kLibrarySpans), "instrumentationLibrarySpans", visit);
  for_each(fields.get(kScopeSpans), "scopeSpans", visit);
}

void Decoder::read_resource(const element* item, Resource& resource) {
  const auto object = item == nullptr ? std::nullopt : object_of(*item, "resource");
  if (!object) {
    return;
  }
  const JsonFields fields(kResourceFields, *object);
  resource.dropped_attributes_count =
      json_uint32(fields.get(kResourceDropped), "droppedAttributesCount", fault_);
  resource.attributes =
      attributes(fields.get(kResourceAttributes), attributes_, resource.dropped_attributes_count);
  resource.service = model::service_of(resource.attributes);
}

void Decoder::read_scope_spans(element item, const Resource& resource,
                               const Resource*& kept_resource) {
  const auto object = object_of(item, "scopeSpans");
  if (!object) {
    return;
  }
  const JsonFields fields(kScopeSpansFields, *object);
  Scope scope;
  const element* scope_item = fields.get(kScope);
  read_scope(scope_item == nullptr ? fields.get(kLibrary) : scope_item, scope);
  scope.schema_url = text(fields.get(kScopeSchema), "schemaUrl");
  const Scope* kept = nullptr;
  for_each(fields.get(kSpans), "spans", [&](element span_item) {
    Span span;
    if (!read_span(span_item, span)) {
      return;
    }
    // Only what has spans is kept, so that empty scopes cost no memory.
    if (kept == nullptr) {
      kept_resource = kept_resource == nullptr ? arena_.make(resource) : kept_resource;
      scope.resource = kept_resource;
      kept = arena_.make(scope);
    }
    span.scope = kept;
    batch_.add(span);
  });
}

void Decoder::read_scope(const element* item, Scope& scope) {
  const auto object = item == nullptr ? std::nullopt : object_of(*item, "scope");
  if (!object) {
    return;
  }
  const JsonFields fields(kScopeFields, *object);
  scope.name = text(fields.get(kScopeName), "name");
  scope.version = text(fields.get(kScopeVersion), "version");
  scope.dropped_attributes_count =
      json_uint32(fields.get(kScopeDropped), "droppedAttributesCount", fault_);
  scope.attributes =
      attributes(fields.get(kScopeAttributes), attributes_, scope.dropped_attributes_count);
}

// False where the span is refused, and counted, or a fault.
bool Decoder::read_span(element item, Span& span) {
  if (batch_.spans().size() >= cutter_.limits().span_count_max) {
    cutter_.counts().add(RefusedSpan::TooManySpans);
    return false;
  }
  const auto object = object_of(item, "spans");
  if (!object) {
    return false;
  }
  const JsonFields fields(kSpanFields, *object);
  const auto count = [&](SpanField field) {
    return json_uint32(fields.get(field), kSpanFields[field], fault_);
  };
  const auto refused = read_ids(fields, span);
  span.trace_state = text(fields.get(kTraceState), "traceState");
  span.flags = count(kFlags);
  span.name = text(fields.get(kName), "name");
  span.kind =
      static_cast<model::SpanKind>(json_enum(fields.get(kKind), "kind", kKindNames, fault_));
  span.start = json_uint64(fields.get(kStart), "startTimeUnixNano", fault_);
  span.end = json_uint64(fields.get(kEnd), "endTimeUnixNano", fault_);
  span.dropped_attributes_count = count(kAttributesDropped);
  span.dropped_events_count = count(kEventsDropped);
  span.dropped_links_count = count(kLinksDropped);
  span.attributes = attributes(fields.get(kAttributes), attributes_, span.dropped_attributes_count);
  read_events(fields.get(kEvents), span);
  read_links(fields.get(kLinks), span);
  read_status(fields.get(kStatus), span);
  if (fault_.is_set()) {
    return false;
  }
  if (refused) {
    cutter_.counts().add(*refused);
    return false;
  }
  return true;
}

std::optional<RefusedSpan> Decoder::read_ids(const JsonFields<16>& fields, Span& span) {
  const auto trace_id = trace_id_of(json_text(fields.get(kTraceId), "traceId", fault_));
  const auto span_id = span_id_of(json_text(fields.get(kSpanId), "spanId", fault_));
  const auto parent = json_text(fields.get(kParentSpanId), "parentSpanId", fault_);
  const auto parent_id = parent.empty() ? model::SpanId{} : span_id_of(parent);
  if (!trace_id) {
    return RefusedSpan::TraceIdLength;
  }
  if (!span_id) {
    return RefusedSpan::SpanIdLength;
  }
  if (!parent_id) {
    return RefusedSpan::ParentIdLength;
  }
  span.trace_id = *trace_id;
  span.span_id = *span_id;
  span.parent_span_id = *parent_id;
  if (trace_id->is_zero()) {
    return RefusedSpan::TraceIdZero;
  }
  return span_id->is_zero() ? std::optional(RefusedSpan::SpanIdZero) : std::nullopt;
}

void Decoder::read_status(const element* item, Span& span) {
  const auto object = item == nullptr ? std::nullopt : object_of(*item, "status");
  if (!object) {
    return;
  }
  const JsonFields fields(kStatusFields, *object);
  span.status_message = text(fields.get(kStatusMessage), "message");
  span.status = static_cast<model::StatusCode>(
      json_enum(fields.get(kStatusCode), "code", kStatusNames, fault_));
}

void Decoder::read_events(const element* list, Span& span) {
  std::uint64_t dropped = 0;
  for_each(list, "events", [&](element item) {
    if (events_.size() < cutter_.limits().event_count_max) {
      events_.push_back(read_event(item));
    } else {
      cutter_.counts().add(Cut::Events);
      ++dropped;
    }
  });
  span.events = arena_.keep(events_);
  span.dropped_events_count = add_saturating(span.dropped_events_count, dropped);
}

Event Decoder::read_event(element item) {
  Event event;
  const auto object = object_of(item, "events");
  if (!object) {
    return event;
  }
  const JsonFields fields(kEventFields, *object);
  event.time = json_uint64(fields.get(kEventTime), "timeUnixNano", fault_);
  event.name = text(fields.get(kEventName), "name");
  event.dropped_attributes_count =
      json_uint32(fields.get(kEventDropped), "droppedAttributesCount", fault_);
  event.attributes =
      attributes(fields.get(kEventAttributes), inner_attributes_, event.dropped_attributes_count);
  return event;
}

void Decoder::read_links(const element* list, Span& span) {
  std::uint64_t dropped = 0;
  for_each(list, "links", [&](element item) {
    auto link = links_.size() < cutter_.limits().link_count_max ? read_link(item) : std::nullopt;
    if (link) {
      links_.push_back(*link);
    } else {
      cutter_.counts().add(Cut::Links);
      ++dropped;
    }
  });
  span.links = arena_.keep(links_);
  span.dropped_links_count = add_saturating(span.dropped_links_count, dropped);
}

// No value where an id is neither absent nor an id.
std::optional<Link> Decoder::read_link(element item) {
  const auto object = object_of(item, "links");
  if (!object) {
    return std::nullopt;
  }
  const JsonFields fields(kLinkFields, *object);
  const auto trace_hex = json_text(fields.get(kLinkTraceId), "traceId", fault_);
  const auto span_hex = json_text(fields.get(kLinkSpanId), "spanId", fault_);
  const auto trace_id = trace_hex.empty() ? model::TraceId{} : trace_id_of(trace_hex);
  const auto span_id = span_hex.empty() ? model::SpanId{} : span_id_of(span_hex);
  Link link;
  link.trace_state = text(fields.get(kLinkTraceState), "traceState");
  link.flags = json_uint32(fields.get(kLinkFlags), "flags", fault_);
  link.dropped_attributes_count =
      json_uint32(fields.get(kLinkDropped), "droppedAttributesCount", fault_);
  link.attributes =
      attributes(fields.get(kLinkAttributes), inner_attributes_, link.dropped_attributes_count);
  if (!trace_id || !span_id) {
    return std::nullopt;
  }
  link.trace_id = *trace_id;
  link.span_id = *span_id;
  return link;
}

// Integers beyond 64 bits are valid JSON, and JavaScript prints a double such as 1e20 as one, but
// simdjson refuses them. With ".0" behind them they are doubles, which is what they can only be
// here. Runs only after a parse that failed because of a number.
std::string widen_large_integers(std::string_view json) {
  constexpr std::size_t kSafeDigits = 19;
  std::string out;
  out.reserve(json.size() + 64);
  bool in_string = false;
  for (std::size_t at = 0; at < json.size(); ++at) {
    const char c = json[at];
    out += c;
    if (in_string && c == '\\' && at + 1 < json.size()) {
      out += json[++at];
    } else if (c == '"') {
      in_string = !in_string;
    } else if (!in_string && c >= '0' && c <= '9') {
      const std::size_t end = std::min(json.find_first_not_of("0123456789.eE+-", at), json.size());
      const std::string_view number = json.substr(at, end - at);
      out += number.substr(1);
      if (number.size() > kSafeDigits && number.find_first_of(".eE") == std::string_view::npos) {
        out += ".0";
      }
      at = end - 1;
    }
  }
  return out;
}

// Whether `\\uXXXX` at `at` is an escape of a UTF-16 unit in [first, last].
bool is_unit(std::string_view json, std::size_t at, std::uint64_t first, std::uint64_t last) {
  if (at + 6 > json.size() || json[at] != '\\' || json[at + 1] != 'u') {
    return false;
  }
  const auto unit = parse_hex(json.substr(at + 2, 4));
  return unit && *unit >= first && *unit <= last;
}

// Half of a surrogate pair stands for no character, but SDKs send it where they cut a text within
// one. It becomes U+FFFD, as invalid UTF-8 does everywhere. Runs only after a parse that failed
// because of a string.
std::string replace_lone_surrogates(std::string_view json) {
  std::string out;
  out.reserve(json.size());
  for (std::size_t at = 0; at < json.size();) {
    std::size_t taken = json[at] == '\\' && at + 1 < json.size() ? 2 : 1;
    if (is_unit(json, at, 0xD800, 0xDBFF) && is_unit(json, at + 6, 0xDC00, 0xDFFF)) {
      taken = 12;
    } else if (is_unit(json, at, 0xD800, 0xDFFF)) {
      out += "\\ufffd";
      at += 6;
      continue;
    }
    out += json.substr(at, taken);
    at += taken;
  }
  return out;
}

// Far below every value that is read, which ends at four brackets for each of the levels that
// DecodeLimits allows, and above what the parser takes.
constexpr std::size_t kKeptDepth = 1000;

// Behind the string that begins at `at`.
std::size_t string_end(std::string_view json, std::size_t at) {
  for (++at; at < json.size() && json[at] != '"'; ++at) {
    at += json[at] == '\\' ? 1 : 0;
  }
  return std::min(at + 1, json.size());
}

// Arrays and objects deeper than kKeptDepth become null: they stand in fields that nobody knows, or
// in values that are cut far above them. Of what is left out only strings and brackets are looked
// at, one after the other, with a bit of memory for each open bracket. Runs only after a parse that
// failed because of the depth.
std::string drop_deep_values(std::string_view json) {
  std::string out;
  std::size_t depth = 0;
  std::vector<bool> dropped;  // open brackets that are left out; true: a brace
  for (std::size_t at = 0; at < json.size();) {
    const char c = json[at];
    const std::size_t end = c == '"' ? string_end(json, at) : at + 1;
    const bool opens = c == '{' || c == '[';
    const bool closes = c == '}' || c == ']';
    if (opens && depth == kKeptDepth) {
      out += dropped.empty() ? "null" : "";
      dropped.push_back(c == '{');
    } else if (dropped.empty()) {
      depth += opens ? 1 : 0;
      depth -= closes && depth > 0 ? 1 : 0;
      out += json.substr(at, end - at);
    } else if (closes && dropped.back() != (c == '}')) {
      return out;  // cut off here it is as malformed as it came
    } else if (closes) {
      dropped.pop_back();
    }
    at = end;
  }
  return out;
}

// What a document can be rescued from.
struct Repair {
  simdjson::error_code error;
  std::string (*apply)(std::string_view json);
};
constexpr std::array<Repair, 3> kRepairs = {{{simdjson::STRING_ERROR, replace_lone_surrogates},
                                             {simdjson::NUMBER_ERROR, widen_large_integers},
                                             {simdjson::DEPTH_ERROR, drop_deep_values}}};

// Keeps its memory from one request to the next where those are of a usual size.
constexpr std::size_t kKeptParserBytesMax = std::size_t{1} << 20;

Result<Decoded> decode_with(simdjson::dom::parser& parser, std::string_view json,
                            const DecodeLimits& limits) {
  element document;
  simdjson::error_code error = parser.parse(json.data(), json.size()).get(document);
  std::string repaired;
  // The parser names the first fault that it meets, so one repair can bring another fault to light;
  // each mends all of its kind, so none is needed twice.
  std::array<bool, kRepairs.size()> is_applied{};
  for (std::size_t i = 0; i < kRepairs.size();) {
    if (error != kRepairs[i].error || is_applied[i]) {
      ++i;
      continue;
    }
    is_applied[i] = true;
    repaired = kRepairs[i].apply(repaired.empty() ? json : std::string_view(repaired));
    error = parser.parse(repaired.data(), repaired.size()).get(document);
    i = 0;
  }
  if (error != simdjson::SUCCESS) {
    return invalid_argument(
        fmt::format("otlp request: malformed json: {}", simdjson::error_message(error)));
  }
  Decoded decoded{model::SpanBatch(), {}};
  TRY(Decoder(decoded, limits).decode(document));
  return decoded;
}

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

}  // namespace

// Everything that is kept is copied, but the call looks like that of protobuf, which keeps the
// body. NOLINTNEXTLINE(performance-unnecessary-value-param)
Result<Decoded> decode_json(std::shared_ptr<const std::string> body, const DecodeLimits& limits) {
  std::string_view json = *body;
  if (json.starts_with(kByteOrderMark)) {
    json.remove_prefix(kByteOrderMark.size());
  }
  if (json.empty()) {
    return Decoded{model::SpanBatch(), {}};
  }
  if (json.size() > kKeptParserBytesMax) {
    simdjson::dom::parser parser;
    return decode_with(parser, json, limits);
  }
  thread_local simdjson::dom::parser parser;
  return decode_with(parser, json, limits);
}

}  // namespace waybill::wire::otlp
