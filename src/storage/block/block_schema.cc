// SPDX-License-Identifier: Apache-2.0
#include "storage/block/block_schema.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/arena.h"
#include "base/error.h"
#include "base/result.h"
#include "model/span.h"
#include "model/value.h"
#include "storage/block/codec/block_bytes.h"
#include "storage/block/codec/value_bytes.h"

namespace waybill::storage {
namespace {

constexpr SchemaLimits kLimits;

// The type that values of a role have.
bool type_fits(FieldRole role, model::ValueType type) {
  switch (role) {
    case FieldRole::Attribute:
      return true;
    case FieldRole::Name:
    case FieldRole::StatusMessage:
    case FieldRole::TraceState:
      return type == model::ValueType::String;
    case FieldRole::AttributeList:
      return type == model::ValueType::KvList;
    default:
      return type == model::ValueType::Int;
  }
}

class SchemaReader final {
 public:
  SchemaReader(Schema& schema, std::string_view bytes) : schema_(schema), in_(bytes) {}

  bool run() {
    read_texts();
    read_fields();
    read_layouts();
    read_shapes();
    read_origins();
    return in_.ok() && in_.at_end();
  }

 private:
  void read_texts() {
    texts_.resize(in_.count());
    for (std::string_view& text : texts_) {
      text = in_.text();
    }
  }

  std::string_view text() {
    const std::uint64_t number = in_.varint();
    if (number >= texts_.size()) {
      in_.fail();
      return {};
    }
    return texts_[static_cast<std::size_t>(number)];
  }

  void read_fields() {
    schema_.fields.resize(in_.count(kLimits.field_count_max));
    for (Field& field : schema_.fields) {
      field.table = static_cast<RowTable>(in_.varint_up_to(kRowTableCount - 1));
      field.role = static_cast<FieldRole>(in_.varint_up_to(kFieldRoleMax));
      field.type = static_cast<model::ValueType>(
          in_.varint_up_to(static_cast<std::uint64_t>(model::ValueType::KvList)));
      field.key = text();
      if (!type_fits(field.role, field.type)) {
        in_.fail();
      }
    }
  }

  void read_layouts() {
    schema_.layouts.resize(in_.count(kLimits.layout_count_max));
    schema_.places.resize(schema_.fields.size());
    for (std::uint32_t number = 0; number < schema_.layouts.size(); ++number) {
      Layout& layout = schema_.layouts[number];
      layout.table = static_cast<RowTable>(in_.varint_up_to(kRowTableCount - 1));
      layout.fields.resize(in_.count());
      for (std::uint32_t& field : layout.fields) {
        const std::uint64_t found = in_.varint();
        if (found >= schema_.fields.size() ||
            schema_.fields[static_cast<std::size_t>(found)].table != layout.table) {
          in_.fail();
          return;
        }
        field = static_cast<std::uint32_t>(found);
        const auto position = static_cast<std::uint32_t>(&field - layout.fields.data());
        schema_.places[field].push_back({number, position});
      }
    }
  }

  void read_shapes() {
    schema_.shapes.resize(in_.count(kLimits.shape_count_max));
    for (Shape& shape : schema_.shapes) {
      const std::uint64_t layout = in_.varint();
      if (layout >= schema_.layouts.size()) {
        in_.fail();
        return;
      }
      shape.layout = static_cast<std::uint32_t>(layout);
      shape.service = text();
      shape.name = text();
      shape.kind = static_cast<model::SpanKind>(static_cast<std::int32_t>(in_.zigzag()));
      shape.status = static_cast<model::StatusCode>(static_cast<std::int32_t>(in_.zigzag()));
      shape.row_count = in_.varint();
      const std::size_t fields = schema_.layout_of(shape).fields.size();
      if (fields > in_.rest_bytes()) {
        in_.fail();
        return;
      }
      shape.defaults.resize(fields);
      for (std::uint64_t& value : shape.defaults) {
        value = in_.zigzag();
      }
    }
  }

  void read_origins() {
    std::vector<const model::Resource*> resources(in_.count());
    for (const model::Resource*& resource : resources) {
      resource = keep(read_resource(in_, schema_.arena));
    }
    schema_.origins.resize(in_.count());
    for (const model::Scope*& origin : schema_.origins) {
      const std::uint64_t resource = in_.varint();
      if (resource >= resources.size()) {
        in_.fail();
        return;
      }
      model::Scope scope = read_scope(in_, schema_.arena);
      scope.resource = resources[static_cast<std::size_t>(resource)];
      origin = keep(scope);
    }
  }

  template <typename T>
  const T* keep(const T& made) {
    return schema_.arena.copy(std::span<const T>(&made, 1)).data();
  }

  Schema& schema_;
  ByteCursor in_;
  std::vector<std::string_view> texts_;
};

}  // namespace

Result<std::shared_ptr<const Schema>> read_schema(std::string bytes) {
  auto schema = std::make_shared<Schema>();
  schema->bytes = std::make_shared<const std::string>(std::move(bytes));
  if (!SchemaReader(*schema, *schema->bytes).run()) {
    return data_loss("malformed");
  }
  return std::shared_ptr<const Schema>(std::move(schema));
}

}  // namespace waybill::storage
