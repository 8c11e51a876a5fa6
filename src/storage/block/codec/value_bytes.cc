// SPDX-License-Identifier: Apache-2.0
#include "storage/block/codec/value_bytes.h"

#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/arena.h"
#include "model/span.h"
#include "model/value.h"
#include "storage/block/codec/block_bytes.h"

namespace waybill::storage {
namespace {

using model::ValueType;

bool write_array(std::span<const model::Value> items, ByteWriter& out, int depth) {
  out.varint(items.size());
  for (const model::Value& item : items) {
    if (!write_value(item, out, depth + 1)) {
      return false;
    }
  }
  return true;
}

model::Value read_array(ByteCursor& in, Arena& arena, int depth) {
  std::vector<model::Value> items(in.count());
  for (model::Value& item : items) {
    item = read_value(in, arena, depth + 1);
  }
  return model::Value::of_array(arena.copy(std::span<const model::Value>(items)));
}

}  // namespace

bool write_value(const model::Value& value, ByteWriter& out, int depth) {
  if (depth > kValueDepthMax) {
    return false;
  }
  out.byte(static_cast<std::uint8_t>(value.type()));
  switch (value.type()) {
    case ValueType::Empty:
      return true;
    case ValueType::String:
      out.text(value.string());
      return true;
    case ValueType::Bool:
      out.byte(value.boolean() ? 1 : 0);
      return true;
    case ValueType::Int:
      out.zigzag(static_cast<std::uint64_t>(value.integer()));
      return true;
    case ValueType::Double:
      out.fixed64(std::bit_cast<std::uint64_t>(value.number()));
      return true;
    case ValueType::Bytes:
      out.text(value.bytes());
      return true;
    case ValueType::Array:
      return write_array(value.array(), out, depth);
    case ValueType::KvList:
      return write_attributes(value.kvlist(), out, depth + 1);
  }
  return true;
}

bool write_attributes(std::span<const model::Attribute> attributes, ByteWriter& out, int depth) {
  out.varint(attributes.size());
  for (const model::Attribute& attribute : attributes) {
    out.text(attribute.key);
    if (!write_value(attribute.value, out, depth)) {
      return false;
    }
  }
  return true;
}

bool write_resource(const model::Resource& resource, ByteWriter& out) {
  out.text(resource.schema_url);
  out.varint(resource.dropped_attributes_count);
  return write_attributes(resource.attributes, out);
}

bool write_scope(const model::Scope& scope, ByteWriter& out) {
  out.text(scope.name);
  out.text(scope.version);
  out.text(scope.schema_url);
  out.varint(scope.dropped_attributes_count);
  return write_attributes(scope.attributes, out);
}

model::Value read_value(ByteCursor& in, Arena& arena, int depth) {
  if (depth > kValueDepthMax) {
    in.fail();
    return {};
  }
  switch (static_cast<ValueType>(in.byte())) {
    case ValueType::Empty:
      return {};
    case ValueType::String:
      return model::Value::of_string(in.text());
    case ValueType::Bool:
      return model::Value::of_bool(in.varint_up_to(1) != 0);
    case ValueType::Int:
      return model::Value::of_int(static_cast<std::int64_t>(in.zigzag()));
    case ValueType::Double:
      return model::Value::of_double(std::bit_cast<double>(in.fixed64()));
    case ValueType::Bytes:
      return model::Value::of_bytes(in.text());
    case ValueType::Array:
      return read_array(in, arena, depth);
    case ValueType::KvList:
      return model::Value::of_kvlist(read_attributes(in, arena, depth + 1));
  }
  in.fail();
  return {};
}

std::span<const model::Attribute> read_attributes(ByteCursor& in, Arena& arena, int depth) {
  std::vector<model::Attribute> attributes(in.count());
  for (model::Attribute& attribute : attributes) {
    attribute.key = in.text();
    attribute.value = read_value(in, arena, depth);
  }
  return arena.copy(std::span<const model::Attribute>(attributes));
}

model::Resource read_resource(ByteCursor& in, Arena& arena) {
  model::Resource resource;
  resource.schema_url = in.text();
  resource.dropped_attributes_count = static_cast<std::uint32_t>(in.varint_up_to(UINT32_MAX));
  resource.attributes = read_attributes(in, arena);
  resource.service = model::service_of(resource.attributes);
  return resource;
}

model::Scope read_scope(ByteCursor& in, Arena& arena) {
  model::Scope scope;
  scope.name = in.text();
  scope.version = in.text();
  scope.schema_url = in.text();
  scope.dropped_attributes_count = static_cast<std::uint32_t>(in.varint_up_to(UINT32_MAX));
  scope.attributes = read_attributes(in, arena);
  return scope;
}

}  // namespace waybill::storage
