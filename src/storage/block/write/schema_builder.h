// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "model/span.h"
#include "storage/block/block_schema.h"
#include "storage/block/codec/string_table.h"

namespace waybill::storage {

// How many of each a block may have before rows fall back to what costs more room but no more
// memory: names become a field, then attributes a list.
struct SchemaBuilderLimits {
  std::size_t shape_count_max = 16'384;
  std::size_t layout_count_max = 4'096;
  std::size_t field_count_max = 4'096;
};

// A field while a block is written.
struct BuildField {
  RowTable table = RowTable::Spans;
  FieldRole role = FieldRole::Attribute;
  model::ValueType type = model::ValueType::Int;
  std::string_view key;
  bool is_text = false;
  StringTable dictionary;
  StringTable patterns;
  // Whether many of its values come once: then a column stops trying the dictionary sooner.
  bool is_varied = false;
  // Texts that had no pattern of numbers, of the last ones tried.
  std::uint32_t pattern_tries = 0;
  std::uint32_t pattern_misses = 0;
};

// The values of one field of one shape, in the order of rows, until their group is written.
struct BuildColumn {
  std::uint32_t field = 0;
  bool has_default = false;
  bool is_pooled = false;  // texts go to the group's pool, no more to the dictionary
  std::uint32_t lookups = 0;
  std::uint32_t fresh = 0;  // of the lookups since the last check: texts that were new
  std::uint32_t last_code = 0;
  std::uint64_t default_value = 0;
  std::string_view last_text;
  std::size_t coded_count = 0;  // of `values`: codes; those behind are places in the pool
  std::vector<std::uint64_t> values;
};

struct BuildLayout {
  RowTable table = RowTable::Spans;
  std::uint32_t roles = 0;  // bit r: there is a field of that role
  std::vector<std::uint32_t> fields;
  // Keys and types of the attributes, beside each other for the test that each row makes.
  struct AttributeKey {
    std::string_view key;
    model::ValueType type;
  };
  std::vector<AttributeKey> attributes;
};

struct BuildShape {
  std::uint32_t layout = 0;
  std::uint32_t service = 0;
  std::uint32_t name = 0;
  bool name_is_field = false;
  model::SpanKind kind = model::SpanKind::Unspecified;
  model::StatusCode status = model::StatusCode::Unset;
  std::vector<BuildColumn> columns;     // of the layout's fields
  std::uint32_t row_count = 0;          // in the group that is being written
  std::uint64_t earlier_row_count = 0;  // in the groups before it
};

// What a row is before its shape is known.
struct RowKey {
  RowTable table = RowTable::Spans;
  std::string_view service;
  std::string_view name;
  model::SpanKind kind = model::SpanKind::Unspecified;
  model::StatusCode status = model::StatusCode::Unset;
  std::uint32_t roles = 0;  // bit r: the row has the field of that role
  std::span<const model::Attribute> attributes;
};

// Finds the shape of each row and makes new ones. Shapes live as long as the builder. One thread at
// a time.
class SchemaBuilder final {
 public:
  explicit SchemaBuilder(SchemaBuilderLimits limits = {}) : limits_(limits) {}

  std::uint32_t shape_of(const RowKey& key);
  // Number of the scope with its resource, by what they say. False where a value in them nests too
  // deep. Pointers are remembered until forget_origins().
  bool origin_of(const model::Scope* scope, std::uint32_t& origin);
  // Scopes that were seen may have been destroyed.
  void forget_origins() {
    origin_by_scope_.clear();
    last_scope_ = nullptr;
  }

  BuildShape& shape(std::uint32_t number) { return shapes_[number]; }
  const BuildLayout& layout_of(const BuildShape& shape) const { return layouts_[shape.layout]; }
  BuildField& field(std::uint32_t number) { return *fields_[number]; }
  const BuildField& field(std::uint32_t number) const { return *fields_[number]; }
  std::size_t field_count() const { return fields_.size(); }
  std::size_t shape_count() const { return shapes_.size(); }

  // The schema part.
  std::string encode() const;

 private:
  bool fits(const BuildShape& shape, const RowKey& key) const;
  std::uint32_t find_or_add_shape(const RowKey& key);
  std::uint32_t layout_for(RowTable table, std::uint32_t roles,
                           std::span<const model::Attribute> attributes);
  bool may_use_layout(RowTable table, std::uint32_t roles,
                      std::span<const model::Attribute> attributes) const;
  std::uint32_t field_for(RowTable table, FieldRole role, model::ValueType type,
                          std::string_view key);
  void encode_shapes(ByteWriter& out) const;

  SchemaBuilderLimits limits_;
  StringTable texts_;  // keys, names, services
  StringTable field_keys_;
  std::vector<std::unique_ptr<BuildField>> fields_;
  StringTable layout_keys_;
  std::vector<BuildLayout> layouts_;
  StringTable shape_keys_;
  std::vector<BuildShape> shapes_;
  std::vector<std::uint32_t> guesses_ = std::vector<std::uint32_t>(4096, UINT32_MAX);

  StringTable resources_;
  StringTable origins_;  // number of the resource, then the scope's bytes
  std::unordered_map<const model::Scope*, std::uint32_t> origin_by_scope_;
  const model::Scope* last_scope_ = nullptr;
  std::uint32_t last_origin_ = 0;
};

}  // namespace waybill::storage
