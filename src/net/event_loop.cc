// SPDX-License-Identifier: Apache-2.0
#include "net/event_loop.h"

#include <fmt/format.h>

#include <array>
#include <boost/asio/post.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include "base/clock.h"
#include "net/server/answer_inbox.h"

namespace waybill::net {
namespace {

constexpr std::int64_t kNanosPerSecond = 1'000'000'000;

// "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110, section 5.6.7).
std::string print_http_date(std::int64_t unix_seconds) {
  constexpr std::array<std::string_view, 7> kDays = {"Sun", "Mon", "Tue", "Wed",
                                                     "Thu", "Fri", "Sat"};
  constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const std::chrono::sys_seconds time{std::chrono::seconds(unix_seconds)};
  const auto days = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(days);
  const std::chrono::hh_mm_ss clock(time - days);
  return fmt::format(
      "{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT", kDays[std::chrono::weekday(days).c_encoding()],
      static_cast<unsigned>(date.day()), kMonths[static_cast<unsigned>(date.month()) - 1],
      static_cast<int>(date.year()), clock.hours().count(), clock.minutes().count(),
      clock.seconds().count());
}

}  // namespace

EventLoop::EventLoop(const Clock& clock, std::chrono::milliseconds tick)
    : clock_(clock),
      tick_(tick),
      inbox_(std::make_shared<AnswerInbox>(context_)),
      work_(context_.get_executor()),
      timer_(context_),
      receive_buffer_(kReceiveBufferBytes) {
  read_clock();
}

EventLoop::~EventLoop() { inbox_->close(); }

void EventLoop::run() {
  inbox_->set_thread();
  context_.run();
}

void EventLoop::stop() {
  inbox_->close();
  context_.stop();
}

void EventLoop::post(std::function<void()> task) { boost::asio::post(context_, std::move(task)); }

void EventLoop::run_and_wait(const std::function<void()>& task) {
  std::promise<void> done;
  boost::asio::post(context_, [&] {
    task();
    done.set_value();
  });
  done.get_future().wait();
}

int EventLoop::add_sweep(Sweep sweep) {
  const int id = next_sweep_++;
  sweeps_.emplace(id, std::move(sweep));
  if (!is_ticking_) {
    read_clock();
    start_tick();
  }
  return id;
}

void EventLoop::remove_sweep(int id) { sweeps_.erase(id); }

void EventLoop::start_tick() {
  is_ticking_ = true;
  timer_.expires_after(tick_);
  timer_.async_wait([this](const boost::system::error_code& error) {
    is_ticking_ = false;
    if (error || sweeps_.empty()) {
      return;
    }
    read_clock();
    start_tick();
    // A sweep may remove itself, which leaves the iterator to the next one valid.
    for (auto next = sweeps_.begin(); next != sweeps_.end();) {
      const auto current = next++;
      current->second(now_);
    }
  });
}

void EventLoop::read_clock() {
  now_ = clock_.steady();
  const auto seconds = static_cast<std::int64_t>(clock_.now()) / kNanosPerSecond;
  if (seconds != date_seconds_) {
    date_seconds_ = seconds;
    date_ = print_http_date(seconds);
  }
}

}  // namespace waybill::net
