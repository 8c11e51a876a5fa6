// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <memory>

#include "base/clock.h"

namespace waybill::os {

// The machine's clocks.
std::unique_ptr<Clock> make_system_clock();

// Stops the calling thread for that long. For the command line only: servers wait for events.
void sleep_for(std::chrono::nanoseconds time);

}  // namespace waybill::os
