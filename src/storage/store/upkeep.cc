// SPDX-License-Identifier: Apache-2.0
#include "storage/store/upkeep.h"

#include <chrono>
#include <stop_token>
#include <utility>

#include "base/mutex.h"

namespace waybill::storage {

Upkeep::Upkeep(Turn turn, std::chrono::nanoseconds interval)
    : turn_(std::move(turn)),
      interval_(interval),
      thread_([this](const std::stop_token& stopping) { run(stopping); }) {}

Upkeep::~Upkeep() {
  thread_.request_stop();
  wake();
}

void Upkeep::wake() {
  const MutexLock lock(mutex_);
  is_woken_ = true;
  woken_.notify_one();
}

void Upkeep::run(const std::stop_token& stopping) {
  while (!stopping.stop_requested()) {
    if (turn_(stopping)) {
      continue;
    }
    const MutexLock lock(mutex_);
    while (!is_woken_ && !stopping.stop_requested()) {
      if (!woken_.wait_for(mutex_, interval_)) {
        break;
      }
    }
    is_woken_ = false;
  }
}

}  // namespace waybill::storage
