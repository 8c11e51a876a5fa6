// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>

#include "model/ids.h"
#include "model/span.h"
#include "model/value.h"
#include "wire/otlp/grouping.h"
#include "wire/otlp/otlp.h"
#include "wire/protobuf/proto_writer.h"

namespace waybill::wire::otlp {
namespace {

using model::Attribute;
using model::Event;
using model::Link;
using model::Resource;
using model::Scope;
using model::Span;
using model::SpanId;
using model::TraceId;
using model::Value;
using model::ValueType;

// Fields that are not inside a oneof are left out where they hold the default, as proto3 does.
class Encoder final {
 public:
  explicit Encoder(std::string& out) : proto_(out) {}

  void write_spans(std::span<const Span* const> spans);

 private:
  void write_resource(const Resource& resource);
  void write_scope(const Scope& scope);
  void write_span(const Span& span);
  void write_event(const Event& event);
  void write_link(const Link& link);
  void write_status(const Span& span);
  void write_attribute(std::uint32_t field, const Attribute& attribute);
  void write_value(std::uint32_t field, const Value& value);

  void write_attributes(std::uint32_t field, std::span<const Attribute> attributes) {
    for (const Attribute& attribute : attributes) {
      write_attribute(field, attribute);
    }
  }
  void write_text(std::uint32_t field, std::string_view text) {
    if (!text.empty()) {
      proto_.text(field, text);
    }
  }
  // An enum below zero takes ten bytes, as protobuf's int32 does.
  template <typename T>
  void write_enum(std::uint32_t field, T value) {
    if (static_cast<std::int32_t>(value) != 0) {
      proto_.varint(field, static_cast<std::uint64_t>(static_cast<std::int64_t>(value)));
    }
  }
  void write_count(std::uint32_t field, std::uint32_t count) {
    if (count != 0) {
      proto_.varint(field, count);
    }
  }
  void write_fixed64(std::uint32_t field, std::uint64_t value) {
    if (value != 0) {
      proto_.fixed64(field, value);
    }
  }
  void write_fixed32(std::uint32_t field, std::uint32_t value) {
    if (value != 0) {
      proto_.fixed32(field, value);
    }
  }
  void write_id(std::uint32_t field, const TraceId& id);
  void write_id(std::uint32_t field, const SpanId& id);

