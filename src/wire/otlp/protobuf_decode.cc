// SPDX-License-Identifier: Apache-2.0
//
// ExportTraceServiceRequest as protobuf: the hottest code of the program. One pass; the only memory
// that is taken for a span is the room for its attributes, events and links in the batch's arena.
// They are gathered in lists that are reused from span to span and copied once their number is
// known.
//
//   request
//     1 resource_spans*   1 resource   2 scope_spans*   3 schema_url
//                                        1 scope   2 spans*   3 schema_url
//
// A scope or a resource may come after its spans, or in several pieces. So the Scope that spans
// point to is made when the first of them is kept, and filled in when its message ends. Pieces are
// merged as protobuf does it: single fields are taken from the last, attributes follow one another.
#include <fmt/format.h>

#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"
#include "base/result.h"
#include "model/ids.h"
#include "model/span.h"
#include "model/value.h"
#include "wire/attribute_list.h"
#include "wire/cutter.h"
#include "wire/decode_arena.h"
#include "wire/decode_limits.h"
#include "wire/otlp/otlp.h"
#include "wire/otlp/protobuf_attributes.h"
#include "wire/protobuf/proto_cursor.h"

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

constexpr std::uint32_t length_tag(std::uint32_t field) {
  return proto_tag(field, WireType::Length);
}
constexpr std::uint32_t varint_tag(std::uint32_t field) {
  return proto_tag(field, WireType::Varint);
}

constexpr std::size_t kTraceIdBytes = 16;
constexpr std::size_t kSpanIdBytes = 8;

std::uint64_t read_big_endian(const std::uint8_t* bytes) {
  std::uint64_t word = 0;
  std::memcpy(&word, bytes, sizeof(word));
  return __builtin_bswap64(word);
}

// Requires: 16 bytes.
TraceId trace_id_of(Bytes bytes) {
  return {read_big_endian(bytes.data()), read_big_endian(bytes.data() + 8)};
}

// Requires: 8 bytes.
SpanId span_id_of(Bytes bytes) { return {read_big_endian(bytes.data())}; }

// A span's ids as they came.
struct RawIds {
  Bytes trace_id;
  Bytes span_id;
  Bytes parent_span_id;
};

// Puts the ids into the span, or says why it is refused.
std::optional<RefusedSpan> take_ids(const RawIds& ids, Span& span) {
  if (ids.trace_id.size() != kTraceIdBytes) {
    return RefusedSpan::TraceIdLength;
  }
  if (ids.span_id.size() != kSpanIdBytes) {
    return RefusedSpan::SpanIdLength;
  }
  if (!ids.parent_span_id.empty() && ids.parent_span_id.size() != kSpanIdBytes) {
    return RefusedSpan::ParentIdLength;
  }
  span.trace_id = trace_id_of(ids.trace_id);
  span.span_id = span_id_of(ids.span_id);
  if (!ids.parent_span_id.empty()) {
    span.parent_span_id = span_id_of(ids.parent_span_id);
  }
  if (span.trace_id.is_zero()) {
    return RefusedSpan::TraceIdZero;
  }
  return span.span_id.is_zero() ? std::optional(RefusedSpan::SpanIdZero) : std::nullopt;
}

// Puts the ids into the link; false where one has a wrong length.
bool take_link_ids(const RawIds& ids, Link& link) {
  const bool has_trace = !ids.trace_id.empty();
  const bool has_span = !ids.span_id.empty();
  if ((has_trace && ids.trace_id.size() != kTraceIdBytes) ||
      (has_span && ids.span_id.size() != kSpanIdBytes)) {
    return false;
  }
  if (has_trace) {
    link.trace_id = trace_id_of(ids.trace_id);
  }
  if (has_span) {
    link.span_id = span_id_of(ids.span_id);
  }
  return true;
}

// What was left out of one span here, beyond what its sender left out.
struct Dropped {
  std::uint64_t events = 0;
  std::uint64_t links = 0;
};

class Decoder final {
 public:
  Decoder(Decoded& out, const DecodeLimits& limits)
      : batch_(out.batch),
        cutter_(limits, out.counts),
        arena_(out.batch.arena(), limits.arena_bytes_max),
        reader_(arena_, cutter_),
        resource_attributes_(limits.attribute_count_max),
        scope_attributes_(limits.attribute_count_max),
        span_attributes_(limits.attribute_count_max),
        inner_attributes_(limits.inner_attribute_count_max) {}

