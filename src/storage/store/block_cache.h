// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <string>
#include <unordered_map>

#include "base/mutex.h"
#include "base/result.h"
#include "os/file_system.h"
#include "storage/block/read/block_reader.h"
#include "storage/catalog/block_entry.h"

namespace waybill::storage {

struct BlockCacheOptions {
  std::size_t open_count_max = 512;                       // files
  std::size_t memory_bytes_max = std::size_t{256} << 20;  // of directories and dictionaries
};

// Blocks that were read lately, open. What is not used longest is closed first. Borrows the file
// system. Any thread; a block is opened outside the lock.
class BlockCache final {
 public:
  BlockCache(BlockCacheOptions options, os::FileSystem& file_system, std::string directory)
      : options_(options), file_system_(file_system), directory_(std::move(directory)) {}

  // Errors: as BlockReader::open.
  Result<std::shared_ptr<const BlockReader>> open(BlockId id);
  // Forgets a block whose file is to go.
  void forget(BlockId id);

  std::size_t open_count() const;

 private:
  using Used = std::list<BlockId>;
  struct Slot {
    std::shared_ptr<const BlockReader> reader;
    Used::iterator place;
  };

  void shrink() REQUIRES(mutex_);

  const BlockCacheOptions options_;
  os::FileSystem& file_system_;
  const std::string directory_;
  mutable Mutex mutex_;
  std::unordered_map<BlockId, Slot> slots_ GUARDED_BY(mutex_);
  Used used_ GUARDED_BY(mutex_);  // latest first
  std::uint64_t turn_ GUARDED_BY(mutex_) = 0;
};

}  // namespace waybill::storage
