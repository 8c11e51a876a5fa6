// SPDX-License-Identifier: Apache-2.0
#include "api/own/attribute_json.h"

#include <span>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/text.h"
#include "model/value.h"
#include "wire/json/json_writer.h"

namespace waybill::api::own {
namespace {

std::string_view type_name(model::ValueType type) {
  switch (type) {
    case model::ValueType::Empty:
      return "empty";
    case model::ValueType::String:
      return "string";
    case model::ValueType::Bool:
      return "bool";
    case model::ValueType::Int:
      return "int";
    case model::ValueType::Double:
      return "double";
    case model::ValueType::Bytes:
      return "bytes";
    case model::ValueType::Array:
      return "array";
    case model::ValueType::KvList:
      return "kvlist";
  }
  return "empty";
}

// The fields "type" and "value". Values nest at most as deep as decoders let them
// (wire/decode_limits.h), so recursion is bounded.
void write_value_fields(const model::Value& value, wire::JsonWriter& json) {
  json.field("type", type_name(value.type())).key("value");
  switch (value.type()) {
    case model::ValueType::Empty:
      json.null();
      return;
    case model::ValueType::String:
      json.value(value.string());
      return;
    case model::ValueType::Bool:
      json.value(value.boolean());
      return;
    case model::ValueType::Int:
      json.quoted(value.integer());
      return;
    case model::ValueType::Double:
      json.value(value.number());
      return;
    case model::ValueType::Bytes: {
      std::string text;
      append_base64(text, as_bytes(value.bytes()));
      json.value(text);
      return;
    }
    case model::ValueType::Array:
      json.begin_array();
      for (const model::Value& item : value.array()) {
        json.begin_object();
        write_value_fields(item, json);
        json.end_object();
      }
      json.end_array();
      return;
    case model::ValueType::KvList:
      write_attributes(value.kvlist(), json);
      return;
  }
}

}  // namespace

void write_attributes(std::span<const model::Attribute> attributes, wire::JsonWriter& json) {
  json.begin_array();
  for (const model::Attribute& attribute : attributes) {
    json.begin_object().field("key", attribute.key);
    write_value_fields(attribute.value, json);
    json.end_object();
  }
  json.end_array();
}

}  // namespace waybill::api::own
