// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "base/clock.h"

namespace waybill::os {

// The machine's clocks.
std::unique_ptr<Clock> make_system_clock();

}  // namespace waybill::os
