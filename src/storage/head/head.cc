// SPDX-License-Identifier: Apache-2.0
#include "storage/head/head.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/mutex.h"
#include "base/result.h"
#include "base/time.h"
#include "model/ids.h"
#include "model/span.h"
#include "model/span_batch.h"
#include "storage/head/operation_table.h"
#include "storage/head/trace_table.h"
#include "storage/part.h"
#include "storage/scan.h"

namespace waybill::storage {
namespace {

// Tables, chunks and pointers for one span beside the batch that holds it.
constexpr std::size_t kTableBytesPerSpan = 64;
// Traces that one step of a search tests.
constexpr int kTracesPerStep = 64;

// Heap order: the place that comes first is on top.
bool comes_later(const TracePlace& left, const TracePlace& right) {
  return comes_before(right, left);
}

}  // namespace

std::size_t room_for(const model::SpanBatch& batch) {
  return batch.size_bytes() + batch.spans().size() * kTableBytesPerSpan;
}

// The batches, and counts over them.
struct Head::Batches {
  mutable Mutex mutex;
  std::deque<model::SpanBatch> batches GUARDED_BY(mutex);
  std::size_t room_bytes GUARDED_BY(mutex) = 0;
  std::uint64_t span_count GUARDED_BY(mutex) = 0;
  OperationTable operations GUARDED_BY(mutex);

  explicit Batches(std::size_t operation_count_max) : operations(operation_count_max) {}
};

// The traces whose ids fall to one shard.
class Head::Shard final {
 public:
  void add(const std::vector<const model::Span*>& spans) {
    const MutexLock lock(mutex_);
    for (const model::Span* span : spans) {
      table_.find_or_add(span->trace_id).add(span, table_.arena());
      time_.begin = std::min(time_.begin, span->start);
      time_.end = std::max({time_.end, span->start, span->end});
    }
  }

  std::vector<const model::Span*> spans_of(const model::TraceId& id) const {
    const MutexLock lock(mutex_);
    const TraceEntry* entry = table_.find(id);
    return entry == nullptr ? std::vector<const model::Span*>() : entry->spans();
  }

  void list(const PartQuestion& question, std::vector<TracePlace>& out) const {
    const MutexLock lock(mutex_);
    for (const TraceEntry& entry : table_.entries()) {
      const TracePlace place{entry.start, entry.id};
      if (touches(question.time, entry.start, entry.end) &&
          (!question.after || comes_before(*question.after, place))) {
        out.push_back(place);
      }
    }
  }

  void list_all(std::vector<TracePlace>& out) const {
    const MutexLock lock(mutex_);
    for (const TraceEntry& entry : table_.entries()) {
      out.push_back({entry.start, entry.id});
    }
  }

  std::size_t trace_count() const {
    const MutexLock lock(mutex_);
    return table_.entries().size();
  }

  // From the first start to the last end; begins after it ends where there is nothing.
  TimeRange time() const {
    const MutexLock lock(mutex_);
    return time_;
  }

 private:
  mutable Mutex mutex_;
  TraceTable table_ GUARDED_BY(mutex_);
  TimeRange time_ GUARDED_BY(mutex_) = {UINT64_MAX, 0};
};

// One search under way: candidates in a heap, so that a page costs the traces it looks at.
class Head::Stream final : public TraceStream {
 public:
  Stream(const Head& head, std::shared_ptr<const PartQuestion> question)
      : head_(head), question_(std::move(question)) {
    for (const auto& shard : head_.shards_) {
      shard->list(*question_, candidates_);
    }
    std::make_heap(candidates_.begin(), candidates_.end(), comes_later);
  }

  Result<Step> next(ScanStats& stats) override {
    for (int i = 0; i < kTracesPerStep && !candidates_.empty(); ++i) {
      std::pop_heap(candidates_.begin(), candidates_.end(), comes_later);
      const TracePlace place = candidates_.back();
      candidates_.pop_back();
      if (matches(place.trace_id, stats)) {
        return Step{Progress::Found, place, nullptr};
      }
    }
    return candidates_.empty() ? Step{} : Step{Progress::Searching, candidates_.front(), nullptr};
  }

 private:
  bool matches(const model::TraceId& id, ScanStats& stats) const {
    const auto spans = head_.spans_of(id);
    ++stats.traces_inspected;
    stats.spans_inspected += spans.size();
    return std::any_of(spans.begin(), spans.end(), [&](const model::Span* span) {
      return touches(question_->time, span->start, span->end) && question_->matcher.matches(*span);
    });
  }

