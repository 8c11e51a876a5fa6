// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace waybill::os {

// Requests to stop (SIGTERM, SIGINT), taken by one waiting thread instead of by handlers.
//
// Make it first in main(), before any thread starts, so that every thread inherits the blocked
// signals. SIGPIPE is ignored from then on.
class StopSignals final {
 public:
  StopSignals();

  // Waits for the next request to stop.
  void wait();
  // From now on the next request ends the process at once, as it would have without this class.
  void release();
};

}  // namespace waybill::os
