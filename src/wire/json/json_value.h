// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/result.h"

namespace waybill::wire {

// A small JSON document as a tree: for parameters of APIs and for answers that the command line
// reads. Spans are decoded without it. A value type. Objects keep their order; of a key that comes
// twice, find() gives the first.
class JsonValue final {
 public:
  using Array = std::vector<JsonValue>;
  using Object = std::vector<std::pair<std::string, JsonValue>>;
  using Content = std::variant<std::monostate, bool, std::int64_t, std::uint64_t, double,
                               std::string, Array, Object>;
  static constexpr std::size_t kDepthMax = 64;

  JsonValue() = default;
  explicit JsonValue(Content content) : content_(std::move(content)) {}

  // InvalidArgument, with the byte where known, for anything that is not one whole JSON document or
  // nests too deep.
  static Result<JsonValue> parse(std::string_view text);

  bool is_null() const { return std::holds_alternative<std::monostate>(content_); }
  bool is_object() const { return std::holds_alternative<Object>(content_); }
  bool is_array() const { return std::holds_alternative<Array>(content_); }
  bool is_string() const { return std::holds_alternative<std::string>(content_); }

  // The member of that name; a null value where this is no object or has no such member.
  const JsonValue& operator[](std::string_view key) const;
  // Members and items; empty where this is another kind of value.
  const Object& members() const;
  const Array& items() const;

  // The value, where it is of that kind. Numbers convert where nothing is lost; integers may stand
  // in strings.
  std::optional<std::string_view> text() const;
  std::optional<std::int64_t> integer() const;
  std::optional<std::uint64_t> unsigned_integer() const;
  std::optional<double> number() const;
  std::optional<bool> boolean() const;

 private:
  Content content_;
};

}  // namespace waybill::wire
