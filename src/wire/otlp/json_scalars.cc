// SPDX-License-Identifier: Apache-2.0
#include "wire/otlp/json_scalars.h"

#include <simdjson.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string_view>

#include "base/text.h"
#include "model/value.h"

namespace waybill::wire::otlp {
namespace {

using simdjson::dom::element;
using simdjson::dom::element_type;

// A double that holds an integer of type T exactly. 2^63 and 2^64 are exact as doubles, the largest
// integers below them are not, so the upper bound is exclusive.
template <typename T>
std::optional<T> integer_of(double number) {
  // NOLINTNEXTLINE(bugprone-integer-division): half of it, rounded down, plus one is a power of two
  constexpr double kBelow = static_cast<double>(std::numeric_limits<T>::max() / 2 + 1) * 2;
  if (number >= static_cast<double>(std::numeric_limits<T>::min()) && number < kBelow &&
      static_cast<double>(static_cast<T>(number)) == number) {
    return static_cast<T>(number);
  }
  return std::nullopt;
}

std::optional<std::int64_t> parse_integer(std::string_view text, std::int64_t) {
  return parse_int64(text);
}
std::optional<std::uint64_t> parse_integer(std::string_view text, std::uint64_t) {
  return parse_uint64(text);
}

template <typename T>
std::optional<T> read_integer(const element& value) {
  std::string_view text;
  T integer = 0;
  double number = 0;
  if (value.get(integer) == simdjson::SUCCESS) {
    return integer;
  }
  if (value.get(text) == simdjson::SUCCESS) {
    return parse_integer(text, T{});
  }
  if (value.type() == element_type::DOUBLE && value.get(number) == simdjson::SUCCESS) {
    return integer_of<T>(number);
  }
  return std::nullopt;
}

template <typename T>
T take(const std::optional<T>& read, std::string_view field, std::string_view wanted,
       JsonFault& fault) {
  if (!read) {
    fault.set(field, wanted);
    return T{};
  }
  return *read;
}

}  // namespace

void JsonFault::set(std::string_view field, std::string_view what) {
  if (message_.empty()) {
    message_.append(field).append(": ").append(what);
  }
}

std::string_view json_text(const element* value, std::string_view field, JsonFault& fault) {
  std::string_view text;
  if (value != nullptr && value->get(text) != simdjson::SUCCESS) {
    fault.set(field, "not a string");
  }
  return text;
}

std::uint64_t json_uint64(const element* value, std::string_view field, JsonFault& fault) {
  if (value == nullptr) {
    return 0;
  }
  return take(read_integer<std::uint64_t>(*value), field, "not an unsigned 64-bit integer", fault);
}

std::int64_t json_int64(const element* value, std::string_view field, JsonFault& fault) {
  if (value == nullptr) {
    return 0;
  }
  return take(read_integer<std::int64_t>(*value), field, "not a 64-bit integer", fault);
}

model::Value json_int_value(const element* value, std::string_view field, JsonFault& fault) {
  double number = 0;
  if (value != nullptr && value->type() == element_type::DOUBLE &&
      value->get(number) == simdjson::SUCCESS && std::trunc(number) == number &&
      !integer_of<std::int64_t>(number)) {
    return model::Value::of_double(number);
  }
  std::uint64_t large = 0;
  if (value != nullptr && value->type() == element_type::UINT64 &&
      value->get(large) == simdjson::SUCCESS && large > INT64_MAX) {
    return model::Value::of_double(static_cast<double>(large));
  }
  return model::Value::of_int(json_int64(value, field, fault));
}

std::uint32_t json_uint32(const element* value, std::string_view field, JsonFault& fault) {
  if (value == nullptr) {
    return 0;
  }
  const auto read = read_integer<std::uint64_t>(*value);
  if (!read || *read > UINT32_MAX) {
    fault.set(field, "not an unsigned 32-bit integer");
    return 0;
  }
  return static_cast<std::uint32_t>(*read);
}

bool json_bool(const element* value, std::string_view field, JsonFault& fault) {
  bool flag = false;
  if (value != nullptr && value->get(flag) != simdjson::SUCCESS) {
    fault.set(field, "not a boolean");
  }
  return flag;
}

double json_double(const element* value, std::string_view field, JsonFault& fault) {
  double number = 0;
  std::string_view text;
  if (value == nullptr || value->get(number) == simdjson::SUCCESS) {
    return number;
  }
  if (value->get(text) != simdjson::SUCCESS) {
    fault.set(field, "not a number");
    return 0;
  }
  return take(parse_double(text), field, "not a number", fault);
}

std::int32_t json_enum(const element* value, std::string_view field,
                       std::span<const std::string_view> names, JsonFault& fault) {
  if (value == nullptr) {
    return 0;
  }
  std::string_view text;
  if (value->get(text) == simdjson::SUCCESS) {
    const auto name = std::find(names.begin(), names.end(), text);
    if (name != names.end()) {
      return static_cast<std::int32_t>(name - names.begin());
    }
  }
  const auto read = read_integer<std::int64_t>(*value);
  if (!read || *read < INT32_MIN || *read > INT32_MAX) {
    fault.set(field, "not an enum's number or name");
    return 0;
  }
  return static_cast<std::int32_t>(*read);
}

}  // namespace waybill::wire::otlp
