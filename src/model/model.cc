// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/text.h"
#include "model/ids.h"
#include "model/span.h"
#include "model/span_batch.h"
#include "model/value.h"

namespace waybill::model {

std::string TraceId::hex() const {
  std::string out;
  append_hex(out, high, 16);
  append_hex(out, low, 16);
  return out;
}

std::string SpanId::hex() const {
  std::string out;
  append_hex(out, value, 16);
  return out;
}

std::optional<TraceId> parse_trace_id(std::string_view hex) {
  if (hex.empty() || hex.size() > 32) {
    return std::nullopt;
  }
  const std::size_t high_digits = hex.size() > 16 ? hex.size() - 16 : 0;
  const auto low = parse_hex(hex.substr(high_digits));
  const auto high =
      high_digits == 0 ? std::optional<std::uint64_t>(0) : parse_hex(hex.substr(0, high_digits));
  if (!low || !high) {
    return std::nullopt;
  }
  return TraceId{*high, *low};
}

std::optional<SpanId> parse_span_id(std::string_view hex) {
  const auto value = parse_hex(hex);
  return value ? std::optional(SpanId{*value}) : std::nullopt;
}

bool equal(const Value& left, const Value& right) {
  if (left.type() != right.type()) {
    return false;
  }
  switch (left.type()) {
    case ValueType::Empty:
      return true;
    case ValueType::String:
      return left.string() == right.string();
    case ValueType::Bytes:
      return left.bytes() == right.bytes();
    case ValueType::Bool:
      return left.boolean() == right.boolean();
    case ValueType::Int:
      return left.integer() == right.integer();
    case ValueType::Double:
      return std::bit_cast<std::uint64_t>(left.number()) ==
             std::bit_cast<std::uint64_t>(right.number());
    case ValueType::Array:
      return std::equal(left.array().begin(), left.array().end(), right.array().begin(),
                        right.array().end(),
                        [](const Value& a, const Value& b) { return equal(a, b); });
    case ValueType::KvList:
      return equal(left.kvlist(), right.kvlist());
  }
  return false;
}

bool equal(std::span<const Attribute> left, std::span<const Attribute> right) {
  return std::equal(left.begin(), left.end(), right.begin(), right.end(),
                    [](const Attribute& a, const Attribute& b) {
                      return a.key == b.key && equal(a.value, b.value);
                    });
}

namespace {

bool equal(const Event& left, const Event& right) {
  return left.time == right.time && left.name == right.name &&
         left.dropped_attributes_count == right.dropped_attributes_count &&
         model::equal(left.attributes, right.attributes);
}

bool equal(const Link& left, const Link& right) {
  return left.trace_id == right.trace_id && left.span_id == right.span_id &&
         left.trace_state == right.trace_state && left.flags == right.flags &&
         left.dropped_attributes_count == right.dropped_attributes_count &&
         model::equal(left.attributes, right.attributes);
}

bool equal_fields(const Span& left, const Span& right) {
  return left.trace_id == right.trace_id && left.span_id == right.span_id &&
         left.parent_span_id == right.parent_span_id && left.start == right.start &&
         left.end == right.end && left.name == right.name &&
         left.trace_state == right.trace_state && left.status_message == right.status_message &&
         left.kind == right.kind && left.status == right.status && left.flags == right.flags &&
         left.dropped_attributes_count == right.dropped_attributes_count &&
         left.dropped_events_count == right.dropped_events_count &&
         left.dropped_links_count == right.dropped_links_count;
}

template <typename T>
bool equal_lists(std::span<const T> left, std::span<const T> right) {
  return std::equal(left.begin(), left.end(), right.begin(), right.end(),
                    [](const T& a, const T& b) { return equal(a, b); });
}

}  // namespace

bool equal(const Resource& left, const Resource& right) {
  return left.schema_url == right.schema_url &&
         left.dropped_attributes_count == right.dropped_attributes_count &&
         model::equal(left.attributes, right.attributes);
}

bool equal(const Scope& left, const Scope& right) {
  return left.name == right.name && left.version == right.version &&
         left.schema_url == right.schema_url &&
         left.dropped_attributes_count == right.dropped_attributes_count &&
         model::equal(left.attributes, right.attributes) && equal(*left.resource, *right.resource);
}

bool equal(const Span& left, const Span& right) {
  return equal_fields(left, right) && equal(left.attributes, right.attributes) &&
         equal_lists(left.events, right.events) && equal_lists(left.links, right.links) &&
         (left.scope == right.scope || equal(*left.scope, *right.scope));
}

const Value* find_attribute(std::span<const Attribute> attributes, std::string_view key) {
  for (const Attribute& attribute : attributes) {
    if (attribute.key == key) {
      return &attribute.value;
    }
  }
  return nullptr;
}

std::string_view service_of(std::span<const Attribute> resource_attributes) {
  const Value* name = find_attribute(resource_attributes, "service.name");
  if (name == nullptr || name->type() != ValueType::String || name->string().empty()) {
    return Resource{}.service;
  }
  return name->string();
}

std::string_view span_kind_name(SpanKind kind) {
  switch (kind) {
    case SpanKind::Unspecified:
      return "unspecified";
    case SpanKind::Internal:
      return "internal";
    case SpanKind::Server:
      return "server";
    case SpanKind::Client:
      return "client";
    case SpanKind::Producer:
      return "producer";
    case SpanKind::Consumer:
      return "consumer";
  }
  return "unknown";
}

std::string_view status_code_name(StatusCode code) {
  switch (code) {
    case StatusCode::Unset:
      return "unset";
    case StatusCode::Ok:
      return "ok";
    case StatusCode::Error:
      return "error";
  }
  return "unknown";
}

std::size_t SpanBatch::size_bytes() const {
  return sizeof(*this) + (source_ ? source_->capacity() : 0) + arena_.size_bytes() +
         spans_.capacity() * sizeof(Span);
}

}  // namespace waybill::model
