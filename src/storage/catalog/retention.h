// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "storage/catalog/block_entry.h"
#include "storage/catalog/catalog_snapshot.h"

// Which blocks have to go. Pure functions: any thread, no clock of their own.
namespace waybill::storage {

// How long spans are kept, counted from when they were received, whatever times they carry. A block
// is as old as the youngest of its spans, so a span may stay longer than asked for by the time over
// which its block was received, and never shorter.
struct RetentionPolicy {
  using Age = std::optional<std::chrono::nanoseconds>;  // no value: for ever

  Age age_max;
  // In place of age_max for the service of that name: shorter or longer.
  std::map<std::string, Age, std::less<>> service_age_max;
  // Over the files of all blocks. Beyond it the oldest go, of whatever service.
  std::uint64_t total_bytes_max = UINT64_MAX;
};

// Whether a span of the service, in a block that was received up to then, is to go. A policy's
// limit is reached when the age is.
bool is_expired(const RetentionPolicy& policy, std::string_view service, UnixNanos max_received,
                UnixNanos now);

struct RetentionPlan {
  // At most this many at a time, so that one commit takes them.
  static constexpr std::size_t kRemovedMax = 100'000;

  std::vector<BlockId> remove;  // whole, oldest first
  // To be written again without the services that is_expired names, and with retention_applied_at
  // set to `now`. Oldest first.
  std::vector<BlockId> rewrite;
  std::uint64_t removed_bytes = 0;
  std::uint64_t removed_spans = 0;
};

// A block whose services are not all counted by name is looked into once for each limit that it
// passes. If a policy is made stricter later, what it then hides goes with the block as a whole.
RetentionPlan plan_retention(const CatalogSnapshot& snapshot, UnixNanos now,
                             const RetentionPolicy& policy);

}  // namespace waybill::storage
