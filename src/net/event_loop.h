// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "net/server/answer_inbox.h"

namespace waybill::net {

// One thread's sockets and timers, and what its connections share: the buffer that they read into,
// so that an idle connection holds none, a coarse clock, and the text of the Date header.
//
// *Its own thread*, that is the one which calls run(), except where a method says any thread. Made
// and destroyed while no thread runs it. Outlived by its inbox.
class EventLoop final {
 public:
  // Large enough that one read takes what a loopback or 10 Gbit/s peer has sent since the last one,
  // small enough to stay in the second-level cache while it is copied out of.
  static constexpr std::size_t kReceiveBufferBytes = std::size_t{128} << 10;

  // Looks for what has timed out; gets now().
  using Sweep = std::function<void(std::chrono::nanoseconds now)>;

  EventLoop(const Clock& clock, std::chrono::milliseconds tick);
  ~EventLoop();
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  // Serves until stop(), which is for any thread.
  void run();
  void stop();

  // Any thread. Runs the task on the loop, later; never, once the loop has been stopped.
  void post(std::function<void()> task);
  // Any other thread, while the loop runs: runs the task on the loop and waits for it.
  void run_and_wait(const std::function<void()>& task);

  boost::asio::io_context& context() { return *context_; }
  const std::shared_ptr<AnswerInbox>& inbox() { return inbox_; }
  std::span<char> receive_buffer() { return receive_buffer_; }

  // Calls `sweep` at every tick until remove_sweep. The loop has no ticks while there is nothing to
  // sweep, so that an idle server sleeps.
  int add_sweep(Sweep sweep);
  void remove_sweep(int id);

  // Steady time as of the last tick. Reading the clock for every request would cost more than
  // timeouts, which are seconds long, gain by it.
  std::chrono::nanoseconds now() {
    if (!is_ticking_) {
      read_clock();
    }
    return now_;
  }
  // The value of a Date header, as of the last tick.
  std::string_view date() {
    if (!is_ticking_) {
      read_clock();
    }
    return date_;
  }

 private:
  void start_tick();
  void read_clock();

  const Clock& clock_;
  const std::chrono::milliseconds tick_;
  // Shared with the inbox, which may be used after the loop is gone.
  const std::shared_ptr<boost::asio::io_context> context_;
  const std::shared_ptr<AnswerInbox> inbox_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
  boost::asio::steady_timer timer_;
  std::vector<char> receive_buffer_;
  bool is_ticking_ = false;
  std::map<int, Sweep> sweeps_;
  int next_sweep_ = 0;
  std::chrono::nanoseconds now_{0};
  std::int64_t date_seconds_ = -1;
  std::string date_;
};

}  // namespace waybill::net
