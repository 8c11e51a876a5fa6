// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <thread>

#include "base/clock.h"
#include "base/mutex.h"

namespace waybill::storage {

// A thread that does what a store needs done beside its work: at once when it is woken, and every
// so often. Stops when it is destroyed, after the turn in progress.
class Upkeep final {
 public:
  // Does one turn, and says whether there is more to do at once.
  using Turn = std::function<bool(std::stop_token)>;

  Upkeep(Turn turn, std::chrono::nanoseconds interval);
  ~Upkeep();
  Upkeep(const Upkeep&) = delete;
  Upkeep& operator=(const Upkeep&) = delete;

  void wake();

 private:
  void run(const std::stop_token& stopping);

  const Turn turn_;
  const std::chrono::nanoseconds interval_;
  Mutex mutex_;
  Condition woken_;
  bool is_woken_ GUARDED_BY(mutex_) = false;
  std::jthread thread_;
};

}  // namespace waybill::storage
