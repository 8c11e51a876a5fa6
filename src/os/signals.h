// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stop_token>
#include <thread>

namespace waybill::os {

// Requests to stop (SIGTERM, SIGINT), taken by one waiting thread instead of by handlers.
//
// Make it first in main(), before any other thread starts, so that every thread inherits the
// blocked signals; at most one at a time. SIGPIPE is ignored from then on.
class StopSignals final {
 public:
  StopSignals();
  // Ends the waiting thread, also where no request came.
  ~StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

  // Requested when the first request to stop comes.
  std::stop_token token() const { return source_.get_token(); }
  // Waits for the first request to stop.
  void wait();
  // From now on the next request ends the process at once, as it would have without this class.
  void release();

 private:
  std::stop_source source_;
  std::jthread thread_;
};

}  // namespace waybill::os
