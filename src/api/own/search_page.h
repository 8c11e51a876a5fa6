// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "storage/scan.h"
#include "wire/json/json_writer.h"

namespace waybill::api::own {

// A place in a search, as opaque text. `question` is a checksum of what was asked, so that a cursor
// is not used with another question.
std::string print_cursor(const storage::ScanCursor& cursor, std::uint64_t question);
// InvalidArgument for text that is no cursor or belongs to another question.
Result<storage::ScanCursor> parse_cursor(std::string_view text, std::uint64_t question);

// The answer of /search. `next` is the cursor as text; no value on the last page.
void write_search_page(const storage::ScanPage& page, const std::optional<std::string>& next,
                       std::int64_t elapsed_micros, wire::JsonWriter& json);

}  // namespace waybill::api::own
