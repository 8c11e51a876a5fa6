// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/mutex.h"
#include "base/random.h"
#include "os/file_system.h"

namespace waybill::os {

// A file system in memory that fails when it is told to and keeps the promises of a real one, no
// more: bytes are safe after sync_data, names after sync_directory, and a power cut takes any of
// the rest, sector by sector. Owns everything; files borrow it. Any thread.
class FaultFileSystem final : public FileSystem {
 public:
  static constexpr std::size_t kSectorBytes = 512;

  // The same seed gives the same survivors and the same torn writes.
  explicit FaultFileSystem(std::uint64_t seed = 1) : random_(seed) {}

  // --- Commands of the test ---

  // Fails calls number `first` to first + count - 1, counted from now on, the first being 1. A
  // failed write leaves a part of its bytes behind; a failed sync_data loses what it was to save,
  // also for later syncs, as Linux does.
  void fail_calls(std::uint64_t first, ErrorCode code, std::uint64_t count = 1);
  // Calls made since the file system was made or fail_calls was last called.
  std::uint64_t call_count() const;
  // True when a call was failed since then.
  bool has_failed() const;

  // The device holds this many bytes, over all files.
  void set_capacity(std::uint64_t size_bytes);

  // The process dies: every call of what is still alive fails, and files and locks are closed,
  // until start(). Nothing written is lost.
  void kill();
  // The same, and whatever was not synced survives or not, as the seed says.
  void cut_power();
  void start();

  // Puts a file there, synced, or replaces it.
  void put(const std::string& path, std::string content);
  // The content now. Requires: the file exists.
  std::string content(const std::string& path) const;
  void flip_bit(const std::string& path, std::uint64_t bit_index);
  // Every read that touches these bytes fails, until the file is replaced.
  void make_unreadable(const std::string& path, std::uint64_t offset, std::uint64_t size_bytes);
  std::uint64_t sync_count() const;

  // --- FileSystem ---

  Result<std::unique_ptr<File>> create_file(const std::string& path) override;
  Result<std::unique_ptr<File>> open_file(const std::string& path) override;
  Result<void> rename_file(const std::string& from, const std::string& to) override;
  Result<void> remove_file(const std::string& path) override;
  Result<void> create_directories(const std::string& path) override;
  Result<void> sync_directory(const std::string& path) override;
  Result<std::vector<std::string>> list_files(const std::string& path) override;
  Result<bool> exists(const std::string& path) override;
  Result<std::uint64_t> free_bytes(const std::string& path) override;
  Result<std::unique_ptr<Lock>> lock_file(const std::string& path) override;

 private:
  class FaultFile;
  class FaultLock;

  struct Node {
    std::string live;              // what reads see
    std::string durable;           // what a power cut leaves for sure
    std::set<std::uint64_t> lost;  // sectors that a failed sync gave up
    std::uint64_t unreadable_begin = 0;
    std::uint64_t unreadable_end = 0;
  };
  using NodeRef = std::shared_ptr<Node>;

  // A change of names that is not synced: `from` no longer names the node, `to` does. Either may
  // be empty.
  struct NameChange {
    std::string from;
    std::string to;
    NodeRef node;
  };

  // Counts a call; an error where it is to fail.
  Result<void> enter(std::string_view act, const std::string& path) REQUIRES(mutex_);
  Result<NodeRef> find(const std::string& path) REQUIRES(mutex_);
  std::uint64_t used_bytes() const REQUIRES(mutex_);
  Result<void> write(Node& node, const std::string& path, std::uint64_t offset,
                     std::span<const std::string_view> pieces);
  Result<void> resize(Node& node, const std::string& path, std::uint64_t size_bytes,
                      std::string_view act);
  void overwrite(Node& node, std::uint64_t offset, std::string_view bytes) REQUIRES(mutex_);
  void sync(Node& node) REQUIRES(mutex_);
  void lose_unsynced(Node& node) REQUIRES(mutex_);
  void lose_names() REQUIRES(mutex_);

  mutable Mutex mutex_;
  Random random_ GUARDED_BY(mutex_);
  std::map<std::string, NodeRef> names_ GUARDED_BY(mutex_);
  std::map<std::string, NodeRef> durable_names_ GUARDED_BY(mutex_);
  std::vector<NameChange> changes_ GUARDED_BY(mutex_);
  std::set<std::string> locks_ GUARDED_BY(mutex_);
  std::uint64_t generation_ GUARDED_BY(mutex_) = 0;  // files of an earlier one are closed
  bool is_running_ GUARDED_BY(mutex_) = true;
  std::uint64_t calls_ GUARDED_BY(mutex_) = 0;
  std::uint64_t syncs_ GUARDED_BY(mutex_) = 0;
  std::uint64_t fail_first_ GUARDED_BY(mutex_) = 0;
  std::uint64_t fail_count_ GUARDED_BY(mutex_) = 0;
  ErrorCode fail_code_ GUARDED_BY(mutex_) = ErrorCode::Internal;
  bool has_failed_ GUARDED_BY(mutex_) = false;
  std::uint64_t capacity_ GUARDED_BY(mutex_) = UINT64_MAX / 2;
};

}  // namespace waybill::os
