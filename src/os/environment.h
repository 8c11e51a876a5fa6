// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace waybill::os {

// The variable's value; no value where it is not set.
std::optional<std::string> environment_variable(const std::string& name);
// Names of all variables that begin so, sorted.
std::vector<std::string> environment_names(std::string_view prefix);
// Cores that this process may use, at least 1.
int core_count();
// Whether standard output is a terminal, and its width in columns (80 where that is not known).
bool is_terminal();
int terminal_columns();

}  // namespace waybill::os
