// SPDX-License-Identifier: Apache-2.0
#include "storage/testing/batch_builder.h"

#include <cstdint>
#include <span>
#include <utility>
#include <vector>
#include "base/arena.h"
#include "base/time.h"
#include "model/span.h"
#include "model/value.h"

namespace waybill::storage {
namespace {

// A copy of one thing that lives as long as the arena.
template <typename T>
T* place(Arena& arena, const T& thing) {
  return std::construct_at(reinterpret_cast<T*>(arena.allocate(sizeof(T))), thing);
}

// The list with one more at its end.
template <typename T>
std::span<const T> append(Arena& arena, std::span<const T> items, const T& item) {
  std::vector<T> longer(items.begin(), items.end());
  longer.push_back(item);
  return arena.copy(std::span<const T>(longer));
}

}  // namespace

model::Value BatchBuilder::keep(const model::Value& value) {
  Arena& arena = batch_.arena();
  switch (value.type()) {
    case model::ValueType::String:
      return model::Value::of_string(arena.copy(value.string()));
    case model::ValueType::Bytes:
      return model::Value::of_bytes(arena.copy(value.bytes()));
    case model::ValueType::Array: {
      std::vector<model::Value> items;
      for (const model::Value& item : value.array()) {
        items.push_back(keep(item));
      }
      return model::Value::of_array(arena.copy(std::span<const model::Value>(items)));
    }
    case model::ValueType::KvList: {
      std::vector<model::Attribute> items;
      for (const model::Attribute& item : value.kvlist()) {
        items.push_back({arena.copy(item.key), keep(item.value)});
      }
      return model::Value::of_kvlist(arena.copy(std::span<const model::Attribute>(items)));
    }
    default:
      return value;
  }
}

std::span<const model::Attribute> BatchBuilder::keep(const Attributes& attributes) {
  std::vector<model::Attribute> kept;
  for (const auto& [key, value] : attributes) {
    kept.push_back({batch_.arena().copy(std::string_view(key)), keep(value)});
  }
  return batch_.arena().copy(std::span<const model::Attribute>(kept));
}

BatchBuilder& BatchBuilder::service(std::string_view name, const Attributes& resource_attributes) {
  model::Resource resource;
  Attributes attributes = resource_attributes;
  if (!name.empty()) {
    attributes.insert(attributes.begin(), {"service.name", model::Value::of_string(name)});
    resource.service = batch_.arena().copy(name);
  }
  resource.attributes = keep(attributes);
  resource_ = place(batch_.arena(), resource);
  return scope("", "");
}

BatchBuilder& BatchBuilder::scope(std::string_view name, std::string_view version,
                                  const Attributes& attributes) {
  model::Scope scope;
  scope.name = batch_.arena().copy(name);
  scope.version = batch_.arena().copy(version);
  scope.attributes = keep(attributes);
  scope.resource = resource_;
  scope_ = place(batch_.arena(), scope);
  return *this;
}

BatchBuilder& BatchBuilder::span(std::uint64_t trace_id, std::uint64_t span_id,
                                 std::uint64_t parent_id, std::string_view name, UnixNanos start,
                                 UnixNanos end) {
  model::Span span;
  span.trace_id = {0, trace_id};
  span.span_id = {span_id};
  span.parent_span_id = {parent_id};
  span.name = batch_.arena().copy(name);
  span.start = start;
  span.end = end;
  span.scope = scope_;
  spans_.push_back(span);
  return *this;
}

BatchBuilder& BatchBuilder::kind(model::SpanKind kind) {
  last().kind = kind;
  return *this;
}

BatchBuilder& BatchBuilder::error(std::string_view message) {
  last().status = model::StatusCode::Error;
  last().status_message = batch_.arena().copy(message);
  return *this;
}

BatchBuilder& BatchBuilder::attribute(std::string_view key, model::Value value) {
  const model::Attribute attribute{batch_.arena().copy(key), keep(value)};
  last().attributes = append(batch_.arena(), last().attributes, attribute);
  return *this;
}

BatchBuilder& BatchBuilder::event(UnixNanos time, std::string_view name,
                                  const Attributes& attributes) {
  model::Event event;
  event.time = time;
  event.name = batch_.arena().copy(name);
  event.attributes = keep(attributes);
  last().events = append(batch_.arena(), last().events, event);
  return *this;
}

BatchBuilder& BatchBuilder::link(std::uint64_t trace_id, std::uint64_t span_id,
                                 const Attributes& attributes) {
  model::Link link;
  link.trace_id = {0, trace_id};
  link.span_id = {span_id};
  link.attributes = keep(attributes);
  last().links = append(batch_.arena(), last().links, link);
  return *this;
}

model::SpanBatch BatchBuilder::take() {
  for (const model::Span& span : spans_) {
    batch_.add(span);
  }
  spans_.clear();
  return std::move(batch_);
}

}  // namespace waybill::storage
