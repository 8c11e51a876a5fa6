// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/arena.h"
#include "base/result.h"
#include "model/span.h"
#include "storage/block/codec/block_bytes.h"

// What the rows of a block are made of (docs/formats/block.md): fields, the layouts that list them,
// the shapes that share a layout and fixed values, and where spans come from.
namespace waybill::storage {

enum class RowTable : std::uint8_t { Spans = 0, Events = 1, Links = 2 };
inline constexpr std::size_t kRowTableCount = 3;

// What a field holds. Attribute: one attribute of a key and type; the others are parts of a span,
// event or link that are not the same for a whole shape.
enum class FieldRole : std::uint8_t {
  Attribute = 0,
  Origin = 1,    // number of the scope, with its resource
  Path = 2,      // 0: no parent; 1: parent elsewhere; else 2 + levels up from the row before
  Start = 3,     // after the parent's start, else after the trace's
  Duration = 4,  // end - start
  SpanId = 5,
  Flags = 6,
  Name = 7,  // where the shape has none
  StatusMessage = 8,
  TraceState = 9,
  DroppedAttributes = 10,
  DroppedEvents = 11,
  DroppedLinks = 12,
  EventCount = 13,
  LinkCount = 14,
  AttributeList = 15,  // all attributes, where there are too many layouts
  Time = 16,           // of an event, after the span's start
  LinkTraceHigh = 17,
  LinkTraceLow = 18
};
inline constexpr std::uint8_t kFieldRoleMax = 18;

struct Field {
  RowTable table = RowTable::Spans;
  FieldRole role = FieldRole::Attribute;
  model::ValueType type = model::ValueType::Int;
  std::string_view key;  // of an Attribute

  // Whether values are texts (strings, bytes, and nested values in their byte form).
  bool is_text() const {
    return type == model::ValueType::String || type == model::ValueType::Bytes ||
           type == model::ValueType::Array || type == model::ValueType::KvList;
  }
  bool has_values() const { return type != model::ValueType::Empty; }
};

// Fields of one kind of row, in order: attributes keep the order in which the span has them, behind
// all other fields.
struct Layout {
  RowTable table = RowTable::Spans;
  std::vector<std::uint32_t> fields;
};

// What rows have in common.
struct Shape {
  std::uint32_t layout = 0;
  std::string_view service;
  std::string_view name;  // of the span or event, unless a field holds it
  model::SpanKind kind = model::SpanKind::Unspecified;
  model::StatusCode status = model::StatusCode::Unset;
  std::uint64_t row_count = 0;  // over the whole block
  // A likely value of each of the layout's fields: a number, or the code of a text. A run of
  // nothing else takes no room.
  std::vector<std::uint64_t> defaults;
};

// Where a layout has a field.
struct LayoutPlace {
  std::uint32_t layout = 0;
  std::uint32_t position = 0;
};

// A block's shapes and origins. Owns what its parts refer to. Immutable; any thread.
struct Schema {
  std::vector<Field> fields;
  std::vector<Layout> layouts;
  std::vector<Shape> shapes;
  std::vector<const model::Scope*> origins;
  std::vector<std::vector<LayoutPlace>> places;  // of each field, ascending
  std::shared_ptr<const std::string> bytes;      // that texts point into
  Arena arena;

  const Layout& layout_of(const Shape& shape) const { return layouts[shape.layout]; }
};

struct SchemaLimits {
  std::size_t field_count_max = 1 << 16;
  std::size_t layout_count_max = 1 << 16;
  std::size_t shape_count_max = 1 << 20;
};

// Reads the schema part; every number in it is checked. DataLoss where one is wrong.
Result<std::shared_ptr<const Schema>> read_schema(std::string bytes);

}  // namespace waybill::storage