  Result<void> decode(Bytes request) {
    ProtoCursor cursor(request);
    while (!cursor.at_end() && is_going_on()) {
      const std::uint32_t tag = cursor.read_tag();
      if (tag == length_tag(1)) {
        read_resource_spans(cursor.read_bytes());
      } else {
        cursor.skip(tag);
      }
    }
    finish(cursor);
    if (!ok_ || !reader_.ok()) {
      return invalid_argument(
          fmt::format("otlp request: malformed protobuf after {} spans", batch_.spans().size()));
    }
    if (arena_.is_exhausted()) {
      return resource_exhausted(fmt::format("otlp request: takes more than {} bytes of memory",
                                            cutter_.limits().arena_bytes_max));
    }
    return {};
  }

 private:
  void read_resource_spans(Bytes message);
  void read_resource(Bytes message, Resource& resource);
  void read_scope_spans(Bytes message, Resource*& kept_resource);
  void add_span(Bytes message, Scope*& kept_scope);
  void read_scope(Bytes message, Scope& scope);
  bool read_span(Bytes message, Span& span);
  void read_status(Bytes message, Span& span);
  void read_rare_field(ProtoCursor& cursor, std::uint32_t tag, Span& span);
  void keep_lists(const Dropped& dropped, Span& span);
  bool read_event(Bytes message);
  bool read_link(Bytes message);

  void finish(const ProtoCursor& cursor) { ok_ = ok_ && cursor.ok(); }
  bool is_going_on() const { return ok_ && reader_.ok() && !arena_.is_exhausted(); }

  model::SpanBatch& batch_;
  Cutter cutter_;
  DecodeArena arena_;
  AttributeReader reader_;
  AttributeList resource_attributes_;
  AttributeList scope_attributes_;
  AttributeList span_attributes_;
  AttributeList inner_attributes_;  // of the event or link at hand
  std::vector<Event> events_;
  std::vector<Link> links_;
  bool ok_ = true;
};

void Decoder::read_resource_spans(Bytes message) {
  Resource resource;
  Resource* kept = nullptr;
  resource_attributes_.clear();
  ProtoCursor cursor(message);
  while (!cursor.at_end() && is_going_on()) {
    switch (const std::uint32_t tag = cursor.read_tag()) {
      case length_tag(1):
        read_resource(cursor.read_bytes(), resource);
        break;
      case length_tag(2):
        read_scope_spans(cursor.read_bytes(), kept);
        break;
      case length_tag(3):
        resource.schema_url = cutter_.name(cursor.read_text());
        break;
      default:
        cursor.skip(tag);
        break;
    }
  }
  finish(cursor);
  if (kept != nullptr) {
    resource.dropped_attributes_count =
        add_saturating(resource.dropped_attributes_count, resource_attributes_.dropped_count());
    resource.attributes = arena_.keep(resource_attributes_.items());
    resource.service = model::service_of(resource.attributes);
    *kept = resource;
  }
}

void Decoder::read_resource(Bytes message, Resource& resource) {
  ProtoCursor cursor(message);
  while (!cursor.at_end()) {
    switch (const std::uint32_t tag = cursor.read_tag()) {
      case length_tag(1):
        reader_.read(cursor.read_bytes(), resource_attributes_);
        break;
      case varint_tag(2):
        resource.dropped_attributes_count = static_cast<std::uint32_t>(cursor.read_varint());
        break;
      default:
        cursor.skip(tag);
        break;
    }
  }
  finish(cursor);
}

