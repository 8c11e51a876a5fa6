// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstddef>

namespace waybill {

// Bytes that several owners share up to a bound. Any thread.
class MemoryBudget final {
 public:
  explicit MemoryBudget(std::size_t size_bytes_max) : size_bytes_max_(size_bytes_max) {}

  // False where it would pass the bound; nothing is taken then.
  bool try_take(std::size_t size_bytes) {
    // Relaxed: the number orders nothing else, it only has to add up.
    std::size_t used = used_.load(std::memory_order_relaxed);
    do {
      if (size_bytes > size_bytes_max_ || used > size_bytes_max_ - size_bytes) {
        return false;
      }
    } while (!used_.compare_exchange_weak(used, used + size_bytes, std::memory_order_relaxed));
    return true;
  }
  // Over the bound too.
  void take(std::size_t size_bytes) { used_.fetch_add(size_bytes, std::memory_order_relaxed); }
  void give_back(std::size_t size_bytes) { used_.fetch_sub(size_bytes, std::memory_order_relaxed); }

  std::size_t used_bytes() const { return used_.load(std::memory_order_relaxed); }
  std::size_t size_bytes_max() const { return size_bytes_max_; }

 private:
  const std::size_t size_bytes_max_;
  std::atomic<std::size_t> used_ = 0;
};

}  // namespace waybill
