// SPDX-License-Identifier: Apache-2.0
#include "query/trace_fingerprint.h"

#include <bit>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/hash.h"
#include "model/span.h"
#include "model/value.h"

namespace waybill::query {
namespace {

// Folds one thing after the other into a number. Texts bring their length, so that a boundary
// between two can not move unseen.
class Folder final {
 public:
  void add(std::uint64_t word) { state_ = mix64(state_ + word + 0x9e3779b97f4a7c15U); }
  void add(std::string_view text) {
    add(std::uint64_t{text.size()});
    state_ = hash_bytes(text, state_);
  }

  // Values nest at most as deep as decoders let them (wire/decode_limits.h).
  void add(const model::Value& value) {
    add(static_cast<std::uint64_t>(value.type()));
    switch (value.type()) {
      case model::ValueType::Empty:
        return;
      case model::ValueType::String:
        return add(value.string());
      case model::ValueType::Bytes:
        return add(value.bytes());
      case model::ValueType::Bool:
        return add(std::uint64_t{value.boolean()});
      case model::ValueType::Int:
        return add(static_cast<std::uint64_t>(value.integer()));
      case model::ValueType::Double:
        return add(std::bit_cast<std::uint64_t>(value.number()));
      case model::ValueType::Array:
        add(std::uint64_t{value.array().size()});
        for (const model::Value& item : value.array()) {
          add(item);
        }
        return;
      case model::ValueType::KvList:
        return add(value.kvlist());
    }
  }

  void add(std::span<const model::Attribute> attributes) {
    add(std::uint64_t{attributes.size()});
    for (const model::Attribute& attribute : attributes) {
      add(attribute.key);
      add(attribute.value);
    }
  }

  void add(const model::Resource& resource) {
    add(resource.attributes);
    add(std::uint64_t{resource.dropped_attributes_count});
    add(resource.schema_url);
  }

  void add(const model::Scope& scope) {
    add(scope.name);
    add(scope.version);
    add(scope.attributes);
    add(std::uint64_t{scope.dropped_attributes_count});
    add(scope.schema_url);
    add(*scope.resource);
  }

  void add(const model::Event& event) {
    add(event.time);
    add(event.name);
    add(event.attributes);
    add(std::uint64_t{event.dropped_attributes_count});
  }

  void add(const model::Link& link) {
    add(link.trace_id.high);
    add(link.trace_id.low);
    add(link.span_id.value);
    add(link.trace_state);
    add(link.attributes);
    add(std::uint64_t{link.dropped_attributes_count} << 32 | link.flags);
  }

  void add(const model::Span& span) {
    add(span.trace_id.high);
    add(span.trace_id.low);
    add(span.span_id.value);
    add(span.parent_span_id.value);
    add(span.start);
    add(span.end);
    add(span.name);
    add(span.trace_state);
    add(span.status_message);
    add(std::uint64_t{static_cast<std::uint32_t>(span.kind)} << 32 |
        static_cast<std::uint32_t>(span.status));
    add(std::uint64_t{span.flags} << 32 | span.dropped_attributes_count);
    add(std::uint64_t{span.dropped_events_count} << 32 | span.dropped_links_count);
    add(span.attributes);
    add(std::uint64_t{span.events.size()});
    for (const model::Event& event : span.events) {
      add(event);
    }
    add(std::uint64_t{span.links.size()});
    for (const model::Link& link : span.links) {
      add(link);
    }
  }

  std::uint64_t state() const { return state_; }

 private:
  std::uint64_t state_ = 0;
};

}  // namespace

std::uint64_t fingerprint(std::span<const model::Span* const> spans) {
  Folder folder;
  const model::Scope* scope = nullptr;
  std::uint64_t scope_state = 0;
  for (const model::Span* span : spans) {
    // Neighbours mostly share their scope: it is folded once for all of them.
    if (span->scope != scope) {
      scope = span->scope;
      Folder of_scope;
      of_scope.add(*scope);
      scope_state = of_scope.state();
    }
    folder.add(scope_state);
    folder.add(*span);
  }
  return folder.state();
}

}  // namespace waybill::query
