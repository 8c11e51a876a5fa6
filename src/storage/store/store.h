// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/memory_budget.h"
#include "base/metrics.h"
#include "base/mutex.h"
#include "base/result.h"
#include "os/file_system.h"
#include "storage/block/write/block_writer.h"
#include "storage/catalog/catalog.h"
#include "storage/catalog/compaction.h"
#include "storage/catalog/disk_guard.h"
#include "storage/catalog/retention.h"
#include "storage/head/head.h"
#include "storage/scan.h"
#include "storage/span_writer.h"
#include "storage/store/block_cache.h"
#include "storage/store/block_part.h"
#include "storage/store/rewrite.h"
#include "storage/store/upkeep.h"
#include "storage/store/window.h"

// Everything that is stored: windows of recent spans in memory, and blocks on disk
// (docs/design/store.md).
namespace waybill::storage {

struct StoreOptions {
  // Folder of the catalog and the blocks. Empty: windows are never sealed, and the store holds what
  // memory holds.
  std::string directory;
  // Over all windows, also those that are being sealed.
  std::size_t memory_bytes_max = std::size_t{2} << 30;
  // A window is sealed when it reaches one of these.
  std::uint64_t window_span_count = 128 * 1024;
  std::chrono::nanoseconds window_age = std::chrono::minutes(10);
  // How often age, retention and merges are looked at while nothing wakes the store.
  std::chrono::nanoseconds upkeep_interval = std::chrono::seconds(1);
  // Spans are refused while less room is free on the device, and merges wait, so that windows can
  // still be sealed.
  DiskGuardOptions disk;
  RetentionPolicy retention;
  CompactionOptions compaction;
  BlockWriterOptions block;
  BlockCacheOptions cache;
  HeadOptions head;
};

// The folder and what works on it.
struct StoreDisk {
  os::FileSystem& file_system;
  MetricRegistry& metrics;
};

// Everything that is stored. Borrows what it is given. Any thread, but for the writing side
// (span_writer.h).
class Store final : public SpanReader, public SpanWriter {
 public:
  // In memory alone.
  Store(StoreOptions options, const Clock& clock);
  // With a folder. Errors: as Catalog::open. `report` says what was found; its messages are meant
  // for people.
  static Result<std::unique_ptr<Store>> open(StoreOptions options, const StoreDisk& disk,
                                             const Clock& clock, CatalogReport& report);
  ~Store() override;
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  // Records of the log before this position are in blocks: a replay need not read them.
  std::uint64_t log_covered_to() const;
  // Starts to seal, merge and retire, on a thread of its own. `retire_log` is told, on that thread,
  // up to where the log is no longer needed. Once, after the log was replayed; without a folder it
  // does nothing.
  void start(std::function<void(std::uint64_t position)> retire_log);
  // Ends the work in the background. What is in memory stays in the log.
  void stop();
  // Seals what is in memory, now. For tests and benchmarks, instead of start().
  Result<void> seal();
  // Does what merging and retention have to do, until there is nothing left. As seal().
  Result<void> settle_down();

  Result<Reservation> reserve(const model::SpanBatch& batch) override;
  void append(model::SpanBatch batch, Reservation room, const Receipt& receipt) override;
  void append_replayed(model::SpanBatch batch, const Receipt& receipt) override;

  Result<ScanPage> scan(const ScanRequest& request) const override;
  std::vector<ServiceCount> services() const override;
  std::vector<OperationCount> operations(std::string_view service) const override;
  StoreTotals totals() const override;

 private:
  // What readers see. Never changes, but that the last window grows.
  struct View {
    std::vector<std::shared_ptr<const Head>> windows;  // oldest first
    std::vector<std::shared_ptr<const BlockPart>> blocks;
    std::shared_ptr<const CatalogSnapshot> catalog;  // null without a folder

    std::vector<std::shared_ptr<const Part>> parts() const;
  };

  std::shared_ptr<const View> view() const;
  void insert(model::SpanBatch batch, std::size_t room_bytes, const Receipt& receipt);
  void open_window() REQUIRES(append_mutex_);
  bool is_due() REQUIRES(append_mutex_);
  void publish() REQUIRES(mutex_);
  void note_damage(BlockId id, const Error& error) const;

  bool do_turn(const std::stop_token& stopping);
  void look_at_disk();
  Result<bool> seal_oldest(const std::stop_token& stopping);
  Result<bool> retire(const std::stop_token& stopping);
  Result<bool> merge(const std::stop_token& stopping);
  Result<bool> replace(const std::vector<BlockId>& inputs, std::uint64_t output_count,
                       const KeepSpan& keep, const std::function<void(BlockFacts&)>& adjust,
                       const std::stop_token& stopping);

  const StoreOptions options_;
  const Clock& clock_;
  const std::shared_ptr<MemoryBudget> budget_;
  os::FileSystem* file_system_ = nullptr;  // null without a folder
  std::unique_ptr<Catalog> catalog_;
  std::unique_ptr<BlockCache> cache_;
  std::function<void(std::uint64_t)> retire_log_;

  Mutex append_mutex_;
  Window active_ GUARDED_BY(append_mutex_);

  mutable Mutex mutex_;
  std::deque<Window> sealing_ GUARDED_BY(mutex_);  // full, oldest first
  std::shared_ptr<const Head> growing_ GUARDED_BY(mutex_);
  mutable std::shared_ptr<const View> view_ GUARDED_BY(mutex_);
  DiskGuard disk_guard_ GUARDED_BY(mutex_);

  // Of the background thread, or whoever stands in for it.
  std::chrono::nanoseconds retry_at_{0};
  int failure_count_ = 0;
  std::chrono::nanoseconds retired_at_{0};

  std::unique_ptr<Upkeep> upkeep_ GUARDED_BY(append_mutex_);
};

}  // namespace waybill::storage
