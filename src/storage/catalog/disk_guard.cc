// SPDX-License-Identifier: Apache-2.0
#include "storage/catalog/disk_guard.h"

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace waybill::storage {
namespace {

constexpr std::uint64_t kWhole = 100;

// Without overflow for any size.
std::uint64_t percent_of(std::uint64_t size_bytes, std::uint64_t percent) {
  return size_bytes / kWhole * percent + size_bytes % kWhole * percent / kWhole;
}

}  // namespace

std::uint64_t DiskGuard::resume_bytes() const {
  return reserve_bytes_ + percent_of(reserve_bytes_, options_.resume_percent);
}

DiskVerdict DiskGuard::update(std::uint64_t free_bytes, std::uint64_t total_bytes) {
  free_bytes_ = total_bytes == 0 ? UINT64_MAX : free_bytes;
  reserve_bytes_ =
      std::min(options_.reserve_bytes, percent_of(total_bytes, options_.reserve_percent_max));
  const std::uint64_t needed_bytes =
      verdict_ == DiskVerdict::Accept ? reserve_bytes_ : resume_bytes();
  if (free_bytes_ >= needed_bytes) {
    verdict_ = DiskVerdict::Accept;
    retry_after_ = std::chrono::nanoseconds(0);
    return verdict_;
  }
  retry_after_ = verdict_ == DiskVerdict::Accept ? options_.first_delay
                                                 : std::min(options_.last_delay, retry_after_ * 2);
  verdict_ = DiskVerdict::Refuse;
  return verdict_;
}

bool DiskGuard::has_room_for(std::uint64_t size_bytes) const {
  return free_bytes_ >= resume_bytes() && free_bytes_ - resume_bytes() >= size_bytes;
}

}  // namespace waybill::storage
