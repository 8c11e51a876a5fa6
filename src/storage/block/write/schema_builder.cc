// SPDX-License-Identifier: Apache-2.0
#include "storage/block/write/schema_builder.h"

#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "base/hash.h"
#include "model/span.h"
#include "model/value.h"
#include "storage/block/block_schema.h"
#include "storage/block/codec/block_bytes.h"
#include "storage/block/codec/value_bytes.h"

namespace waybill::storage {
namespace {

constexpr std::uint32_t bit_of(FieldRole role) { return 1U << static_cast<unsigned>(role); }

model::ValueType type_of(FieldRole role) {
  switch (role) {
    case FieldRole::Name:
    case FieldRole::StatusMessage:
    case FieldRole::TraceState:
      return model::ValueType::String;
    case FieldRole::AttributeList:
      return model::ValueType::KvList;
    default:
      return model::ValueType::Int;
  }
}

std::string field_key(RowTable table, FieldRole role, model::ValueType type, std::string_view key) {
  ByteWriter bytes;
  bytes.byte(static_cast<std::uint8_t>(table));
  bytes.byte(static_cast<std::uint8_t>(role));
  bytes.byte(static_cast<std::uint8_t>(type));
  bytes.raw(key);
  return std::move(bytes.bytes());
}

// Cheap and weak: a wrong guess only costs the search that would else be made.
std::size_t guess_place(const RowKey& key, std::size_t places) {
  std::uint64_t mixed = hash_bytes(key.name, key.service.size());
  mixed += key.attributes.size() * 0x9e3779b97f4a7c15U;
  mixed ^= static_cast<std::uint64_t>(static_cast<std::uint32_t>(key.kind)) << 7;
  mixed ^= static_cast<std::uint64_t>(static_cast<std::uint32_t>(key.status)) << 13;
  mixed ^= static_cast<std::uint64_t>(key.roles) << 17;
  return mix64(mixed) & (places - 1);
}

}  // namespace

bool SchemaBuilder::fits(const BuildShape& shape, const RowKey& key) const {
  const BuildLayout& layout = layouts_[shape.layout];
  if (layout.roles != key.roles || layout.table != key.table || shape.kind != key.kind ||
      shape.status != key.status || shape.name_is_field ||
      layout.attributes.size() != key.attributes.size() || texts_.at(shape.name) != key.name ||
      texts_.at(shape.service) != key.service) {
    return false;
  }
  for (std::size_t i = 0; i < key.attributes.size(); ++i) {
    const BuildLayout::AttributeKey& wanted = layout.attributes[i];
    if (wanted.type != key.attributes[i].value.type() ||
        !is_same_text(wanted.key, key.attributes[i].key)) {
      return false;
    }
  }
  return true;
}

std::uint32_t SchemaBuilder::shape_of(const RowKey& key) {
  // Two guesses, the one that was right last in front: rows of one name often take turns between
  // two sets of keys.
  const std::size_t place = guess_place(key, guesses_.size());
  std::uint32_t& guess = guesses_[place];
  std::uint32_t& other = guesses_[place ^ 1];
  if (guess != UINT32_MAX && fits(shapes_[guess], key)) {
    return guess;
  }
  std::swap(guess, other);
  if (guess == UINT32_MAX || !fits(shapes_[guess], key)) {
    guess = find_or_add_shape(key);
  }
  return guess;
}

std::uint32_t SchemaBuilder::find_or_add_shape(const RowKey& key) {
  BuildShape shape;
  std::uint32_t roles = key.roles;
  shape.name_is_field = shapes_.size() >= limits_.shape_count_max && key.table != RowTable::Links;
  if (shape.name_is_field) {
    roles |= bit_of(FieldRole::Name);
  }
  std::span<const model::Attribute> attributes = key.attributes;
  if (!may_use_layout(key.table, roles, attributes)) {
    roles |= bit_of(FieldRole::AttributeList);
    attributes = {};
  }
  shape.layout = layout_for(key.table, roles, attributes);
  shape.service = texts_.add(key.service);
  shape.name = shape.name_is_field ? texts_.add("") : texts_.add(key.name);
  shape.kind = key.kind;
  shape.status = key.status;
  ByteWriter bytes;
  bytes.varint(shape.layout);
  bytes.varint(shape.service);
  bytes.varint(shape.name);
  bytes.fixed32(static_cast<std::uint32_t>(shape.kind));
  bytes.fixed32(static_cast<std::uint32_t>(shape.status));
  const std::uint32_t number = shape_keys_.add(bytes.bytes());
  if (number == shapes_.size()) {
    for (const std::uint32_t field : layouts_[shape.layout].fields) {
      shape.columns.emplace_back().field = field;
    }
    shapes_.push_back(std::move(shape));
  }
  return number;
}

// A few kinds of rows can make more layouts than are worth having: keys made of ids, or lists in
// ever another order. Layouts that are known are used also when there is no room for new ones.
bool SchemaBuilder::may_use_layout(RowTable table, std::uint32_t roles,
                                   std::span<const model::Attribute> attributes) const {
  if (attributes.empty() ||
      (layouts_.size() < limits_.layout_count_max && fields_.size() < limits_.field_count_max)) {
    return true;
  }
  ByteWriter layout;
  layout.byte(static_cast<std::uint8_t>(table));
  const auto add = [&](FieldRole role, model::ValueType type, std::string_view key) {
    const auto number = field_keys_.find(field_key(table, role, type, key));
    layout.varint(number.value_or(UINT32_MAX));
  };
  for (std::uint8_t number = 0; number <= kFieldRoleMax; ++number) {
    const auto role = static_cast<FieldRole>(number);
    if ((roles & bit_of(role)) != 0) {
      add(role, type_of(role), {});
    }
  }
  for (const model::Attribute& attribute : attributes) {
    add(FieldRole::Attribute, attribute.value.type(), attribute.key);
  }
  return layout_keys_.find(layout.bytes()).has_value();
}

std::uint32_t SchemaBuilder::field_for(RowTable table, FieldRole role, model::ValueType type,
                                       std::string_view key) {
  const std::uint32_t number = field_keys_.add(field_key(table, role, type, key));
  if (number == fields_.size()) {
    auto field = std::make_unique<BuildField>();
    field->table = table;
    field->role = role;
    field->type = type;
    field->key = texts_.at(texts_.add(key));
    field->is_text = Field{table, role, type, {}}.is_text();
    fields_.push_back(std::move(field));
  }
  return number;
}

std::uint32_t SchemaBuilder::layout_for(RowTable table, std::uint32_t roles,
                                        std::span<const model::Attribute> attributes) {
  BuildLayout layout;
  layout.table = table;
  layout.roles = roles;
  for (std::uint8_t number = 0; number <= kFieldRoleMax; ++number) {
    const auto role = static_cast<FieldRole>(number);
    if ((roles & bit_of(role)) != 0) {
      layout.fields.push_back(field_for(table, role, type_of(role), {}));
    }
  }
  for (const model::Attribute& attribute : attributes) {
    const model::ValueType type = attribute.value.type();
    layout.fields.push_back(field_for(table, FieldRole::Attribute, type, attribute.key));
    layout.attributes.push_back({fields_[layout.fields.back()]->key, type});
  }
  ByteWriter bytes;
  bytes.byte(static_cast<std::uint8_t>(table));
  for (const std::uint32_t field : layout.fields) {
    bytes.varint(field);
  }
  const std::uint32_t number = layout_keys_.add(bytes.bytes());
  if (number == layouts_.size()) {
    layouts_.push_back(std::move(layout));
  }
  return number;
}

bool SchemaBuilder::origin_of(const model::Scope* scope, std::uint32_t& origin) {
  if (scope == last_scope_) {
    origin = last_origin_;
    return true;
  }
  const auto [found, is_new] = origin_by_scope_.try_emplace(scope, 0);
  if (is_new) {
    ByteWriter resource;
    ByteWriter bytes;
    if (!write_resource(*scope->resource, resource)) {
      return false;
    }
    bytes.varint(resources_.add(resource.bytes()));
    if (!write_scope(*scope, bytes)) {
      return false;
    }
    found->second = origins_.add(bytes.bytes());
  }
  last_scope_ = scope;
  last_origin_ = found->second;
  origin = found->second;
  return true;
}

void SchemaBuilder::encode_shapes(ByteWriter& out) const {
  out.varint(shapes_.size());
  for (const BuildShape& shape : shapes_) {
    out.varint(shape.layout);
    out.varint(shape.service);
    out.varint(shape.name);
    out.zigzag(static_cast<std::uint64_t>(static_cast<std::int64_t>(shape.kind)));
    out.zigzag(static_cast<std::uint64_t>(static_cast<std::int64_t>(shape.status)));
    out.varint(shape.earlier_row_count + shape.row_count);
    for (const BuildColumn& column : shape.columns) {
      out.zigzag(column.default_value);
    }
  }
}

std::string SchemaBuilder::encode() const {
  ByteWriter out;
  // Keys of fields are texts too, so the table is complete.
  out.varint(texts_.size());
  for (std::uint32_t code = 0; code < texts_.size(); ++code) {
    out.text(texts_.at(code));
  }
  out.varint(fields_.size());
  for (const auto& field : fields_) {
    out.varint(static_cast<std::uint64_t>(field->table));
    out.varint(static_cast<std::uint64_t>(field->role));
    out.varint(static_cast<std::uint64_t>(field->type));
    out.varint(texts_.find(field->key).value_or(0));
  }
  out.varint(layouts_.size());
  for (const BuildLayout& layout : layouts_) {
    out.varint(static_cast<std::uint64_t>(layout.table));
    out.varint(layout.fields.size());
    for (const std::uint32_t field : layout.fields) {
      out.varint(field);
    }
  }
  encode_shapes(out);
  out.varint(resources_.size());
  for (std::uint32_t code = 0; code < resources_.size(); ++code) {
    out.raw(resources_.at(code));
  }
  out.varint(origins_.size());
  for (std::uint32_t code = 0; code < origins_.size(); ++code) {
    out.raw(origins_.at(code));
  }
  return std::move(out.bytes());
}

}  // namespace waybill::storage
