// SPDX-License-Identifier: Apache-2.0
#include "storage/value_text.h"
#include <string>

#include "base/bytes.h"
#include "base/text.h"
#include "model/value.h"
#include "wire/json/json_writer.h"

namespace waybill::storage {
namespace {

// Values nest at most as deep as decoders let them (wire/decode_limits.h), so recursion is bounded.
void write_json(const model::Value& value, wire::JsonWriter& json) {
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
      json.value(value.integer());
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
        write_json(item, json);
      }
      json.end_array();
      return;
    case model::ValueType::KvList:
      json.begin_object();
      for (const model::Attribute& item : value.kvlist()) {
        json.key(item.key);
        write_json(item.value, json);
      }
      json.end_object();
      return;
  }
}

}  // namespace

void append_value_text(const model::Value& value, std::string& out) {
  switch (value.type()) {
    case model::ValueType::Empty:
      return;
    case model::ValueType::String:
      out += value.string();
      return;
    case model::ValueType::Bool:
      out += value.boolean() ? "true" : "false";
      return;
    case model::ValueType::Int:
      out += std::to_string(value.integer());
      return;
    case model::ValueType::Double:
      append_double(out, value.number());
      return;
    case model::ValueType::Bytes:
      append_base64(out, as_bytes(value.bytes()));
      return;
    case model::ValueType::Array:
    case model::ValueType::KvList: {
      wire::JsonWriter json(out);
      write_json(value, json);
      return;
    }
  }
}

}  // namespace waybill::storage
