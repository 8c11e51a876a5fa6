// SPDX-License-Identifier: Apache-2.0
#include "wire/otlp/protobuf_attributes.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/bytes.h"
#include "model/value.h"
#include "wire/attribute_list.h"
#include "wire/cutter.h"
#include "wire/decode_arena.h"
#include "wire/decode_limits.h"
#include "wire/protobuf/proto_cursor.h"

namespace waybill::wire::otlp {
namespace {

using model::Attribute;
using model::Value;

constexpr std::uint32_t kKey = proto_tag(1, WireType::Length);
constexpr std::uint32_t kValue = proto_tag(2, WireType::Length);

constexpr std::uint32_t kString = proto_tag(1, WireType::Length);
constexpr std::uint32_t kBool = proto_tag(2, WireType::Varint);
constexpr std::uint32_t kInt = proto_tag(3, WireType::Varint);
constexpr std::uint32_t kDouble = proto_tag(4, WireType::Fixed64);
constexpr std::uint32_t kArray = proto_tag(5, WireType::Length);
constexpr std::uint32_t kList = proto_tag(6, WireType::Length);
constexpr std::uint32_t kBytes = proto_tag(7, WireType::Length);

// ArrayValue.values and KeyValueList.values.
constexpr std::uint32_t kItems = proto_tag(1, WireType::Length);

struct KeyAndValue {
  Bytes key;
  Bytes value;
};

// The parts of a KeyValue of the usual shape: a key, a value and nothing else, each with one byte
// of length. Nearly every one is such, and it is cheaper to find that out at once than to
// go from field to field.
//
//   0a <key length> <key> 12 <value length> <value>
inline std::optional<KeyAndValue> split_usual(Bytes message) {
  const std::size_t size_bytes = message.size();
  if (size_bytes < 4 || message[0] != kKey || message[1] >= 0x80) [[unlikely]] {
    return std::nullopt;
  }
  const std::size_t key_bytes = message[1];
  const std::size_t value_begin = 2 + key_bytes + 2;
  if (value_begin > size_bytes || message[value_begin - 2] != kValue ||
      message[value_begin - 1] >= 0x80 || message[value_begin - 1] != size_bytes - value_begin)
      [[unlikely]] {
    return std::nullopt;
  }
  return KeyAndValue{message.subspan(2, key_bytes), message.subspan(value_begin)};
}

}  // namespace

AttributeReader::AttributeReader(DecodeArena& arena, Cutter& cutter)
    : arena_(arena),
      cutter_(cutter),
      depth_max_(std::min(cutter.limits().value_depth_max, kDepthMax)) {}

void AttributeReader::read(Bytes key_value, AttributeList& into) {
  if (!into.has_room(cutter_)) [[unlikely]] {
    return;
  }
  node_count_ = 0;
  Attribute attribute;
  if (const auto parts = split_usual(key_value)) [[likely]] {
    attribute.key = as_text(parts->key);
    read_value(parts->value, 1, attribute.value);
    into.add(attribute, cutter_);
    return;
  }
  ProtoCursor cursor(key_value);
  while (!cursor.at_end()) {
    switch (const std::uint32_t tag = cursor.read_tag()) {
      case kKey:
        attribute.key = cursor.read_text();
        break;
      case kValue:
        read_value(cursor.read_bytes(), 1, attribute.value);
        break;
      default:
        cursor.skip(tag);
        break;
    }
  }
  ok_ = ok_ && cursor.ok();
  into.add(attribute, cutter_);
}

inline void AttributeReader::read_value(Bytes any_value, int depth, Value& value) {
  // Nearly every value is one short string and nothing else: its tag, one byte of length, and text
  // up to the end.
  const std::size_t size_bytes = any_value.size();
  if (size_bytes >= 2 && size_bytes < 0x80 + 2 && any_value[0] == kString &&
      any_value[1] == size_bytes - 2) [[likely]] {
    value = Value::of_string(cutter_.value_text(as_text(any_value.subspan(2))));
    return;
  }
  read_member(any_value, depth, value);
}

void AttributeReader::read_member(Bytes any_value, int depth, Value& value) {
  ProtoCursor cursor(any_value);
  while (!cursor.at_end()) {
    switch (const std::uint32_t tag = cursor.read_tag()) {
      case kString:
        value = Value::of_string(cutter_.value_text(cursor.read_text()));
        break;
      case kBool:
        value = Value::of_bool(cursor.read_varint() != 0);
        break;
      case kInt:
        value = Value::of_int(static_cast<std::int64_t>(cursor.read_varint()));
        break;
      case kDouble:
        value = Value::of_double(cursor.read_double());
        break;
      case kArray:
        value = read_array(cursor.read_bytes(), depth);
        break;
      case kList:
        value = read_list(cursor.read_bytes(), depth);
        break;
      case kBytes:
        value = Value::of_bytes(cutter_.value_bytes(cursor.read_text()));
        break;
      default:
        cursor.skip(tag);
        break;
    }
  }
  ok_ = ok_ && cursor.ok();
}

Value AttributeReader::read_array(Bytes array_value, int depth) {
  if (!takes_depth(depth)) {
    return {};
  }
  const std::size_t begin = values_.size();
  ProtoCursor cursor(array_value);
  while (!cursor.at_end()) {
    const std::uint32_t tag = cursor.read_tag();
    if (tag != kItems) {
      cursor.skip(tag);
      continue;
    }
    const Bytes item = cursor.read_bytes();
    if (takes_node()) {
      // Built aside: reading a nested array may move `values_`.
      Value value;
      read_value(item, depth + 1, value);
      values_.push_back(value);
    }
  }
  ok_ = ok_ && cursor.ok();
  return Value::of_array(arena_.keep(values_, begin));
}

Value AttributeReader::read_list(Bytes key_value_list, int depth) {
  if (!takes_depth(depth)) {
    return {};
  }
  const std::size_t begin = entries_.size();
  ProtoCursor cursor(key_value_list);
  while (!cursor.at_end()) {
    const std::uint32_t list_tag = cursor.read_tag();
    if (list_tag != kItems) {
      cursor.skip(list_tag);
      continue;
    }
    const Bytes item = cursor.read_bytes();
    if (!takes_node()) {
      continue;
    }
    Attribute entry;
    ProtoCursor fields(item);
    while (!fields.at_end()) {
      const std::uint32_t tag = fields.read_tag();
      if (tag == kKey) {
        entry.key = fields.read_text();
      } else if (tag == kValue) {
        read_value(fields.read_bytes(), depth + 1, entry.value);
      } else {
        fields.skip(tag);
      }
    }
    ok_ = ok_ && fields.ok();
    if (cutter_.takes_key(entry.key)) {
      entries_.push_back(entry);
    }
  }
  ok_ = ok_ && cursor.ok();
  return Value::of_kvlist(arena_.keep(entries_, begin));
}

bool AttributeReader::takes_node() {
  if (node_count_ < cutter_.limits().value_node_count_max) {
    ++node_count_;
    return true;
  }
  cutter_.counts().add(Cut::Values);
  return false;
}

bool AttributeReader::takes_depth(int depth) {
  if (depth <= depth_max_) {
    return true;
  }
  cutter_.counts().add(Cut::Depth);
  return false;
}

}  // namespace waybill::wire::otlp
