// SPDX-License-Identifier: Apache-2.0
#include "storage/store/store.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/log.h"
#include "base/mutex.h"
#include "base/result.h"
#include "base/text.h"
#include "model/span_batch.h"
#include "storage/catalog/catalog.h"
#include "storage/head/head.h"
#include "storage/scan.h"
#include "storage/span_writer.h"
#include "storage/store/block_part.h"
#include "storage/store/store_scan.h"

namespace waybill::storage {
namespace {

// A scan that meets a damaged block begins again without it, so often.
constexpr int kDamagePerScanMax = 8;

class ServiceSums final {
 public:
  void add(std::string_view name, std::uint64_t span_count, std::uint64_t error_count) {
    auto place = counts_.find(name);
    if (place == counts_.end()) {
      place = counts_.emplace(std::string(name), ServiceCount{std::string(name), 0, 0}).first;
    }
    place->second.span_count += span_count;
    place->second.error_count += error_count;
  }

  std::vector<ServiceCount> by_name() && {
    std::vector<ServiceCount> all;
    all.reserve(counts_.size());
    for (auto& [name, count] : counts_) {
      all.push_back(std::move(count));
    }
    return all;
  }

 private:
  std::map<std::string, ServiceCount, std::less<>> counts_;
};

// By name, then kind, each once.
std::vector<OperationCount> sum_by_operation(std::vector<OperationCount> counts) {
  std::sort(counts.begin(), counts.end(), [](const OperationCount& a, const OperationCount& b) {
    return std::tie(a.name, a.kind) < std::tie(b.name, b.kind);
  });
  std::vector<OperationCount> sums;
  for (OperationCount& count : counts) {
    if (!sums.empty() && sums.back().name == count.name && sums.back().kind == count.kind) {
      sums.back().span_count += count.span_count;
      sums.back().error_count += count.error_count;
    } else {
      sums.push_back(std::move(count));
    }
  }
  return sums;
}

}  // namespace

std::vector<std::shared_ptr<const Part>> Store::View::parts() const {
  std::vector<std::shared_ptr<const Part>> all(windows.begin(), windows.end());
  all.insert(all.end(), blocks.begin(), blocks.end());
  return all;
}

Store::Store(StoreOptions options, const Clock& clock)
    : options_(std::move(options)),
      clock_(clock),
      budget_(std::make_shared<MemoryBudget>(options_.memory_bytes_max)),
      disk_guard_(options_.disk) {
  const MutexLock append_lock(append_mutex_);
  open_window();
}

Result<std::unique_ptr<Store>> Store::open(StoreOptions options, const StoreDisk& disk,
                                           const Clock& clock, CatalogReport& report) {
  auto store = std::make_unique<Store>(std::move(options), clock);
  CatalogOptions catalog_options;
  catalog_options.directory = store->options_.directory;
  store->file_system_ = &disk.file_system;
  store->catalog_ = TRY(Catalog::open(std::move(catalog_options), disk.file_system, clock, report));
  store->cache_ = std::make_unique<BlockCache>(store->options_.cache, disk.file_system,
                                               store->options_.directory);
  const MutexLock lock(store->mutex_);
  store->publish();
  return store;
}

Store::~Store() { Store::stop(); }

// Makes the next window the growing one; the last one, where there is one, is to be sealed.
void Store::open_window() {
  Window next;
  next.head = std::make_shared<Head>(options_.head, budget_);
  next.next_position = active_.next_position;
  Window full = std::exchange(active_, std::move(next));
  const MutexLock lock(mutex_);
  growing_ = active_.head;
  if (full.head != nullptr) {
    sealing_.push_back(std::move(full));
  }
  publish();
}

// Parts of blocks that stay are taken over from the view before.
void Store::publish() {
  auto next = std::make_shared<View>();
  for (const Window& window : sealing_) {
    next->windows.push_back(window.head);
  }
  next->windows.push_back(growing_);
  if (catalog_ != nullptr) {
    next->catalog = catalog_->snapshot();
    std::map<BlockId, std::shared_ptr<const BlockPart>> known;
    if (view_ != nullptr) {
      for (const auto& part : view_->blocks) {
        known[part->entry().facts.id] = part;
      }
    }
    for (const CatalogBlock& block : next->catalog->blocks) {
      if (block.state != BlockState::Present) {
        continue;
      }
      const auto found = known.find(block.entry->facts.id);
      next->blocks.push_back(found != known.end() ? found->second
                                                  : std::make_shared<BlockPart>(
                                                        block.entry, *cache_, clock_,
                                                        [this](BlockId id, const Error& error) {
                                                          note_damage(id, error);
                                                        }));
    }
  }
  view_ = std::move(next);
}

std::shared_ptr<const Store::View> Store::view() const {
  const MutexLock lock(mutex_);
  return view_;
}

void Store::note_damage(BlockId id, const Error& error) const {
  log_error("a block can not be read and is left out of answers",
            {{"block", id}, {"error", error.message}});
  catalog_->mark_damaged(id);
  const MutexLock lock(mutex_);
  auto next = std::make_shared<View>(*view_);
  std::erase_if(next->blocks, [&](const auto& part) { return part->entry().facts.id == id; });
  next->catalog = catalog_->snapshot();
  view_ = std::move(next);
}

Result<Reservation> Store::reserve(const model::SpanBatch& batch) {
  {
    const MutexLock lock(mutex_);
    if (disk_guard_.verdict() == DiskVerdict::Refuse) {
      return unavailable(fmt::format("the disk is nearly full: less than {} are free",
                                     print_size(disk_guard_.resume_bytes())));
    }
  }
  const std::size_t room = room_for(batch);
  if (!budget_->try_take(room)) {
    return unavailable(fmt::format("the memory for recent spans is full: {} of {} are taken",
                                   print_size(budget_->used_bytes()),
                                   print_size(budget_->size_bytes_max())));
  }
  return Reservation(room,
                     [budget = budget_](std::size_t size_bytes) { budget->give_back(size_bytes); });
}

void Store::append(model::SpanBatch batch, Reservation room, const Receipt& receipt) {
  const std::size_t room_bytes = room.size_bytes();
  room.use();
  insert(std::move(batch), room_bytes, receipt);
}

void Store::append_replayed(model::SpanBatch batch, const Receipt& receipt) {
  if (receipt.position < log_covered_to()) {
    return;
  }
  const std::size_t room = room_for(batch);
  budget_->take(room);
  insert(std::move(batch), room, receipt);
}

void Store::insert(model::SpanBatch batch, std::size_t room_bytes, const Receipt& receipt) {
  const MutexLock lock(append_mutex_);
  const std::uint64_t count_before = active_.head->span_count();
  if (count_before == 0) {
    active_.opened_at = clock_.steady();
    active_.received = {receipt.received_at, receipt.received_at};
  }
  active_.received.first = std::min(active_.received.first, receipt.received_at);
  active_.received.last = std::max(active_.received.last, receipt.received_at);
  if (receipt.position > 0) {
    active_.next_position = std::max(active_.next_position, receipt.position + 1);
  }
  const std::uint64_t count = count_before + batch.spans().size();
  active_.head->append(std::move(batch), room_bytes);
  if (catalog_ != nullptr && count >= options_.window_span_count) {
    open_window();
    if (upkeep_ != nullptr) {
      upkeep_->wake();
    }
  }
}

Result<ScanPage> Store::scan(const ScanRequest& request) const {
  for (int damaged = 0;; ++damaged) {
    const auto now = view();
    auto page = scan_parts(now->parts(), request, clock_);
    const bool is_new_damage =
        !page && damaged < kDamagePerScanMax && view()->blocks.size() < now->blocks.size();
    if (is_new_damage) {
      continue;
    }
    if (page && now->catalog != nullptr) {
      page->unreadable_block_count = now->catalog->blocks.size() - now->blocks.size();
    }
    return page;
  }
}

std::vector<ServiceCount> Store::services() const {
  ServiceSums sums;
  const auto now = view();
  for (const auto& window : now->windows) {
    for (const ServiceCount& count : window->services()) {
      sums.add(count.name, count.span_count, count.error_count);
    }
  }
  for (const auto& block : now->blocks) {
    for (const BlockService& service : block->entry().services) {
      sums.add(now->catalog->service_name(service.service), service.span_count,
               service.error_count);
    }
  }
  return std::move(sums).by_name();
}

std::vector<OperationCount> Store::operations(std::string_view service) const {
  std::vector<OperationCount> all;
  const auto now = view();
  for (const auto& window : now->windows) {
    const auto some = window->operations(service);
    all.insert(all.end(), some.begin(), some.end());
  }
  for (const auto& block : now->blocks) {
    const auto& services = block->entry().services;
    const bool may_have =
        std::any_of(services.begin(), services.end(), [&](const BlockService& one) {
          return one.service == 0 || now->catalog->service_name(one.service) == service;
        });
    if (may_have) {
      if (const auto added = block->add_operations(service, all); !added) {
        log_warn("operations of a block are left out", {{"error", added.error().message}});
      }
    }
  }
  return sum_by_operation(std::move(all));
}

StoreTotals Store::totals() const {
  StoreTotals totals;
  TimeRange time{UINT64_MAX, 0};
  const auto now = view();
  for (const auto& window : now->windows) {
    const StoreTotals one = window->totals();
    totals.span_count += one.span_count;
    totals.trace_count += one.trace_count;
    if (one.time) {
      time = {std::min(time.begin, one.time->begin), std::max(time.end, one.time->end)};
    }
  }
  for (const auto& block : now->blocks) {
    const BlockFacts& facts = block->entry().facts;
    totals.span_count += facts.span_count;
    totals.trace_count += facts.trace_count;
    totals.block_bytes += facts.file_bytes;
    time = {std::min(time.begin, facts.min_start), std::max(time.end, facts.max_end)};
  }
  if (totals.span_count > 0) {
    totals.time = time;
  }
  totals.block_count = now->blocks.size();
  totals.service_count = services().size();
  totals.size_bytes = budget_->used_bytes();
  totals.size_bytes_max = budget_->size_bytes_max();
  return totals;
}

}  // namespace waybill::storage
