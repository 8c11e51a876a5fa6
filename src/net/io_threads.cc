// SPDX-License-Identifier: Apache-2.0
#include "net/io_threads.h"

#include <algorithm>
#include <cstddef>
#include <memory>
#include <thread>
#include <vector>

#include "base/check.h"
#include "base/clock.h"
#include "base/shared_count.h"
#include "net/event_loop.h"

namespace waybill::net {

class IoThreads::Impl final {
 public:
  Impl(const Clock& clock, const IoThreadsOptions& options) {
    const int processors = static_cast<int>(std::thread::hardware_concurrency());
    const int thread_count =
        options.thread_count > 0 ? options.thread_count : std::max(processors, 2);
    for (int i = 0; i < thread_count; ++i) {
      loops_.push_back(std::make_unique<EventLoop>(clock, options.tick));
    }
    for (const std::unique_ptr<EventLoop>& loop : loops_) {
      threads_.emplace_back([&loop = *loop] { loop.run(); });
    }
  }

  ~Impl() {
    for (const std::unique_ptr<EventLoop>& loop : loops_) {
      loop->stop();
    }
    threads_.clear();
  }

  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  int count() const { return static_cast<int>(loops_.size()); }
  EventLoop& loop(int index) {
    CHECK(index >= 0 && index < count());
    return *loops_[static_cast<std::size_t>(index)];
  }
  EventLoop& next_loop() { return *loops_[next_.add(1) % loops_.size()]; }

 private:
  std::vector<std::unique_ptr<EventLoop>> loops_;
  std::vector<std::jthread> threads_;
  SharedCount next_;
};

IoThreads::IoThreads(const Clock& clock, IoThreadsOptions options)
    : impl_(std::make_unique<Impl>(clock, options)) {}
IoThreads::~IoThreads() = default;

int IoThreads::count() const { return impl_->count(); }
EventLoop& IoThreads::loop(int index) { return impl_->loop(index); }
EventLoop& IoThreads::next_loop() { return impl_->next_loop(); }

}  // namespace waybill::net