  const Head& head_;
  const std::shared_ptr<const PartQuestion> question_;
  std::vector<TracePlace> candidates_;
};

Head::Head(HeadOptions options, std::shared_ptr<MemoryBudget> budget)
    : options_(options),
      budget_(std::move(budget)),
      batches_(std::make_unique<Batches>(options.operation_count_max)) {
  CHECK(options_.shard_count > 0 && (options_.shard_count & (options_.shard_count - 1)) == 0);
  for (std::size_t i = 0; i < options_.shard_count; ++i) {
    shards_.push_back(std::make_unique<Shard>());
  }
}

Head::~Head() {
  const MutexLock lock(batches_->mutex);
  budget_->give_back(batches_->room_bytes);
}

std::size_t Head::shard_of(const model::TraceId& id) const {
  // High bits: the low ones choose the slot inside the shard's table.
  return (std::hash<model::TraceId>()(id) >> 48) & (options_.shard_count - 1);
}

void Head::append(model::SpanBatch batch, std::size_t room_bytes) {
  std::vector<std::vector<const model::Span*>> by_shard(shards_.size());
  const std::vector<model::Span>* spans = nullptr;
  {
    const MutexLock lock(batches_->mutex);
    batches_->room_bytes += room_bytes;
    spans = &batches_->batches.emplace_back(std::move(batch)).spans();
    batches_->span_count += spans->size();
    for (const model::Span& span : *spans) {
      batches_->operations.add(span);
    }
  }
  for (const model::Span& span : *spans) {
    by_shard[shard_of(span.trace_id)].push_back(&span);
  }
  for (std::size_t i = 0; i < shards_.size(); ++i) {
    if (!by_shard[i].empty()) {
      shards_[i]->add(by_shard[i]);
    }
  }
}

std::vector<const model::Span*> Head::spans_of(const model::TraceId& id) const {
  return shards_[shard_of(id)]->spans_of(id);
}

Result<void> Head::gather(const model::TraceId& id, GatheredSpans& out) const {
  const auto spans = spans_of(id);
  out.spans.insert(out.spans.end(), spans.begin(), spans.end());
  return {};
}

TimeRange Head::time() const {
  TimeRange time{UINT64_MAX, 0};
  for (const auto& shard : shards_) {
    const TimeRange one = shard->time();
    time.begin = std::min(time.begin, one.begin);
    time.end = std::max(time.end, one.end);
  }
  return time;
}

std::unique_ptr<TraceStream> Head::search(std::shared_ptr<const PartQuestion> question) const {
  return std::make_unique<Stream>(*this, std::move(question));
}

std::vector<TracePlace> Head::list_traces() const {
  std::vector<TracePlace> all;
  for (const auto& shard : shards_) {
    shard->list_all(all);
  }
  return all;
}

std::uint64_t Head::span_count() const {
  const MutexLock lock(batches_->mutex);
  return batches_->span_count;
}

std::vector<ServiceCount> Head::services() const {
  std::map<std::string_view, ServiceCount> counts;
  const MutexLock lock(batches_->mutex);
  for (const OperationEntry& entry : batches_->operations.entries()) {
    const std::string& name = batches_->operations.services()[entry.service];
    ServiceCount& count = counts[name];
    count.name = name;
    count.span_count += entry.span_count;
    count.error_count += entry.error_count;
  }
  std::vector<ServiceCount> services;
  for (auto& [name, count] : counts) {
    services.push_back(std::move(count));
  }
  return services;
}

std::vector<OperationCount> Head::operations(std::string_view service) const {
  std::vector<OperationCount> found;
  const MutexLock lock(batches_->mutex);
  for (const OperationEntry& entry : batches_->operations.entries()) {
    if (batches_->operations.services()[entry.service] == service) {
      found.push_back({entry.name, entry.kind, entry.span_count, entry.error_count});
    }
  }
  return found;
}

StoreTotals Head::totals() const {
  StoreTotals totals;
  for (const auto& shard : shards_) {
    totals.trace_count += shard->trace_count();
  }
  const TimeRange range = time();
  const MutexLock lock(batches_->mutex);
  totals.span_count = batches_->span_count;
  totals.service_count = batches_->operations.services().size();
  totals.size_bytes = batches_->room_bytes;
  if (batches_->span_count > 0) {
    totals.time = range;
  }
  return totals;
}

}  // namespace waybill::storage
