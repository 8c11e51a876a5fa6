// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "base/memory_budget.h"
#include "model/span_batch.h"
#include "storage/part.h"
#include "storage/scan.h"

namespace waybill::storage {

struct HeadOptions {
  // Power of two.
  std::size_t shard_count = 16;
  // Distinct (service, name, kind) that are counted one by one; what is beyond is counted under the
  // name `__overflow__`.
  std::size_t operation_count_max = 200'000;
};

// What a batch takes in a head: its own bytes, and tables, chunks and pointers beside it.
std::size_t room_for(const model::SpanBatch& batch);

// Recent spans in memory, by trace: one window of the store, which is sealed into a block when it
// is large or old enough.
//
// Traces are spread over shards by the hash of their id; each shard has a lock and a table of
// traces; the batches themselves are kept as they were decoded. Appending takes each shard's lock
// once per batch and does no work under it that grows with what is stored; a search holds one
// shard's lock at a time, while it lists the shard's traces or copies one trace's pointers, and
// tests spans without any.
class Head final : public Part {
 public:
  // Gives the room of its batches back to the budget when it goes.
  Head(HeadOptions options, std::shared_ptr<MemoryBudget> budget);
  ~Head() override;

  // One thread at a time. The spans can be asked for when this returns. `room_bytes` were taken
  // from the budget and belong to the head now.
  void append(model::SpanBatch batch, std::size_t room_bytes);

  Result<void> gather(const model::TraceId& id, GatheredSpans& out) const override;
  TimeRange time() const override;
  std::unique_ptr<TraceStream> search(std::shared_ptr<const PartQuestion> question) const override;

  // The trace's spans, as gather gives them.
  std::vector<const model::Span*> spans_of(const model::TraceId& id) const;
  // Every trace, in no order.
  std::vector<TracePlace> list_traces() const;

  // Reports of spans: one that came twice counts twice.
  std::uint64_t span_count() const;
  // From its batches alone, in no order.
  std::vector<ServiceCount> services() const;
  std::vector<OperationCount> operations(std::string_view service) const;
  StoreTotals totals() const;

 private:
  class Shard;
  class Stream;
  struct Batches;

  std::size_t shard_of(const model::TraceId& id) const;

  HeadOptions options_;
  std::shared_ptr<MemoryBudget> budget_;
  std::unique_ptr<Batches> batches_;
  std::vector<std::unique_ptr<Shard>> shards_;
};

}  // namespace waybill::storage
