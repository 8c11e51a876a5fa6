// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>

namespace waybill::storage {

struct DiskGuardOptions {
  // Room that stays free on the device, at most this share of it.
  std::uint64_t reserve_bytes = std::uint64_t{1} << 30;
  std::uint64_t reserve_percent_max = 10;
  // After a refusal spans are taken again when this much more than the reserve is free.
  std::uint64_t resume_percent = 25;  // of the reserve
  std::chrono::nanoseconds first_delay = std::chrono::seconds(1);
  std::chrono::nanoseconds last_delay = std::chrono::seconds(30);
};

enum class DiskVerdict : std::uint8_t {
  Accept,
  Refuse,  // answer senders with retry_after()
};

// Decides from the room on the device whether spans are taken. It refuses before the device is
// full, so that sealing, merging and the log can still finish what was acknowledged; and it takes
// spans again by itself when there is clearly more room, so that it does not flicker at the edge.
// Holds numbers only: no clock, no file system. One thread at a time.
class DiskGuard final {
 public:
  explicit DiskGuard(const DiskGuardOptions& options) : options_(options) {}

  // What the device says now. Call it in even steps, such as each second. A total of zero means
  // that the device does not say: then everything is accepted.
  DiskVerdict update(std::uint64_t free_bytes, std::uint64_t total_bytes);

  DiskVerdict verdict() const { return verdict_; }
  // How long a sender is asked to wait: doubles with each update that still refuses, up to
  // last_delay. Zero while spans are accepted.
  std::chrono::nanoseconds retry_after() const { return retry_after_; }

  // Whether work that takes this much more room for a while (a merge) leaves the reserve alone.
  bool has_room_for(std::uint64_t size_bytes) const;

  // Below this much free room spans are refused; from resume_bytes on they are taken again.
  std::uint64_t reserve_bytes() const { return reserve_bytes_; }
  std::uint64_t resume_bytes() const;

 private:
  DiskGuardOptions options_;
  DiskVerdict verdict_ = DiskVerdict::Accept;
  std::chrono::nanoseconds retry_after_{0};
  std::uint64_t free_bytes_ = UINT64_MAX;
  std::uint64_t reserve_bytes_ = 0;
};

}  // namespace waybill::storage
