// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "generate/shop.h"
#include "generate/span_template.h"

// What a span of each shape says: keys of the semantic conventions, and values that may hold
// placeholders such as {user}. Pure functions.
namespace waybill::generate {

// An integer either has a fixed value or a random one of that many varint bytes.
enum class NumberKind : std::uint8_t { None, Fixed, Small, Medium, Large, Flag };

struct AttributeText {
  std::string_view key;
  std::string text;
  NumberKind number_kind = NumberKind::None;
  std::int64_t number = 0;
};

// 8 to 15 attributes.
std::vector<AttributeText> attributes_of(const Shop& shop, const Operation& operation, Look look);

// Why an operation of that shape fails, in the words of its language.
struct ExceptionText {
  std::string_view type;
  std::string_view message;
  std::string stack_trace;
};
ExceptionText exception_of(const Shop& shop, const Operation& operation, Look look);

}  // namespace waybill::generate
