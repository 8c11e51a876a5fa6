// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/bytes.h"
#include "base/check.h"

namespace waybill::model {

struct Attribute;

enum class ValueType : std::uint8_t { Empty, String, Bool, Int, Double, Bytes, Array, KvList };

// An attribute's value: OTLP's AnyValue. Sixteen bytes; borrows text and children from the batch
// that it belongs to. Empty (no value set) is legal and differs from an empty string. A string may
// hold invalid UTF-8: it is kept as it came.
class Value final {
 public:
  Value() = default;

  static Value of_string(std::string_view text) {
    return Value(ValueType::String, text.size(), text.data());
  }
  static Value of_bytes(std::string_view bytes) {
    return Value(ValueType::Bytes, bytes.size(), bytes.data());
  }
  static Value of_array(std::span<const Value> items) {
    return Value(ValueType::Array, items.size(), items.data());
  }
  static Value of_kvlist(std::span<const Attribute> items);
  static Value of_bool(bool flag) {
    Value value;
    value.type_ = ValueType::Bool;
    value.int_ = flag ? 1 : 0;
    return value;
  }
  static Value of_int(std::int64_t number) {
    Value value;
    value.type_ = ValueType::Int;
    value.int_ = number;
    return value;
  }
  static Value of_double(double number) {
    Value value;
    value.type_ = ValueType::Double;
    value.double_ = number;
    return value;
  }

  ValueType type() const { return type_; }

  // Each requires the matching type().
  std::string_view string() const {
    DCHECK(type_ == ValueType::String);
    return {static_cast<const char*>(pointer_), size_};
  }
  std::string_view bytes() const {
    DCHECK(type_ == ValueType::Bytes);
    return {static_cast<const char*>(pointer_), size_};
  }
  bool boolean() const {
    DCHECK(type_ == ValueType::Bool);
    return int_ != 0;
  }
  std::int64_t integer() const {
    DCHECK(type_ == ValueType::Int);
    return int_;
  }
  double number() const {
    DCHECK(type_ == ValueType::Double);
    return double_;
  }
  std::span<const Value> array() const {
    DCHECK(type_ == ValueType::Array);
    return {static_cast<const Value*>(pointer_), size_};
  }
  std::span<const Attribute> kvlist() const;

 private:
  Value(ValueType type, std::size_t size, const void* pointer)
      : type_(type), size_(static_cast<std::uint32_t>(size)), pointer_(pointer) {}

  ValueType type_ = ValueType::Empty;
  std::uint32_t size_ = 0;
  union {
    std::int64_t int_ = 0;
    double double_;
    const void* pointer_;
  };
};

struct Attribute {
  std::string_view key;
  Value value;
};

inline Value Value::of_kvlist(std::span<const Attribute> items) {
  return Value(ValueType::KvList, items.size(), items.data());
}
inline std::span<const Attribute> Value::kvlist() const {
  DCHECK(type_ == ValueType::KvList);
  return {static_cast<const Attribute*>(pointer_), size_};
}

// Deep equality. Doubles are compared by their bits, so that NaN equals itself and -0 differs from
// 0.
bool equal(const Value& left, const Value& right);
bool equal(std::span<const Attribute> left, std::span<const Attribute> right);

}  // namespace waybill::model
