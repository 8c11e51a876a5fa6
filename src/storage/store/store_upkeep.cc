// SPDX-License-Identifier: Apache-2.0
//
// What the store does beside its work: seal, retire, merge.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <stop_token>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/log.h"
#include "base/mutex.h"
#include "base/result.h"
#include "storage/catalog/catalog.h"
#include "storage/catalog/compaction.h"
#include "storage/catalog/retention.h"
#include "storage/store/block_part.h"
#include "storage/store/rewrite.h"
#include "storage/store/store.h"
#include "storage/store/upkeep.h"

namespace waybill::storage {
namespace {

constexpr std::chrono::nanoseconds kRetireInterval = std::chrono::minutes(1);
constexpr std::chrono::nanoseconds kFirstRetry = std::chrono::seconds(1);
constexpr std::chrono::nanoseconds kLastRetry = std::chrono::minutes(1);

}  // namespace

std::uint64_t Store::log_covered_to() const {
  const auto now = view();
  return now->catalog == nullptr ? 0 : now->catalog->log_covered_to;
}

void Store::start(std::function<void(std::uint64_t)> retire_log) {
  if (catalog_ == nullptr) {
    return;
  }
  retire_log_ = std::move(retire_log);
  retire_log_(log_covered_to());
  look_at_disk();
  const MutexLock lock(append_mutex_);
  upkeep_ = std::make_unique<Upkeep>(
      [this](const std::stop_token& stopping) { return do_turn(stopping); },
      options_.upkeep_interval);
  upkeep_->wake();
}

void Store::stop() {
  std::unique_ptr<Upkeep> ended;
  const MutexLock lock(append_mutex_);
  ended.swap(upkeep_);
}

// A device that does not say is no reason to refuse; a full one says so when it is written.
void Store::look_at_disk() {
  const auto free = file_system_->free_bytes(options_.directory);
  const std::uint64_t free_bytes = free.has_value() ? *free : UINT64_MAX;
  DiskVerdict before = DiskVerdict::Accept;
  DiskVerdict now = DiskVerdict::Accept;
  std::uint64_t needed_bytes = 0;
  {
    const MutexLock lock(mutex_);
    before = disk_guard_.verdict();
    now = disk_guard_.update(free_bytes, UINT64_MAX);
    needed_bytes = disk_guard_.resume_bytes();
  }
  if (now != before && now == DiskVerdict::Refuse) {
    log_error("the disk is nearly full: spans are refused until there is room",
              {{"free_bytes", free_bytes}, {"needed_bytes", needed_bytes}});
  } else if (now != before) {
    log_info("there is room on the disk: spans are taken again", {{"free_bytes", free_bytes}});
  }
}

Result<void> Store::seal() {
  {
    const MutexLock lock(append_mutex_);
    if (active_.head->span_count() > 0) {
      open_window();
    }
  }
  while (TRY(seal_oldest({}))) {
  }
  return {};
}

Result<void> Store::settle_down() {
  while (TRY(merge({})) || TRY(retire({}))) {
  }
  catalog_->delete_unused_files();
  return {};
}

bool Store::is_due() {
  return active_.head->span_count() > 0 &&
         clock_.steady() - active_.opened_at >= options_.window_age;
}

// Sealing comes first: it is what memory and the log wait for.
bool Store::do_turn(const std::stop_token& stopping) {
  {
    const MutexLock lock(append_mutex_);
    if (is_due()) {
      open_window();
    }
  }
  catalog_->delete_unused_files();
  look_at_disk();
  const std::chrono::nanoseconds now = clock_.steady();
  if (now < retry_at_) {
    return false;
  }
  auto did_work = seal_oldest(stopping);
  if (did_work && !*did_work && now - retired_at_ >= kRetireInterval) {
    retired_at_ = now;
    did_work = retire(stopping);
  }
  if (did_work && !*did_work) {
    did_work = merge(stopping);
  }
  if (did_work) {
    failure_count_ = 0;
    return *did_work;
  }
  if (did_work.error().code != ErrorCode::Cancelled) {
    log_error("work on blocks failed and will be tried again",
              {{"error", did_work.error().message}});
    retry_at_ = now + std::min(kLastRetry, kFirstRetry * (1 << std::min(failure_count_, 10)));
    ++failure_count_;
  }
  return false;
}

// False where nothing waits to be sealed.
Result<bool> Store::seal_oldest(const std::stop_token& stopping) {
  Window window;
  {
    const MutexLock lock(mutex_);
    if (sealing_.empty()) {
      return false;
    }
    window = sealing_.front();
  }
  CatalogChange change;
  const BlockWork work{*catalog_, *file_system_, options_.block, stopping};
  change.add.push_back(TRY(seal_window(work, window)));
  // Less where the requests of the window were not logged.
  if (window.next_position > log_covered_to()) {
    change.log_covered_to = window.next_position;
  }
  const BlockId id = change.add.front().facts.id;
  if (auto committed = catalog_->commit(std::move(change)); !committed) {
    catalog_->discard(id);
    return std::move(committed).error();
  }
  {
    const MutexLock lock(mutex_);
    sealing_.pop_front();
    publish();
  }
  if (retire_log_) {
    retire_log_(log_covered_to());
  }
  return true;
}

Result<bool> Store::retire(const std::stop_token& stopping) {
  const auto now = view();
  const UnixNanos time = clock_.now();
  const RetentionPlan plan = plan_retention(*now->catalog, time, options_.retention);
  if (!plan.remove.empty()) {
    CatalogChange change;
    change.remove = plan.remove;
    TRY(catalog_->commit(std::move(change)));
    log_info("blocks were removed by retention", {{"blocks", plan.remove.size()},
                                                  {"spans", plan.removed_spans},
                                                  {"bytes", plan.removed_bytes}});
    for (const BlockId id : plan.remove) {
      cache_->forget(id);
    }
    const MutexLock lock(mutex_);
    publish();
    return true;
  }
  if (plan.rewrite.empty()) {
    return false;
  }
  const BlockId id = plan.rewrite.front();
  const BlockEntry& entry = *now->catalog->find(id)->entry;
  const auto keep = [&](const model::Span& span) {
    return !is_expired(options_.retention, span.service(), entry.facts.max_received, time);
  };
  const auto adjust = [&](BlockFacts& facts) {
    facts.level = entry.facts.level + 1;
    facts.generation = entry.facts.generation;
    facts.retention_applied_at = time;
  };
  return replace({id}, 1, keep, adjust, stopping);
}

Result<bool> Store::merge(const std::stop_token& stopping) {
  const auto now = view();
  const auto plan = plan_compaction(*now->catalog, options_.compaction, {});
  if (!plan) {
    return false;
  }
  {
    const MutexLock lock(mutex_);
    if (!disk_guard_.has_room_for(plan->input_bytes)) {
      return false;
    }
  }
  // Retention by service was applied to all of it only where it was applied to each.
  UnixNanos applied_at = UINT64_MAX;
  for (const BlockId id : plan->inputs) {
    applied_at = std::min(applied_at, now->catalog->find(id)->entry->facts.retention_applied_at);
  }
  const auto adjust = [&](BlockFacts& facts) {
    facts.level = plan->level;
    facts.generation = plan->generation;
    facts.retention_applied_at = applied_at;
  };
  return replace(plan->inputs, plan->output_count, nullptr, adjust, stopping);
}

// Puts new blocks, made of the inputs, in the place of these.
Result<bool> Store::replace(const std::vector<BlockId>& inputs, std::uint64_t output_count,
                            const KeepSpan& keep, const std::function<void(BlockFacts&)>& adjust,
                            const std::stop_token& stopping) {
  std::vector<std::shared_ptr<const BlockPart>> parts;
  for (const auto& part : view()->blocks) {
    if (std::find(inputs.begin(), inputs.end(), part->entry().facts.id) != inputs.end()) {
      parts.push_back(part);
    }
  }
  const BlockWork work{*catalog_, *file_system_, options_.block, stopping};
  CatalogChange change;
  change.remove = inputs;
  change.add = TRY(rewrite_blocks(work, parts, output_count, keep));
  std::vector<BlockId> made;
  for (BlockSummary& summary : change.add) {
    adjust(summary.facts);
    made.push_back(summary.facts.id);
  }
  if (auto committed = catalog_->commit(std::move(change)); !committed) {
    for (const BlockId id : made) {
      catalog_->discard(id);
    }
    return std::move(committed).error();
  }
  for (const BlockId id : inputs) {
    cache_->forget(id);
  }
  const MutexLock lock(mutex_);
  publish();
  return true;
}

}  // namespace waybill::storage
