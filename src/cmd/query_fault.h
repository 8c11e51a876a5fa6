// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace waybill::cmd {

// The line of a query that holds the byte at `position`, indented, and below it a caret under that
// byte's character; two lines with their ends. A long line is cut on both sides, so that the caret
// stays in sight. Control characters and invalid UTF-8 are shown as '?', so that a query can not
// steer the terminal. Positions behind the end point behind the last character.
std::string point_at(std::string_view query, std::size_t position);

}  // namespace waybill::cmd
