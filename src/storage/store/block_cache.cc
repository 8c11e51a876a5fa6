// SPDX-License-Identifier: Apache-2.0
#include "storage/store/block_cache.h"

#include <fmt/format.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

#include "base/mutex.h"
#include "base/result.h"
#include "storage/block/read/block_reader.h"
#include "storage/catalog/block_entry.h"

namespace waybill::storage {
namespace {

// Caches grow while blocks are read, so the sum is looked at from time to time.
constexpr std::uint64_t kTurnsPerCheck = 64;

}  // namespace

Result<std::shared_ptr<const BlockReader>> BlockCache::open(BlockId id) {
  {
    const MutexLock lock(mutex_);
    const auto found = slots_.find(id);
    if (found != slots_.end()) {
      used_.splice(used_.begin(), used_, found->second.place);
      if (++turn_ % kTurnsPerCheck == 0) {
        shrink();
      }
      return found->second.reader;
    }
  }
  auto reader = TRY(BlockReader::open(
      file_system_, fmt::format("{}/{}/{}", directory_, kBlockFolder, block_file_name(id))));
  const MutexLock lock(mutex_);
  const auto [slot, is_new] = slots_.try_emplace(id);
  if (is_new) {
    used_.push_front(id);
    slot->second = {reader, used_.begin()};
    shrink();
  }
  return reader;
}

void BlockCache::forget(BlockId id) {
  const MutexLock lock(mutex_);
  const auto found = slots_.find(id);
  if (found != slots_.end()) {
    used_.erase(found->second.place);
    slots_.erase(found);
  }
}

std::size_t BlockCache::open_count() const {
  const MutexLock lock(mutex_);
  return slots_.size();
}

void BlockCache::shrink() {
  std::size_t bytes = 0;
  std::size_t kept = 0;
  for (auto place = used_.begin(); place != used_.end();) {
    const auto slot = slots_.find(*place);
    bytes += slot->second.reader->file()->memory_bytes();
    // The latest stays, however large.
    if (kept == 0 || (kept < options_.open_count_max && bytes <= options_.memory_bytes_max)) {
      ++kept;
      ++place;
    } else {
      slots_.erase(slot);
      place = used_.erase(place);
    }
  }
}

}  // namespace waybill::storage
