// SPDX-License-Identifier: Apache-2.0
#include "os/system_clock.h"

#include <chrono>

#include <memory>
#include <thread>
#include "base/clock.h"
#include "base/time.h"

namespace waybill::os {
namespace {

class SystemClock final : public Clock {
 public:
  UnixNanos now() const override {
    const auto since_epoch = std::chrono::system_clock::now().time_since_epoch();
    return static_cast<UnixNanos>(
        std::chrono::duration_cast<std::chrono::nanoseconds>(since_epoch).count());
  }

  std::chrono::nanoseconds steady() const override {
    return std::chrono::steady_clock::now().time_since_epoch();
  }
};

}  // namespace

std::unique_ptr<Clock> make_system_clock() { return std::make_unique<SystemClock>(); }

void sleep_for(std::chrono::nanoseconds time) { std::this_thread::sleep_for(time); }

}  // namespace waybill::os
