// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/mutex.h"
#include "base/result.h"
#include "os/file_system.h"
#include "storage/catalog/block_entry.h"
#include "storage/catalog/manifest_reader.h"

// The files in the folder of the blocks, held against what the catalog says.
namespace waybill::storage {

// What is in the folder.
struct BlockFolder {
  std::vector<BlockId> present;  // files with the name of a block, ascending
  // Files that a crash left behind: what is in them is in the log or in the blocks that they were
  // to replace. They may be removed once the catalog that was read is durable.
  std::vector<std::string> leftovers;
  // Files of blocks that this catalog never gave a number, and, where the catalog's end was torn,
  // all that it does not name: perhaps the only copy of something.
  std::vector<std::string> unknown;
};

// Lists the folder and sorts its names. Names of other forms are nobody's and are left alone.
Result<BlockFolder> list_block_folder(os::FileSystem& file_system, const std::string& folder,
                                      const ManifestContents& contents);

// Renames the unknown files, durably, so that their numbers are free and nothing removes them.
Result<void> set_unknown_aside(os::FileSystem& file_system, const std::string& folder,
                               std::span<const std::string> names);

struct DeletionCounts {
  std::uint64_t deleted_count = 0;  // files, over the life of this object
  std::uint64_t failure_count = 0;  // attempts that failed, over the life of this object
  std::size_t held_count = 0;       // blocks that are removed and still read by somebody
  std::size_t pending_count = 0;    // files that can go and are still there
};

// Files that are to go when nobody reads them any more. Borrows the file system. Any thread.
class UnusedFiles final {
 public:
  UnusedFiles(os::FileSystem& file_system, std::string folder)
      : file_system_(file_system), folder_(std::move(folder)) {}

  // The block was removed from the catalog: its file goes when the last snapshot with it does.
  void add_removed(const std::shared_ptr<const BlockEntry>& entry);
  // Goes at the next turn.
  void add(std::string name);

  // Deletes what nobody holds. What can not be deleted is tried again the next time. A file that is
  // not there counts as deleted.
  void delete_files();

  DeletionCounts counts() const;

 private:
  struct Held {
    BlockId id = 0;
    std::weak_ptr<const BlockEntry> entry;
  };

  std::vector<std::string> take_free();

  os::FileSystem& file_system_;
  const std::string folder_;
  mutable Mutex mutex_;
  std::vector<Held> held_ GUARDED_BY(mutex_);
  std::vector<std::string> free_ GUARDED_BY(mutex_);
  std::uint64_t deleted_count_ GUARDED_BY(mutex_) = 0;
  std::uint64_t failure_count_ GUARDED_BY(mutex_) = 0;
};

}  // namespace waybill::storage
