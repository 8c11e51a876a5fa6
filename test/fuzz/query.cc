// SPDX-License-Identifier: Apache-2.0
// Queries as text: never a crash, and what parses prints as text that parses to the same.
#include <cstddef>
#include <cstdint>
#include <string>
#include <variant>

#include "base/bytes.h"
#include "base/check.h"
#include "lang/parse.h"
#include "query/parse_filter.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = waybill::as_text({data, size});
  const auto parsed = waybill::lang::parse_filter(text);
  if (const auto* expression = std::get_if<waybill::lang::Expression>(&parsed)) {
    const std::string printed = waybill::lang::print(*expression);
    const auto again = waybill::lang::parse_filter(printed);
    CHECK(std::holds_alternative<waybill::lang::Expression>(again));
    CHECK(waybill::lang::print(std::get<waybill::lang::Expression>(again)) == printed);
  } else {
    CHECK(std::get<waybill::lang::SyntaxError>(parsed).position <= size);
  }
  const auto filter = waybill::query::parse_filter(text);
  static_cast<void>(filter);
  return 0;
}
