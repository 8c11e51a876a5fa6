// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <chrono>

namespace waybill::net {

// Lets so many events pass at once and so many a second later on (a token bucket). One thread at a
// time.
class FloodGate final {
 public:
  // Starts full.
  FloodGate(int count_max, int per_second, std::chrono::nanoseconds now)
      : count_max_(count_max), per_second_(per_second), tokens_(count_max), filled_at_(now) {}

  // False where the event is one too many.
  bool let_pass(std::chrono::nanoseconds now) {
    const double seconds = std::chrono::duration<double>(now - filled_at_).count();
    tokens_ = std::min<double>(count_max_, tokens_ + seconds * per_second_);
    filled_at_ = now;
    if (tokens_ < 1) {
      return false;
    }
    tokens_ -= 1;
    return true;
  }

 private:
  int count_max_;
  int per_second_;
  double tokens_;
  std::chrono::nanoseconds filled_at_;
};

}  // namespace waybill::net
