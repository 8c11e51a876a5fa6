// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>

#include "base/time.h"

namespace waybill {

// Where the time comes from, so that tests can hold it. Any thread.
class Clock {
 public:
  virtual ~Clock() = default;

  // Wall clock; may jump in both directions.
  virtual UnixNanos now() const = 0;
  // Never goes back; only differences mean something.
  virtual std::chrono::nanoseconds steady() const = 0;
};

}  // namespace waybill
