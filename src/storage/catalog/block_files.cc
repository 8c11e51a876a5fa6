// SPDX-License-Identifier: Apache-2.0
#include "storage/catalog/block_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/log.h"
#include "base/mutex.h"
#include "base/result.h"
#include "os/file_system.h"
#include "storage/catalog/block_entry.h"
#include "storage/catalog/manifest_reader.h"

namespace waybill::storage {
namespace {

bool is_known(const ManifestContents& contents, BlockId id) {
  const auto& blocks = contents.blocks;
  const auto found =
      std::lower_bound(blocks.begin(), blocks.end(), id,
                       [](const auto& entry, BlockId wanted) { return entry->facts.id < wanted; });
  return found != blocks.end() && (*found)->facts.id == id;
}

}  // namespace

Result<BlockFolder> list_block_folder(os::FileSystem& file_system, const std::string& folder,
                                      const ManifestContents& contents) {
  BlockFolder found;
  for (std::string& name : TRY(file_system.list_files(folder))) {
    if (parse_block_file_name(name, kUnfinishedBlockEnding).has_value()) {
      found.leftovers.push_back(std::move(name));
      continue;
    }
    const auto id = parse_block_file_name(name, kBlockEnding);
    if (!id.has_value()) {
      continue;
    }
    found.present.push_back(*id);
    if (is_known(contents, *id)) {
      continue;
    }
    const bool is_leftover = *id < contents.state.id_limit && !contents.is_cut;
    (is_leftover ? found.leftovers : found.unknown).push_back(std::move(name));
  }
  std::sort(found.present.begin(), found.present.end());
  return found;
}

Result<void> set_unknown_aside(os::FileSystem& file_system, const std::string& folder,
                               std::span<const std::string> names) {
  for (const std::string& name : names) {
    const std::string path = fmt::format("{}/{}", folder, name);
    std::string aside = path + std::string(kUnknownBlockEnding);
    // An earlier file of the same name was set aside before; neither replaces the other.
    for (int i = 2; TRY(file_system.exists(aside)); ++i) {
      aside = fmt::format("{}{}.{}", path, kUnknownBlockEnding, i);
    }
    TRY(file_system.rename_file(path, aside));
  }
  return names.empty() ? Result<void>() : file_system.sync_directory(folder);
}

void UnusedFiles::add_removed(const std::shared_ptr<const BlockEntry>& entry) {
  const MutexLock lock(mutex_);
  held_.push_back({entry->facts.id, entry});
}

void UnusedFiles::add(std::string name) {
  const MutexLock lock(mutex_);
  free_.push_back(std::move(name));
}

// An entry that has expired was held by no snapshot, and no snapshot can come to hold it again.
std::vector<std::string> UnusedFiles::take_free() {
  const MutexLock lock(mutex_);
  const auto split = std::stable_partition(held_.begin(), held_.end(),
                                           [](const Held& held) { return !held.entry.expired(); });
  for (auto held = split; held != held_.end(); ++held) {
    free_.push_back(block_file_name(held->id));
  }
  held_.erase(split, held_.end());
  return std::exchange(free_, {});
}

void UnusedFiles::delete_files() {
  std::vector<std::string> failed;
  std::string last_error;
  std::uint64_t deleted_count = 0;
  for (std::string& name : take_free()) {
    const auto removed = file_system_.remove_file(fmt::format("{}/{}", folder_, name));
    if (removed.has_value() || removed.error().code == ErrorCode::NotFound) {
      ++deleted_count;
      continue;
    }
    last_error = removed.error().message;
    failed.push_back(std::move(name));
  }
  if (!failed.empty()) {
    log_warn("files of removed blocks can not be deleted; they will be tried again",
             {{"count", failed.size()}, {"last_error", last_error}});
  }
  const MutexLock lock(mutex_);
  deleted_count_ += deleted_count;
  failure_count_ += failed.size();
  free_.insert(free_.end(), std::make_move_iterator(failed.begin()),
               std::make_move_iterator(failed.end()));
}

DeletionCounts UnusedFiles::counts() const {
  const MutexLock lock(mutex_);
  return {deleted_count_, failure_count_, held_.size(), free_.size()};
}

}  // namespace waybill::storage
