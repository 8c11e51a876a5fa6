// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "base/result.h"

namespace waybill::os {

// A number that nobody outside can guess, from the system's entropy. For seeds; whoever needs many
// numbers seeds a generator. Any thread. Waits where the system has just started and has no entropy
// yet. Internal where the system gives none.
Result<std::uint64_t> system_entropy();

}  // namespace waybill::os
