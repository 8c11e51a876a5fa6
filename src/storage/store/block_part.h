// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>

#include "base/clock.h"
#include "base/error.h"
#include "base/result.h"
#include "storage/block/read/block_reader.h"
#include "storage/catalog/block_entry.h"
#include "storage/part.h"
#include "storage/store/block_cache.h"

namespace waybill::storage {

// A block as a part of the store. Opened when it is first needed; as long as a part is held, the
// block's file stays. Borrows the cache and the clock.
class BlockPart final : public Part {
 public:
  // Told of what can not be read; the part goes on without it.
  using OnDamage = std::function<void(BlockId, const Error&)>;

  BlockPart(std::shared_ptr<const BlockEntry> entry, BlockCache& cache, const Clock& clock,
            OnDamage on_damage)
      : entry_(std::move(entry)), cache_(cache), clock_(clock), on_damage_(std::move(on_damage)) {}

  Result<void> gather(const model::TraceId& id, GatheredSpans& out) const override;
  TimeRange time() const override { return {entry_->facts.min_start, entry_->facts.max_end}; }
  std::unique_ptr<TraceStream> search(std::shared_ptr<const PartQuestion> question) const override;

  const BlockEntry& entry() const { return *entry_; }
  const Clock& clock() const { return clock_; }
  Result<std::shared_ptr<const BlockReader>> open() const { return cache_.open(entry_->facts.id); }
  // Adds its operations of the service; one that has spans with and without errors comes twice.
  Result<void> add_operations(std::string_view service, std::vector<OperationCount>& out) const;
  // Passes the error on, having told of it where the block is damaged or gone.
  Error report(Error error) const;

 private:
  const std::shared_ptr<const BlockEntry> entry_;
  BlockCache& cache_;
  const Clock& clock_;
  const OnDamage on_damage_;
};

}  // namespace waybill::storage
