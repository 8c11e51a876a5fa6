// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <memory>

#include "base/clock.h"

namespace waybill::net {

class EventLoop;

struct IoThreadsOptions {
  // Event loops, each with its own thread; 0: one for each processor, two at least.
  int thread_count = 0;
  // How often timeouts are looked at, and so how coarse they are.
  std::chrono::milliseconds tick{100};
};

// The threads that all servers and clients share: one event loop each. A connection lives on one
// loop for its whole life, so nothing in it is locked.
//
// Borrows the clock. Outlives every server and client made with it; responders may outlive it. Made
// and destroyed by one thread; the rest is for any thread. The destructor stops the loops and joins
// their threads.
class IoThreads final {
 public:
  explicit IoThreads(const Clock& clock, IoThreadsOptions options = {});
  ~IoThreads();
  IoThreads(const IoThreads&) = delete;
  IoThreads& operator=(const IoThreads&) = delete;

  int count() const;
  // Requires: 0 <= index < count().
  EventLoop& loop(int index);
  // The loops in turn, so that connections spread over them.
  EventLoop& next_loop();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace waybill::net
