// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>

#if defined(__clang__)
#define WAYBILL_ANNOTATE(x) __attribute__((x))
#else
#define WAYBILL_ANNOTATE(x)
#endif
#define GUARDED_BY(x) WAYBILL_ANNOTATE(guarded_by(x))
#define REQUIRES(x) WAYBILL_ANNOTATE(requires_capability(x))

namespace waybill {

// std::mutex that clang's thread-safety analysis can see. Any thread.
class WAYBILL_ANNOTATE(capability("mutex")) Mutex final {
 public:
  void lock() WAYBILL_ANNOTATE(acquire_capability()) { mutex_.lock(); }
  void unlock() WAYBILL_ANNOTATE(release_capability()) { mutex_.unlock(); }

 private:
  std::mutex mutex_;
};

// Holds a Mutex for a scope.
class WAYBILL_ANNOTATE(scoped_lockable) MutexLock final {
 public:
  explicit MutexLock(Mutex& mutex) WAYBILL_ANNOTATE(acquire_capability(mutex)) : mutex_(mutex) {
    mutex_.lock();
  }
  ~MutexLock() WAYBILL_ANNOTATE(release_capability()) { mutex_.unlock(); }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

 private:
  Mutex& mutex_;
};

// A condition to wait for under a Mutex. Wait in a loop that tests the condition.
class Condition final {
 public:
  void wait(Mutex& mutex) REQUIRES(mutex) { condition_.wait(mutex); }
  // False when the time ran out.
  bool wait_for(Mutex& mutex, std::chrono::nanoseconds time) REQUIRES(mutex) {
    return condition_.wait_for(mutex, time) == std::cv_status::no_timeout;
  }
  void notify_one() { condition_.notify_one(); }
  void notify_all() { condition_.notify_all(); }

 private:
  std::condition_variable_any condition_;
};

}  // namespace waybill