void Decoder::read_scope_spans(Bytes message, Resource*& kept_resource) {
  Scope scope;
  Scope* kept = nullptr;
  scope_attributes_.clear();
  ProtoCursor cursor(message);
  while (!cursor.at_end() && is_going_on()) {
    switch (const std::uint32_t tag = cursor.read_tag()) {
      case length_tag(1):
        read_scope(cursor.read_bytes(), scope);
        break;
      case length_tag(2):
        add_span(cursor.read_bytes(), kept);
        break;
      case length_tag(3):
        scope.schema_url = cutter_.name(cursor.read_text());
        break;
      default:
        cursor.skip(tag);
        break;
    }
  }
  finish(cursor);
  if (kept != nullptr) {
    if (kept_resource == nullptr) {
      kept_resource = arena_.make<Resource>();
    }
    scope.resource = kept_resource;
    scope.dropped_attributes_count =
        add_saturating(scope.dropped_attributes_count, scope_attributes_.dropped_count());
    scope.attributes = arena_.keep(scope_attributes_.items());
    *kept = scope;
  }
}

// The scope is made with its first span, as one without spans is of no use.
void Decoder::add_span(Bytes message, Scope*& kept_scope) {
  Span span;
  if (!read_span(message, span)) {
    return;
  }
  if (kept_scope == nullptr) {
    kept_scope = arena_.make<Scope>();
  }
  span.scope = kept_scope;
  batch_.add(span);
}

void Decoder::read_scope(Bytes message, Scope& scope) {
  ProtoCursor cursor(message);
  while (!cursor.at_end()) {
    switch (const std::uint32_t tag = cursor.read_tag()) {
      case length_tag(1):
        scope.name = cutter_.name(cursor.read_text());
        break;
      case length_tag(2):
        scope.version = cutter_.name(cursor.read_text());
        break;
      case length_tag(3):
        reader_.read(cursor.read_bytes(), scope_attributes_);
        break;
      case varint_tag(4):
        scope.dropped_attributes_count = static_cast<std::uint32_t>(cursor.read_varint());
        break;
      default:
        cursor.skip(tag);
        break;
    }
  }
  finish(cursor);
}

// False where the span is refused; it is counted then.
bool Decoder::read_span(Bytes message, Span& span) {
  if (batch_.spans().size() >= cutter_.limits().span_count_max) {
    cutter_.counts().add(RefusedSpan::TooManySpans);
    return false;
  }
  span_attributes_.clear();
  events_.clear();
  links_.clear();
  RawIds ids;
  Dropped dropped;
  ProtoCursor cursor(message);
  while (!cursor.at_end()) {
    switch (const std::uint32_t tag = cursor.read_tag()) {
      case length_tag(1):
        ids.trace_id = cursor.read_bytes();
        break;
      case length_tag(2):
        ids.span_id = cursor.read_bytes();
        break;
      case length_tag(4):
        ids.parent_span_id = cursor.read_bytes();
        break;
      case length_tag(5):
        span.name = cutter_.name(cursor.read_text());
        break;
      case varint_tag(6):
        span.kind = static_cast<model::SpanKind>(cursor.read_varint());
        break;
      case proto_tag(7, WireType::Fixed64):
        span.start = cursor.read_fixed64();
        break;
      case proto_tag(8, WireType::Fixed64):
        span.end = cursor.read_fixed64();
        break;
      case length_tag(9):
        reader_.read(cursor.read_bytes(), span_attributes_);
        break;
      case length_tag(11):
        dropped.events += read_event(cursor.read_bytes()) ? 0 : 1;
        break;
      case length_tag(13):
        dropped.links += read_link(cursor.read_bytes()) ? 0 : 1;
        break;
      case length_tag(15):
        read_status(cursor.read_bytes(), span);
        break;
      default:
        read_rare_field(cursor, tag, span);
        break;
    }
  }
  finish(cursor);
  if (const auto refused = take_ids(ids, span)) {
    cutter_.counts().add(*refused);
    return false;
  }
  keep_lists(dropped, span);
  return true;
}

void Decoder::read_rare_field(ProtoCursor& cursor, std::uint32_t tag, Span& span) {
  switch (tag) {
    case length_tag(3):
      span.trace_state = cutter_.name(cursor.read_text());
      break;
    case varint_tag(10):
      span.dropped_attributes_count = static_cast<std::uint32_t>(cursor.read_varint());
      break;
    case varint_tag(12):
      span.dropped_events_count = static_cast<std::uint32_t>(cursor.read_varint());
      break;
    case varint_tag(14):
      span.dropped_links_count = static_cast<std::uint32_t>(cursor.read_varint());
      break;
    case proto_tag(16, WireType::Fixed32):
      span.flags = cursor.read_fixed32();
      break;
    default:
      cursor.skip(tag);
      break;
  }
}

