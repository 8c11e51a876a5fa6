// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <utility>

#include "base/shared_count.h"

namespace waybill::net {

// Bytes of bodies that a listener holds and has not answered. Any thread.
class InflightBytes final {
 public:
  explicit InflightBytes(std::size_t bytes_max) : bytes_max_(bytes_max) {}

  // False, and nothing is added, where the sum would pass the limit.
  bool try_add(std::size_t size_bytes) {
    if (bytes_.add(size_bytes) <= bytes_max_) {
      return true;
    }
    subtract(size_bytes);
    return false;
  }
  void subtract(std::size_t size_bytes) { bytes_.subtract(size_bytes); }
  // False where so many more would pass the limit as things are now.
  bool has_room_for(std::size_t size_bytes) const {
    const std::size_t held = bytes();
    return held <= bytes_max_ && size_bytes <= bytes_max_ - held;
  }
  std::size_t bytes() const { return bytes_.value(); }

 private:
  const std::size_t bytes_max_;
  SharedCount bytes_;
};

// One request's part of the sum, given back when it is released or destroyed. One thread at a time.
class InflightCharge final {
 public:
  InflightCharge() = default;
  explicit InflightCharge(std::shared_ptr<InflightBytes> sum) : sum_(std::move(sum)) {}
  InflightCharge(InflightCharge&& other) noexcept
      : sum_(std::move(other.sum_)), bytes_(std::exchange(other.bytes_, 0)) {}
  InflightCharge& operator=(InflightCharge&& other) noexcept {
    if (this != &other) {
      release();
      sum_ = std::move(other.sum_);
      bytes_ = std::exchange(other.bytes_, 0);
    }
    return *this;
  }
  ~InflightCharge() { release(); }

  // Requires: made with a sum, not moved from.
  bool try_add(std::size_t size_bytes) {
    if (!sum_->try_add(size_bytes)) {
      return false;
    }
    bytes_ += size_bytes;
    return true;
  }
  bool has_room_for(std::size_t size_bytes) const { return sum_->has_room_for(size_bytes); }
  void release() {
    if (bytes_ != 0) {
      sum_->subtract(std::exchange(bytes_, 0));
    }
  }

 private:
  std::shared_ptr<InflightBytes> sum_;
  std::size_t bytes_ = 0;
};

}  // namespace waybill::net
