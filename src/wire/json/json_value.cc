// SPDX-License-Identifier: Apache-2.0
#include "wire/json/json_value.h"

#include <simdjson.h>

#include <cmath>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "base/error.h"
#include "base/result.h"
#include "base/text.h"

namespace waybill::wire {

namespace {

// Copies simdjson's tape into values. The parser has refused documents that nest too deep, so
// recursion is bounded.
JsonValue make_tree(const simdjson::dom::element& element) {
  switch (element.type()) {
    case simdjson::dom::element_type::ARRAY: {
      JsonValue::Array items;
      for (const simdjson::dom::element item : simdjson::dom::array(element)) {
        items.push_back(make_tree(item));
      }
      return JsonValue(std::move(items));
    }
    case simdjson::dom::element_type::OBJECT: {
      JsonValue::Object members;
      for (const simdjson::dom::key_value_pair member : simdjson::dom::object(element)) {
        members.emplace_back(std::string(member.key), make_tree(member.value));
      }
      return JsonValue(std::move(members));
    }
    case simdjson::dom::element_type::INT64:
      return JsonValue(std::int64_t(element));
    case simdjson::dom::element_type::UINT64:
      return JsonValue(std::uint64_t(element));
    case simdjson::dom::element_type::DOUBLE:
      return JsonValue(double(element));
    case simdjson::dom::element_type::STRING:
      return JsonValue(std::string(std::string_view(element)));
    case simdjson::dom::element_type::BOOL:
      return JsonValue(bool(element));
    case simdjson::dom::element_type::NULL_VALUE:
      break;
  }
  return JsonValue();
}

}  // namespace

Result<JsonValue> JsonValue::parse(std::string_view text) {
  try {
    simdjson::dom::parser parser;
    if (const auto error = parser.allocate(text.size() + 1, kDepthMax); error) {
      return invalid_argument(std::string("json: ") + simdjson::error_message(error));
    }
    simdjson::dom::element root;
    if (const auto error = parser.parse(text.data(), text.size()).get(root); error) {
      return invalid_argument(std::string("json: ") + simdjson::error_message(error));
    }
    return make_tree(root);
  } catch (const simdjson::simdjson_error& error) {
    return invalid_argument(std::string("json: ") + error.what());
  }
}

const JsonValue& JsonValue::operator[](std::string_view key) const {
  static const JsonValue kNull;
  for (const auto& [name, value] : members()) {
    if (name == key) {
      return value;
    }
  }
  return kNull;
}

const JsonValue::Object& JsonValue::members() const {
  static const Object kNone;
  const auto* object = std::get_if<Object>(&content_);
  return object == nullptr ? kNone : *object;
}

const JsonValue::Array& JsonValue::items() const {
  static const Array kNone;
  const auto* array = std::get_if<Array>(&content_);
  return array == nullptr ? kNone : *array;
}

std::optional<std::string_view> JsonValue::text() const {
  const auto* text = std::get_if<std::string>(&content_);
  return text == nullptr ? std::nullopt : std::optional<std::string_view>(*text);
}

std::optional<std::int64_t> JsonValue::integer() const {
  if (const auto* number = std::get_if<std::int64_t>(&content_)) {
    return *number;
  }
  const auto* digits = std::get_if<std::string>(&content_);
  return digits == nullptr ? std::nullopt : parse_int64(*digits);
}

std::optional<std::uint64_t> JsonValue::unsigned_integer() const {
  if (const auto* number = std::get_if<std::uint64_t>(&content_)) {
    return *number;
  }
  if (const auto* number = std::get_if<std::int64_t>(&content_);
      number != nullptr && *number >= 0) {
    return static_cast<std::uint64_t>(*number);
  }
  const auto* digits = std::get_if<std::string>(&content_);
  return digits == nullptr ? std::nullopt : parse_uint64(*digits);
}

std::optional<double> JsonValue::number() const {
  if (const auto* number = std::get_if<double>(&content_)) {
    return *number;
  }
  if (const auto* number = std::get_if<std::int64_t>(&content_)) {
    return static_cast<double>(*number);
  }
  const auto* number = std::get_if<std::uint64_t>(&content_);
  return number == nullptr ? std::nullopt : std::optional(static_cast<double>(*number));
}

std::optional<bool> JsonValue::boolean() const {
  const auto* flag = std::get_if<bool>(&content_);
  return flag == nullptr ? std::nullopt : std::optional(*flag);
}

}  // namespace waybill::wire
