// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "storage/scan.h"
#include "wire/json/json_writer.h"

namespace waybill::api::own {

inline constexpr std::size_t kDetailCountMax = 500;

// Row numbers of `rows=0,5,7`, or all rows that have one of `ids=hex,hex`, in the order asked for.
// Errors: InvalidArgument for malformed lists, rows that the trace does not have and more than
// kDetailCountMax of either; NotFound for an id that no span has.
Result<std::vector<std::uint32_t>> parse_rows(std::string_view rows, const storage::Trace& trace);
Result<std::vector<std::uint32_t>> parse_ids(std::string_view ids, const storage::Trace& trace);

// {"spans": [...]} as docs/design/own-api.md describes it.
void write_span_details(const storage::Trace& trace, std::span<const std::uint32_t> rows,
                        wire::JsonWriter& json);

}  // namespace waybill::api::own
