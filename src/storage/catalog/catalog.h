// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/mutex.h"
#include "base/result.h"
#include "os/file_system.h"
#include "storage/catalog/block_entry.h"
#include "storage/catalog/block_files.h"
#include "storage/catalog/catalog_snapshot.h"
#include "storage/catalog/manifest_file.h"

namespace waybill::storage {

struct CatalogOptions {
  // The folder of the store: holds the catalog's file and the folder `blocks`.
  std::string directory;
  std::size_t block_count_max = 1'000'000;
  // Room for changes in the catalog's file, before it is written anew.
  std::uint64_t room_bytes_min = std::uint64_t{64} << 10;
  // Makes the salts of the file hard to guess. Zero: from the clock alone.
  std::uint64_t salt_seed = 0;
};

// A change of the catalog: all of it or nothing.
struct CatalogChange {
  static constexpr std::size_t kAddedMax = 64;
  static constexpr std::size_t kRemovedMax = 100'000;

  // Numbers come from reserve_block_id; the file is complete and synced. The catalog syncs the
  // folder.
  std::vector<BlockSummary> add;
  std::vector<BlockId> remove;
  // Records of the log with smaller positions are no longer needed; never goes back.
  std::optional<std::uint64_t> log_covered_to;
};

// What opening found.
struct CatalogReport {
  static constexpr std::size_t kMessagesMax = 50;

  std::uint64_t block_count = 0;
  std::uint64_t missing_count = 0;    // blocks without a file
  std::uint64_t leftover_count = 0;   // files of a crash, to be deleted
  std::uint64_t set_aside_count = 0;  // files that the catalog can not account for
  bool is_read_only = false;          // the device did not take a new file: commits are refused
  // One clear sentence for each thing that is not as it should be; the last one says how many were
  // left out.
  std::vector<std::string> messages;
};

struct CatalogStatus {
  std::size_t block_count = 0;
  std::size_t unreadable_count = 0;  // missing and damaged blocks
  std::uint64_t log_covered_to = 0;
  std::uint64_t commit_count = 0;     // since opening
  std::uint64_t rewriting_count = 0;  // of the file, since opening
  DeletionCounts files;
  std::optional<Error> refusal;  // why commits are refused until the catalog is opened again
};

// Which blocks exist, and up to where they cover the log. Any thread.
//
// Readers take a snapshot, which never changes. Commits take turns; each is durable and visible to
// later snapshots when it returns. Borrows the file system and the clock, and holds a lock file.
class Catalog final {
  // Only open can make one.
  struct Key {
    explicit Key() = default;
  };

 public:
  // Reads the catalog, or makes one in an empty folder, and then writes it anew, so that nothing is
  // built on bytes that a failing device may only have kept in memory. Opens no block file. Files
  // that a crash left behind are handed to delete_unused_files; files that the catalog can not
  // account for are renamed to end in `.unknown`.
  //
  // A device that takes nothing still gives a catalog to read (`is_read_only`). Errors:
  // FailedPrecondition (another process has it, or a newer version wrote it), DataLoss,
  // InvalidArgument (see read_manifest), also DataLoss where there are blocks and no catalog.
  // Nothing was changed then.
  //
  // Where a catalog was open in this process before, drop its snapshots first.
  static Result<std::unique_ptr<Catalog>> open(CatalogOptions options, os::FileSystem& file_system,
                                               const Clock& clock, CatalogReport& report);

  Catalog(Key key, CatalogOptions options, os::FileSystem& file_system, const Clock& clock,
          const ManifestContents& contents, std::unique_ptr<os::FileSystem::Lock> lock);

  // Copies one pointer.
  std::shared_ptr<const CatalogSnapshot> snapshot() const;

  // A number for a new block. Mostly without input or output. Errors: as commit.
  Result<BlockId> reserve_block_id();
  std::string block_path(BlockId id) const;
  std::string unfinished_block_path(BlockId id) const;

  // Errors, after which nothing has happened: InvalidArgument for a change that contradicts itself
  // or the catalog, ResourceExhausted for a full device or a limit.
  // Unavailable: the device failed. This catalog stays as it was; after the next start it is so
  // too, or wholly with the change. Until then every commit answers Unavailable, and the files of
  // the change must stay: opening removes what is not needed.
  Result<void> commit(CatalogChange change);

  // The block will not be added: its number is not used again and its files are deleted, unless a
  // commit with it failed, whose outcome is open. Requires: it was reserved and not committed.
  void discard(BlockId id);

  // Says that the file can not be read. Later snapshots have it so; the next start asks anew.
  void mark_damaged(BlockId id);

  // Deletes files of blocks that were removed and that no snapshot has. For a thread that may wait
  // for the disk; call it from time to time.
  void delete_unused_files() { unused_files_.delete_files(); }

  CatalogStatus status() const;

 private:
  // Keeps other commits waiting without holding a lock across input and output.
  class Turn;
  // A commit before it is written.
  struct Draft {
    std::shared_ptr<CatalogSnapshot> next;
    std::vector<std::shared_ptr<const BlockEntry>> added;
    std::vector<std::shared_ptr<const BlockEntry>> removed;
    BlockId id_limit = 1;
  };

  // Holds the blocks against their files and sets aside what is unknown.
  Result<void> take_stock(const ManifestContents& contents, CatalogReport& report);

  Result<void> check(const CatalogSnapshot& before, const CatalogChange& change) const;
  Draft make_draft(const CatalogSnapshot& before, CatalogChange change);
  Result<void> write(const Draft& draft);
  Result<void> replace(const CatalogSnapshot& next, BlockId id_limit);
  Result<void> check_accepting() const;
  Error refuse(Error error);

  const CatalogOptions options_;
  const std::string blocks_folder_;
  os::FileSystem& file_system_;
  const std::unique_ptr<os::FileSystem::Lock> lock_;
  UnusedFiles unused_files_;
  // Used by whoever has the turn.
  ManifestFile manifest_;
  ServiceNumbers services_;
  std::vector<std::string> leftovers_;  // may be deleted once a file of our own is durable

  mutable Mutex mutex_;
  Condition turn_is_free_;
  bool is_taken_ GUARDED_BY(mutex_) = false;
  std::shared_ptr<const CatalogSnapshot> current_ GUARDED_BY(mutex_);
  std::optional<Error> refusal_ GUARDED_BY(mutex_);
  std::set<BlockId> reserved_ GUARDED_BY(mutex_);  // given out, not yet committed or discarded
  BlockId next_id_ GUARDED_BY(mutex_) = 1;
  BlockId id_limit_ GUARDED_BY(mutex_) = 1;  // numbers below may be given out: the file says so
  std::uint64_t commit_count_ GUARDED_BY(mutex_) = 0;
  std::uint64_t rewriting_count_ GUARDED_BY(mutex_) = 0;
};

}  // namespace waybill::storage
