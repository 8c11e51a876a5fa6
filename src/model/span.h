// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "base/time.h"
#include "model/ids.h"
#include "model/value.h"

namespace waybill::model {

// OpenTelemetry's span kinds. Numbers that are not named here are kept as they came.
enum class SpanKind : std::int32_t {
  Unspecified = 0,
  Internal = 1,
  Server = 2,
  Client = 3,
  Producer = 4,
  Consumer = 5
};

enum class StatusCode : std::int32_t { Unset = 0, Ok = 1, Error = 2 };

// "unspecified", "internal", "server", "client", "producer", "consumer"; "unknown" for other
// numbers.
std::string_view span_kind_name(SpanKind kind);
// "unset", "ok", "error"; "unknown" for other numbers.
std::string_view status_code_name(StatusCode code);

// What emitted the telemetry: OTLP's Resource.
struct Resource {
  std::span<const Attribute> attributes;
  std::uint32_t dropped_attributes_count = 0;
  std::string_view schema_url;
  // Value of the attribute `service.name`; "unknown_service" where it is missing, empty or no
  // string.
  std::string_view service = "unknown_service";
};

// The instrumentation scope, and the resource around it.
struct Scope {
  std::string_view name;
  std::string_view version;
  std::span<const Attribute> attributes;
  std::uint32_t dropped_attributes_count = 0;
  std::string_view schema_url;
  const Resource* resource = nullptr;  // never null in a batch
};

struct Event {
  UnixNanos time = 0;
  std::string_view name;
  std::span<const Attribute> attributes;
  std::uint32_t dropped_attributes_count = 0;
};

struct Link {
  TraceId trace_id;
  SpanId span_id;
  std::string_view trace_state;
  std::span<const Attribute> attributes;
  std::uint32_t dropped_attributes_count = 0;
  std::uint32_t flags = 0;
};

// One operation in a trace. Borrows everything from the SpanBatch it belongs to. Times are kept as
// sent: `end` may lie before `start`.
struct Span {
  TraceId trace_id;
  SpanId span_id;
  SpanId parent_span_id;  // zero: none named
  UnixNanos start = 0;
  UnixNanos end = 0;
  std::string_view name;
  std::span<const Attribute> attributes;
  std::span<const Event> events;
  std::span<const Link> links;
  std::string_view trace_state;
  std::string_view status_message;
  const Scope* scope = nullptr;  // never null in a batch
  SpanKind kind = SpanKind::Unspecified;
  StatusCode status = StatusCode::Unset;
  std::uint32_t flags = 0;
  std::uint32_t dropped_attributes_count = 0;
  std::uint32_t dropped_events_count = 0;
  std::uint32_t dropped_links_count = 0;

  // Nanoseconds; negative where the span ends before it starts. At most 292 years either way.
  std::int64_t duration() const {
    const UnixNanos size = end >= start ? end - start : start - end;
    const auto nanos = static_cast<std::int64_t>(size > INT64_MAX ? INT64_MAX : size);
    return end >= start ? nanos : -nanos;
  }
  bool is_error() const { return status == StatusCode::Error; }
  const Resource& resource() const { return *scope->resource; }
  std::string_view service() const { return scope->resource->service; }
};

// Whether both say the same in every field, their scope and resource included.
bool equal(const Span& left, const Span& right);
bool equal(const Scope& left, const Scope& right);
bool equal(const Resource& left, const Resource& right);

// The first attribute of that key; null where there is none.
const Value* find_attribute(std::span<const Attribute> attributes, std::string_view key);

// Resource::service of a resource with these attributes.
std::string_view service_of(std::span<const Attribute> resource_attributes);

}  // namespace waybill::model