  ProtoWriter proto_;
};

// How many bytes the lengths of large messages are likely to take.
constexpr std::size_t kSpanLengthBytes = 2;
constexpr std::size_t kListLengthBytes = 3;

void Encoder::write_spans(std::span<const Span* const> spans) {
  std::size_t at = 0;
  while (at < spans.size()) {
    const Resource& resource = spans[at]->resource();
    const auto resource_spans = proto_.begin(1, kListLengthBytes);
    write_resource(resource);
    while (at < spans.size() && same(spans[at]->resource(), resource)) {
      const Scope& scope = *spans[at]->scope;
      const auto scope_spans = proto_.begin(2, kListLengthBytes);
      write_scope(scope);
      while (at < spans.size() && same(*spans[at]->scope, scope)) {
        write_span(*spans[at++]);
      }
      write_text(3, scope.schema_url);
      proto_.end(scope_spans);
    }
    write_text(3, resource.schema_url);
    proto_.end(resource_spans);
  }
}

void Encoder::write_resource(const Resource& resource) {
  if (resource.attributes.empty() && resource.dropped_attributes_count == 0) {
    return;
  }
  const auto message = proto_.begin(1, 2);
  write_attributes(1, resource.attributes);
  write_count(2, resource.dropped_attributes_count);
  proto_.end(message);
}

void Encoder::write_scope(const Scope& scope) {
  if (scope.name.empty() && scope.version.empty() && scope.attributes.empty() &&
      scope.dropped_attributes_count == 0) {
    return;
  }
  const auto message = proto_.begin(1);
  write_text(1, scope.name);
  write_text(2, scope.version);
  write_attributes(3, scope.attributes);
  write_count(4, scope.dropped_attributes_count);
  proto_.end(message);
}

void Encoder::write_span(const Span& span) {
  const auto message = proto_.begin(2, kSpanLengthBytes);
  write_id(1, span.trace_id);
  write_id(2, span.span_id);
  write_text(3, span.trace_state);
  write_id(4, span.parent_span_id);
  write_text(5, span.name);
  write_enum(6, span.kind);
  write_fixed64(7, span.start);
  write_fixed64(8, span.end);
  write_attributes(9, span.attributes);
  write_count(10, span.dropped_attributes_count);
  for (const Event& event : span.events) {
    write_event(event);
  }
  write_count(12, span.dropped_events_count);
  for (const Link& link : span.links) {
    write_link(link);
  }
  write_count(14, span.dropped_links_count);
  write_status(span);
  write_fixed32(16, span.flags);
  proto_.end(message);
}

void Encoder::write_event(const Event& event) {
  const auto message = proto_.begin(11);
  write_fixed64(1, event.time);
  write_text(2, event.name);
  write_attributes(3, event.attributes);
  write_count(4, event.dropped_attributes_count);
  proto_.end(message);
}

void Encoder::write_link(const Link& link) {
  const auto message = proto_.begin(13);
  write_id(1, link.trace_id);
  write_id(2, link.span_id);
  write_text(3, link.trace_state);
  write_attributes(4, link.attributes);
  write_count(5, link.dropped_attributes_count);
  write_fixed32(6, link.flags);
  proto_.end(message);
}

void Encoder::write_status(const Span& span) {
  if (span.status == model::StatusCode::Unset && span.status_message.empty()) {
    return;
  }
  const auto message = proto_.begin(15);
  write_text(2, span.status_message);
  write_enum(3, span.status);
  proto_.end(message);
}

void Encoder::write_attribute(std::uint32_t field, const Attribute& attribute) {
  const auto message = proto_.begin(field);
  write_text(1, attribute.key);
  write_value(2, attribute.value);
  proto_.end(message);
}

void Encoder::write_value(std::uint32_t field, const Value& value) {
  const auto message = proto_.begin(field);
  switch (value.type()) {
    case ValueType::Empty:
      break;
    case ValueType::String:
      proto_.text(1, value.string());
      break;
    case ValueType::Bool:
      proto_.varint(2, value.boolean() ? 1 : 0);
      break;
    case ValueType::Int:
      proto_.varint(3, static_cast<std::uint64_t>(value.integer()));
      break;
    case ValueType::Double:
      proto_.number(4, value.number());
      break;
    case ValueType::Array: {
      const auto array = proto_.begin(5);
      for (const Value& item : value.array()) {
        write_value(1, item);
      }
      proto_.end(array);
      break;
    }
    case ValueType::KvList: {
      const auto list = proto_.begin(6);
      write_attributes(1, value.kvlist());
      proto_.end(list);
      break;
    }
    case ValueType::Bytes:
      proto_.text(7, value.bytes());
      break;
  }
  proto_.end(message);
}

void append_big_endian(std::uint64_t word, char* to) {
  const std::uint64_t swapped = __builtin_bswap64(word);
  std::memcpy(to, &swapped, sizeof(swapped));
}

void Encoder::write_id(std::uint32_t field, const TraceId& id) {
  if (!id.is_zero()) {
    char bytes[16];
    append_big_endian(id.high, bytes);
    append_big_endian(id.low, bytes + 8);
    proto_.text(field, {bytes, sizeof(bytes)});
  }
}

void Encoder::write_id(std::uint32_t field, const SpanId& id) {
  if (!id.is_zero()) {
    char bytes[8];
    append_big_endian(id.value, bytes);
    proto_.text(field, {bytes, sizeof(bytes)});
  }
}

}  // namespace

void encode_protobuf(std::span<const Span* const> spans, std::string& out) {
  Encoder(out).write_spans(spans);
}

}  // namespace waybill::wire::otlp
