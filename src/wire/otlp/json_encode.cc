// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/text.h"
#include "model/span.h"
#include "model/value.h"
#include "wire/json/json_writer.h"
#include "wire/otlp/grouping.h"
#include "wire/otlp/otlp.h"

namespace waybill::wire::otlp {
namespace {

using model::Attribute;
using model::Event;
using model::Link;
using model::Resource;
using model::Scope;
using model::Span;
using model::Value;
using model::ValueType;

// Members that hold the default are left out, those inside an AnyValue excepted.
class Encoder final {
 public:
  explicit Encoder(std::string& out) : json_(out) {}

  void write_spans(std::span<const Span* const> spans);

 private:
  void write_resource(const Resource& resource);
  void write_scope(const Scope& scope);
  void write_span(const Span& span);
  void write_event(const Event& event);
  void write_link(const Link& link);
  void write_status(const Span& span);
  void write_attributes(std::span<const Attribute> attributes, std::uint32_t dropped_count);
  void write_attribute_items(std::span<const Attribute> attributes);
  void write_value(const Value& value);
  void write_double(double number);

  void write_text(std::string_view name, std::string_view text) {
    if (!text.empty()) {
      json_.field(name, text);
    }
  }
  template <typename Id>
  void write_id(std::string_view name, const Id& id) {
    if (!id.is_zero()) {
      json_.field(name, std::string_view(id.hex()));
    }
  }
  void write_time(std::string_view name, std::uint64_t time) {
    if (time != 0) {
      json_.key(name).quoted(time);
    }
  }
  void write_count(std::string_view name, std::uint32_t count) {
    if (count != 0) {
      json_.field(name, count);
    }
  }
  template <typename Enum>
  void write_enum(std::string_view name, Enum value) {
    if (static_cast<std::int32_t>(value) != 0) {
      json_.field(name, static_cast<std::int64_t>(value));
    }
  }

  JsonWriter json_;
};

void Encoder::write_spans(std::span<const Span* const> spans) {
  json_.begin_object().key("resourceSpans").begin_array();
  std::size_t at = 0;
  while (at < spans.size()) {
    const Resource& resource = spans[at]->resource();
    json_.begin_object();
    write_resource(resource);
    json_.key("scopeSpans").begin_array();
    while (at < spans.size() && same(spans[at]->resource(), resource)) {
      const Scope& scope = *spans[at]->scope;
      json_.begin_object();
      write_scope(scope);
      json_.key("spans").begin_array();
      while (at < spans.size() && same(*spans[at]->scope, scope)) {
        write_span(*spans[at++]);
      }
      json_.end_array();
      write_text("schemaUrl", scope.schema_url);
      json_.end_object();
    }
    json_.end_array();
    write_text("schemaUrl", resource.schema_url);
    json_.end_object();
  }
  json_.end_array().end_object();
}

void Encoder::write_resource(const Resource& resource) {
  json_.key("resource").begin_object();
  write_attributes(resource.attributes, resource.dropped_attributes_count);
  json_.end_object();
}

void Encoder::write_scope(const Scope& scope) {
  json_.key("scope").begin_object();
  write_text("name", scope.name);
  write_text("version", scope.version);
  write_attributes(scope.attributes, scope.dropped_attributes_count);
  json_.end_object();
}

void Encoder::write_span(const Span& span) {
  json_.begin_object();
  write_id("traceId", span.trace_id);
  write_id("spanId", span.span_id);
  write_text("traceState", span.trace_state);
  write_id("parentSpanId", span.parent_span_id);
  write_count("flags", span.flags);
  write_text("name", span.name);
  write_enum("kind", span.kind);
  write_time("startTimeUnixNano", span.start);
  write_time("endTimeUnixNano", span.end);
  write_attributes(span.attributes, span.dropped_attributes_count);
  if (!span.events.empty()) {
    json_.key("events").begin_array();
    for (const Event& event : span.events) {
      write_event(event);
    }
    json_.end_array();
  }
  write_count("droppedEventsCount", span.dropped_events_count);
  if (!span.links.empty()) {
    json_.key("links").begin_array();
    for (const Link& link : span.links) {
      write_link(link);
    }
    json_.end_array();
  }
  write_count("droppedLinksCount", span.dropped_links_count);
  write_status(span);
  json_.end_object();
}

void Encoder::write_event(const Event& event) {
  json_.begin_object();
  write_time("timeUnixNano", event.time);
  write_text("name", event.name);
  write_attributes(event.attributes, event.dropped_attributes_count);
  json_.end_object();
}

void Encoder::write_link(const Link& link) {
  json_.begin_object();
  write_id("traceId", link.trace_id);
  write_id("spanId", link.span_id);
  write_text("traceState", link.trace_state);
  write_attributes(link.attributes, link.dropped_attributes_count);
  write_count("flags", link.flags);
  json_.end_object();
}

void Encoder::write_status(const Span& span) {
  if (span.status == model::StatusCode::Unset && span.status_message.empty()) {
    return;
  }
  json_.key("status").begin_object();
  write_text("message", span.status_message);
  write_enum("code", span.status);
  json_.end_object();
}

void Encoder::write_attributes(std::span<const Attribute> attributes, std::uint32_t dropped_count) {
  if (!attributes.empty()) {
    json_.key("attributes");
    write_attribute_items(attributes);
  }
  write_count("droppedAttributesCount", dropped_count);
}

void Encoder::write_attribute_items(std::span<const Attribute> attributes) {
  json_.begin_array();
  for (const Attribute& attribute : attributes) {
    json_.begin_object().field("key", attribute.key).key("value");
    write_value(attribute.value);
    json_.end_object();
  }
  json_.end_array();
}

void Encoder::write_value(const Value& value) {
  json_.begin_object();
  switch (value.type()) {
    case ValueType::Empty:
      break;
    case ValueType::String:
      json_.field("stringValue", value.string());
      break;
    case ValueType::Bool:
      json_.field("boolValue", value.boolean());
      break;
    case ValueType::Int:
      json_.key("intValue").quoted(value.integer());
      break;
    case ValueType::Double:
      json_.key("doubleValue");
      write_double(value.number());
      break;
    case ValueType::Bytes: {
      std::string base64;
      append_base64(base64, as_bytes(value.bytes()));
      json_.field("bytesValue", std::string_view(base64));
      break;
    }
    case ValueType::Array:
      json_.key("arrayValue").begin_object().key("values").begin_array();
      for (const Value& item : value.array()) {
        write_value(item);
      }
      json_.end_array().end_object();
      break;
    case ValueType::KvList:
      json_.key("kvlistValue").begin_object().key("values");
      write_attribute_items(value.kvlist());
      json_.end_object();
      break;
  }
  json_.end_object();
}

// Always with a point or an exponent: many readers take digits alone for an integer, and lose the
// sign of -0 or refuse what passes 64 bits.
void Encoder::write_double(double number) {
  if (!std::isfinite(number)) {
    json_.value(number);
    return;
  }
  std::string text;
  append_double(text, number);
  if (text.find_first_of(".e") == std::string::npos) {
    text += ".0";
  }
  json_.raw(text);
}

}  // namespace

void encode_json(std::span<const Span* const> spans, std::string& out) {
  Encoder(out).write_spans(spans);
}

}  // namespace waybill::wire::otlp
