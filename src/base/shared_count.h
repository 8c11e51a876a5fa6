// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstddef>

namespace waybill {

// A number that several threads add to and take from. Any thread. Relaxed order: only the number
// itself matters, nothing is published through it.
class SharedCount final {
 public:
  // The number after it.
  std::size_t add(std::size_t n) { return value_.fetch_add(n, std::memory_order_relaxed) + n; }
  void subtract(std::size_t n) { value_.fetch_sub(n, std::memory_order_relaxed); }
  std::size_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::size_t> value_{0};
};

// A yes or no that one thread sets and others read. Any thread. Release and acquire: whoever sees
// the flag set sees everything that was written before it was.
class SharedFlag final {
 public:
  void set(bool is_set) { flag_.store(is_set, std::memory_order_release); }
  bool is_set() const { return flag_.load(std::memory_order_acquire); }

 private:
  std::atomic<bool> flag_{false};
};

}  // namespace waybill
