// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace waybill {

// The candidate that needs the fewest edits (characters added, left out or changed) to be `name`,
// for "did you mean"; the first of several. Looks at 100 bytes of each. Empty where there is no
// candidate.
std::string nearest(std::string_view name, std::span<const std::string> candidates);

}  // namespace waybill
