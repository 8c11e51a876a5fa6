// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <variant>

#include "storage/filter.h"

namespace waybill::query {

// What is wrong with a query, and at which byte of it.
struct QueryError {
  std::string message;
  std::size_t position = 0;
};

// Turns the text of a span filter, `{ ... }`, into what storage tests spans with. An empty text and
// `{ }` match every span. Regular expressions are compiled once here, so that a bad one is answered
// with its place.
std::variant<storage::Filter, QueryError> parse_filter(std::string_view query);

}  // namespace waybill::query
