// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <vector>

#include "base/clock.h"
#include "base/mutex.h"
#include "model/span_batch.h"
#include "storage/scan.h"

namespace waybill::storage {

// Spans in a list, asked in the plainest way that does what scan.h says: the reference that faster
// readers are compared with. Borrows the clock, which decides about deadlines. Any thread; each
// call looks at every span that was appended before it began, so it is slow on purpose.
class PlainList final : public SpanReader {
 public:
  explicit PlainList(const Clock& clock) : clock_(clock) {}

  void append(model::SpanBatch batch);

  Result<ScanPage> scan(const ScanRequest& request) const override;
  std::vector<ServiceCount> services() const override;
  std::vector<OperationCount> operations(std::string_view service) const override;
  StoreTotals totals() const override;

 private:
  using Batches = std::vector<std::shared_ptr<const model::SpanBatch>>;

  Batches snapshot() const;

  const Clock& clock_;
  mutable Mutex mutex_;
  Batches batches_ GUARDED_BY(mutex_);
};

}  // namespace waybill::storage
