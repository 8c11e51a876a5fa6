// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <variant>

#include "lang/expression.h"

namespace waybill::lang {

// What is wrong with a query, and at which byte.
struct SyntaxError {
  std::string message;
  std::size_t position = 0;
};

inline constexpr std::size_t kQueryBytesMax = std::size_t{128} << 10;
inline constexpr int kQueryDepthMax = 100;

// Reads one span filter, `{ ... }`, whole. The message says what would be right at that place.
std::variant<Expression, SyntaxError> parse_filter(std::string_view query);

// The text of a field as it is written in a query: `span.http.route`, `span."a b"`, `duration`.
std::string print(const Field& field);
// A filter as text that parses to the same tree.
std::string print(const Expression& expression);

}  // namespace waybill::lang
