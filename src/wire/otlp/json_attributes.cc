// SPDX-License-Identifier: Apache-2.0
#include "wire/otlp/json_attributes.h"
#include <simdjson.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

#include "base/text.h"
#include "model/value.h"
#include "wire/attribute_list.h"
#include "wire/cutter.h"
#include "wire/decode_arena.h"
#include "wire/decode_limits.h"
#include "wire/otlp/json_fields.h"
#include "wire/otlp/json_scalars.h"
#include "wire/otlp/protobuf_attributes.h"

namespace waybill::wire::otlp {
namespace {

using model::Attribute;
using model::Value;
using simdjson::dom::element;

enum KeyValueField : std::size_t { kKey, kValue };
constexpr std::array<std::string_view, 2> kKeyValueFields = {"key", "value"};

enum AnyValueField : std::size_t { kString, kBool, kInt, kDouble, kArray, kList, kBytes };
constexpr std::array<std::string_view, 7> kAnyValueFields = {
    "stringValue", "boolValue",   "intValue",  "doubleValue",
    "arrayValue",  "kvlistValue", "bytesValue"};

constexpr std::array<std::string_view, 1> kItemsFields = {"values"};

// The items of {"values": [...]}; none where the member is absent or a fault.
std::optional<simdjson::dom::array> items_of(element list, std::string_view field,
                                             JsonFault& fault) {
  simdjson::dom::array items;
  simdjson::dom::object object;
  if (list.get(object) != simdjson::SUCCESS) {
    fault.set(field, "not an object");
    return std::nullopt;
  }
  const JsonFields fields(kItemsFields, object);
  const element* values = fields.get(0);
  if (values == nullptr) {
    return std::nullopt;
  }
  if (values->get(items) != simdjson::SUCCESS) {
    fault.set(field, "values is not an array");
    return std::nullopt;
  }
  return items;
}

}  // namespace

JsonAttributeReader::JsonAttributeReader(DecodeArena& arena, Cutter& cutter, JsonFault& fault)
    : arena_(arena),
      cutter_(cutter),
      fault_(fault),
      depth_max_(std::min(cutter.limits().value_depth_max, AttributeReader::kDepthMax)) {}

void JsonAttributeReader::read(const element* list, std::string_view field, AttributeList& into) {
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
    if (into.has_room(cutter_)) {
      node_count_ = 0;
      into.add(read_attribute(item, 1), cutter_);
    }
  }
}

Attribute JsonAttributeReader::read_attribute(element key_value, int depth) {
  simdjson::dom::object object;
  if (key_value.get(object) != simdjson::SUCCESS) {
    fault_.set("attribute", "not an object");
    return {};
  }
  const JsonFields fields(kKeyValueFields, object);
  Attribute attribute;
  const std::string_view key = json_text(fields.get(kKey), "key", fault_);
  // A key that is too long is not copied: it stays what the list counts as too long.
  attribute.key = key.size() <= cutter_.limits().key_bytes_max ? arena_.keep(key) : key;
  if (const element* value = fields.get(kValue)) {
    attribute.value = read_value(*value, depth);
  }
  return attribute;
}

Value JsonAttributeReader::read_value(element any_value, int depth) {
  if (any_value.is_null()) {
    return {};
  }
  simdjson::dom::object object;
  if (any_value.get(object) != simdjson::SUCCESS) {
    fault_.set("value", "not an object");
    return {};
  }
  const JsonFields fields(kAnyValueFields, object);
  if (fields.last() == fields.kNone) {
    return {};
  }
  const element* member = fields.get(fields.last());
  const std::string_view name = kAnyValueFields[fields.last()];
  switch (static_cast<AnyValueField>(fields.last())) {
    case kString:
      return Value::of_string(arena_.keep(cutter_.value_text(json_text(member, name, fault_))));
    case kBool:
      return Value::of_bool(json_bool(member, name, fault_));
    case kInt:
      return json_int_value(member, name, fault_);
    case kDouble:
      return Value::of_double(json_double(member, name, fault_));
    case kArray:
      return read_array(*member, depth);
    case kList:
      return read_list(*member, depth);
    case kBytes:
      return read_bytes(*member);
  }
  return {};
}

Value JsonAttributeReader::read_bytes(element base64) {
  const auto bytes = parse_base64(json_text(&base64, "bytesValue", fault_));
  if (!bytes) {
    fault_.set("bytesValue", "not base64");
    return {};
  }
  return Value::of_bytes(arena_.keep(cutter_.value_bytes(*bytes)));
}

Value JsonAttributeReader::read_array(element array_value, int depth) {
  if (!takes_depth(depth)) {
    return {};
  }
  const auto items = items_of(array_value, "arrayValue", fault_);
  if (!items) {
    return Value::of_array({});
  }
  const std::size_t begin = values_.size();
  for (const element item : *items) {
    if (takes_node()) {
      values_.push_back(read_value(item, depth + 1));
    }
  }
  return Value::of_array(arena_.keep(values_, begin));
}

Value JsonAttributeReader::read_list(element key_value_list, int depth) {
  if (!takes_depth(depth)) {
    return {};
  }
  const auto items = items_of(key_value_list, "kvlistValue", fault_);
  if (!items) {
    return Value::of_kvlist({});
  }
  const std::size_t begin = entries_.size();
  for (const element item : *items) {
    if (!takes_node()) {
      continue;
    }
    const Attribute entry = read_attribute(item, depth + 1);
    if (cutter_.takes_key(entry.key)) {
      entries_.push_back(entry);
    }
  }
  return Value::of_kvlist(arena_.keep(entries_, begin));
}

bool JsonAttributeReader::takes_node() {
  if (node_count_ < cutter_.limits().value_node_count_max) {
    ++node_count_;
    return true;
  }
  cutter_.counts().add(Cut::Values);
  return false;
}

bool JsonAttributeReader::takes_depth(int depth) {
  if (depth <= depth_max_) {
    return true;
  }
  cutter_.counts().add(Cut::Depth);
  return false;
}

}  // namespace waybill::wire::otlp