void Decoder::keep_lists(const Dropped& dropped, Span& span) {
  span.attributes = arena_.keep(span_attributes_.items());
  span.events = arena_.keep(events_);
  span.links = arena_.keep(links_);
  span.dropped_attributes_count =
      add_saturating(span.dropped_attributes_count, span_attributes_.dropped_count());
  span.dropped_events_count = add_saturating(span.dropped_events_count, dropped.events);
  span.dropped_links_count = add_saturating(span.dropped_links_count, dropped.links);
}

void Decoder::read_status(Bytes message, Span& span) {
  ProtoCursor cursor(message);
  while (!cursor.at_end()) {
    switch (const std::uint32_t tag = cursor.read_tag()) {
      case length_tag(2):
        span.status_message = cutter_.name(cursor.read_text());
        break;
      case varint_tag(3):
        span.status = static_cast<model::StatusCode>(cursor.read_varint());
        break;
      default:
        cursor.skip(tag);
        break;
    }
  }
  finish(cursor);
}

// False where the event is left out; it is counted as cut then.
bool Decoder::read_event(Bytes message) {
  if (events_.size() >= cutter_.limits().event_count_max) {
    cutter_.counts().add(Cut::Events);
    return false;
  }
  Event event;
  inner_attributes_.clear();
  ProtoCursor cursor(message);
  while (!cursor.at_end()) {
    switch (const std::uint32_t tag = cursor.read_tag()) {
      case proto_tag(1, WireType::Fixed64):
        event.time = cursor.read_fixed64();
        break;
      case length_tag(2):
        event.name = cutter_.name(cursor.read_text());
        break;
      case length_tag(3):
        reader_.read(cursor.read_bytes(), inner_attributes_);
        break;
      case varint_tag(4):
        event.dropped_attributes_count = static_cast<std::uint32_t>(cursor.read_varint());
        break;
      default:
        cursor.skip(tag);
        break;
    }
  }
  finish(cursor);
  event.dropped_attributes_count =
      add_saturating(event.dropped_attributes_count, inner_attributes_.dropped_count());
  event.attributes = arena_.keep(inner_attributes_.items());
  events_.push_back(event);
  return true;
}

// False where the link is left out; it is counted as cut then. A link may name no trace or no span:
// senders use that to carry attributes alone.
bool Decoder::read_link(Bytes message) {
  if (links_.size() >= cutter_.limits().link_count_max) {
    cutter_.counts().add(Cut::Links);
    return false;
  }
  Link link;
  RawIds ids;
  inner_attributes_.clear();
  ProtoCursor cursor(message);
  while (!cursor.at_end()) {
    switch (const std::uint32_t tag = cursor.read_tag()) {
      case length_tag(1):
        ids.trace_id = cursor.read_bytes();
        break;
      case length_tag(2):
        ids.span_id = cursor.read_bytes();
        break;
      case length_tag(3):
        link.trace_state = cutter_.name(cursor.read_text());
        break;
      case length_tag(4):
        reader_.read(cursor.read_bytes(), inner_attributes_);
        break;
      case varint_tag(5):
        link.dropped_attributes_count = static_cast<std::uint32_t>(cursor.read_varint());
        break;
      case proto_tag(6, WireType::Fixed32):
        link.flags = cursor.read_fixed32();
        break;
      default:
        cursor.skip(tag);
        break;
    }
  }
  finish(cursor);
  if (!take_link_ids(ids, link)) {
    cutter_.counts().add(Cut::Links);
    return false;
  }
  link.dropped_attributes_count =
      add_saturating(link.dropped_attributes_count, inner_attributes_.dropped_count());
  link.attributes = arena_.keep(inner_attributes_.items());
  links_.push_back(link);
  return true;
}

}  // namespace

Result<Decoded> decode_protobuf(std::shared_ptr<const std::string> body,
                                const DecodeLimits& limits) {
  const Bytes message = as_bytes(*body);
  Decoded decoded{model::SpanBatch(std::move(body)), {}};
  TRY(Decoder(decoded, limits).decode(message));
  return decoded;
}

}  // namespace waybill::wire::otlp
