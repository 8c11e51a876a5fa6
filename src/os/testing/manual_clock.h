// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>

#include "base/clock.h"
#include "base/mutex.h"

namespace waybill::os {

// A clock that stands still until the test moves it. Any thread.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(UnixNanos now = 1'700'000'000'000'000'000U) : now_(now) {}

  UnixNanos now() const override {
    const MutexLock lock(mutex_);
    return now_;
  }

  std::chrono::nanoseconds steady() const override {
    const MutexLock lock(mutex_);
    return steady_;
  }

  void advance(std::chrono::nanoseconds time) {
    const MutexLock lock(mutex_);
    now_ += static_cast<UnixNanos>(time.count());
    steady_ += time;
  }

 private:
  mutable Mutex mutex_;
  UnixNanos now_ GUARDED_BY(mutex_);
  std::chrono::nanoseconds steady_ GUARDED_BY(mutex_){};
};

}  // namespace waybill::os
