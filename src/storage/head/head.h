// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "storage/scan.h"
#include "storage/span_writer.h"

namespace waybill::storage {

struct HeadOptions {
  std::size_t size_bytes_max = std::size_t{4} << 30;
  // Power of two.
  std::size_t shard_count = 16;
  // Distinct (service, name, kind) that are counted one by one; what is beyond is counted under the
  // name `__overflow__`.
  std::size_t operation_count_max = 200'000;
};

// Recent spans in memory, by trace, bounded in bytes.
//
// Traces are spread over shards by the hash of their id; each shard has a lock, a table of traces
// and counts of its operations. A trace's entry holds pointers to its spans in chunks; the batches
// themselves are kept as they were decoded. Appending takes each shard's lock once per batch and
// does no work under it that grows with what is stored; a scan holds one shard's lock at a time,
// while it lists the shard's traces or copies one trace's pointers, and tests spans without any.
class Head final : public SpanReader, public SpanWriter {
 public:
  Head(HeadOptions options, const Clock& clock);
  ~Head() override;

  Result<Reservation> reserve(const model::SpanBatch& batch) override;
  void append(model::SpanBatch batch, Reservation room) override;
  void append_replayed(model::SpanBatch batch) override;

  Result<ScanPage> scan(const ScanRequest& request) const override;
  std::vector<ServiceCount> services() const override;
  std::vector<OperationCount> operations(std::string_view service) const override;
  StoreTotals totals() const override;

 private:
  class Shard;
  class Scan;
  struct Batches;

  std::size_t shard_of(const model::TraceId& id) const;
  void insert(model::SpanBatch batch);

  HeadOptions options_;
  const Clock& clock_;
  std::shared_ptr<Batches> batches_;
  std::vector<std::unique_ptr<Shard>> shards_;
};

}  // namespace waybill::storage
