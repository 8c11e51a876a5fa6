// SPDX-License-Identifier: Apache-2.0
#include "storage/head/head.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/error.h"
#include "base/mutex.h"
#include "base/result.h"
#include "base/text.h"
#include "base/time.h"
#include "model/ids.h"
#include "model/span.h"
#include "model/span_batch.h"
#include "storage/assemble.h"
#include "storage/filter.h"
#include "storage/head/operation_table.h"
#include "storage/head/trace_table.h"
#include "storage/scan.h"
#include "storage/span_writer.h"

namespace waybill::storage {
namespace {

// Tables, chunks and pointers for one span beside the batch that holds it.
constexpr std::size_t kTableBytesPerSpan = 64;
// How many traces are tested between two looks at the clock.
constexpr std::uint64_t kTracesPerCheck = 64;

std::size_t room_for(const model::SpanBatch& batch) {
  return batch.size_bytes() + batch.spans().size() * kTableBytesPerSpan;
}

// A trace that a scan may answer. `after` in the order of answers means: older, or as old with a
// larger id.
struct Candidate {
  UnixNanos start = 0;
  model::TraceId id;

  // Heap order: the one that is answered first is on top.
  friend bool operator<(const Candidate& left, const Candidate& right) {
    return std::tie(left.start, right.id) < std::tie(right.start, left.id);
  }
};

// A range that ends at the last nanosecond has no end.
bool touches(const TimeRange& time, UnixNanos start, UnixNanos end) {
  return (start < time.end || time.end == UINT64_MAX) && end >= time.begin;
}

bool is_behind(const Candidate& candidate, const ScanCursor& cursor) {
  return candidate.start < cursor.start ||
         (candidate.start == cursor.start && candidate.id > cursor.trace_id);
}

}  // namespace

// The batches, and what the head has promised and holds. Kept alive by every answer that refers to
// spans.
struct Head::Batches {
  Mutex mutex;
  std::deque<model::SpanBatch> batches GUARDED_BY(mutex);
  std::size_t used_bytes GUARDED_BY(mutex) = 0;
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
      oldest_ = std::min(oldest_, span->start);
      newest_ = std::max({newest_, span->start, span->end});
    }
    span_count_ += spans.size();
  }

  std::vector<const model::Span*> spans_of(const model::TraceId& id) const {
    const MutexLock lock(mutex_);
    const TraceEntry* entry = table_.find(id);
    return entry == nullptr ? std::vector<const model::Span*>() : entry->spans();
  }

  void list(const TimeRange& time, const std::optional<ScanCursor>& after,
            std::vector<Candidate>& out) const {
    const MutexLock lock(mutex_);
    for (const TraceEntry& entry : table_.entries()) {
      const Candidate candidate{entry.start, entry.id};
      if (touches(time, entry.start, entry.end) && (!after || is_behind(candidate, *after))) {
        out.push_back(candidate);
      }
    }
  }

  void add_totals(StoreTotals& totals, TimeRange& time) const {
    const MutexLock lock(mutex_);
    totals.span_count += span_count_;
    totals.trace_count += table_.entries().size();
    if (span_count_ > 0) {
      time.begin = std::min(time.begin, oldest_);
      time.end = std::max(time.end, newest_);
    }
  }

 private:
  mutable Mutex mutex_;
  TraceTable table_ GUARDED_BY(mutex_);
  std::uint64_t span_count_ GUARDED_BY(mutex_) = 0;
  UnixNanos oldest_ GUARDED_BY(mutex_) = UINT64_MAX;
  UnixNanos newest_ GUARDED_BY(mutex_) = 0;
};

// One scan under way: candidates newest first, until the page is full.
class Head::Scan final {
 public:
  Scan(const Head& head, const ScanRequest& request, SpanMatcher matcher)
      : head_(head), request_(request), matcher_(std::move(matcher)) {}

  Result<ScanPage> run() {
    collect();
    std::make_heap(candidates_.begin(), candidates_.end());
    ScanPage page;
    while (!candidates_.empty()) {
      if (page.stats.traces_inspected % kTracesPerCheck == 0) {
        if (request_.cancelled.stop_requested()) {
          return Error{ErrorCode::Cancelled, "the client went away"};
        }
        if (request_.deadline && head_.clock_.steady() >= *request_.deadline &&
            page.stats.traces_inspected > 0) {
          page.complete = false;
          page.next = last_;
          return page;
        }
      }
      std::pop_heap(candidates_.begin(), candidates_.end());
      const Candidate candidate = candidates_.back();
      candidates_.pop_back();
      if (!inspect(candidate, page)) {
        return page;
      }
    }
    return page;
  }

 private:
  void collect() {
    if (request_.trace_ids.empty()) {
      for (const auto& shard : head_.shards_) {
        shard->list(request_.time, request_.after, candidates_);
      }
      return;
    }
    for (const model::TraceId& id : request_.trace_ids) {
      add_by_id(id);
    }
  }

  void add_by_id(const model::TraceId& id) {
    const auto same = [&](const Candidate& other) { return other.id == id; };
    if (std::any_of(candidates_.begin(), candidates_.end(), same)) {
      return;
    }
    UnixNanos start = UINT64_MAX;
    UnixNanos end = 0;
    const auto spans = head_.shards_[head_.shard_of(id)]->spans_of(id);
    for (const model::Span* span : spans) {
      start = std::min(start, span->start);
      end = std::max({end, span->start, span->end});
    }
    const Candidate candidate{start, id};
    if (!spans.empty() && touches(request_.time, start, end) &&
        (!request_.after || is_behind(candidate, *request_.after))) {
      candidates_.push_back(candidate);
    }
  }

  // False when the page is full and this trace belongs to the next one.
  bool inspect(const Candidate& candidate, ScanPage& page) {
    auto spans = head_.shards_[head_.shard_of(candidate.id)]->spans_of(candidate.id);
    ++page.stats.traces_inspected;
    page.stats.spans_inspected += spans.size();
    const bool matches = std::any_of(spans.begin(), spans.end(), [&](const model::Span* span) {
      return matcher_.matches(*span);
    });
    if (matches && page.traces.size() >= request_.trace_count_max) {
      page.next = last_;
      return false;
    }
    if (matches) {
      page.traces.push_back(assemble_trace(candidate.id, std::move(spans), matcher_));
      page.traces.back().keep_alive.push_back(head_.batches_);
    }
    last_ = {candidate.start, candidate.id};
    return true;
  }

  const Head& head_;
  const ScanRequest& request_;
  SpanMatcher matcher_;
  std::vector<Candidate> candidates_;
  ScanCursor last_;
};

Head::Head(HeadOptions options, const Clock& clock)
    : options_(options),
      clock_(clock),
      batches_(std::make_shared<Batches>(options.operation_count_max)) {
  CHECK(options_.shard_count > 0 && (options_.shard_count & (options_.shard_count - 1)) == 0);
  for (std::size_t i = 0; i < options_.shard_count; ++i) {
    shards_.push_back(std::make_unique<Shard>());
  }
}

Head::~Head() = default;

std::size_t Head::shard_of(const model::TraceId& id) const {
  // High bits: the low ones choose the slot inside the shard's table.
  return (std::hash<model::TraceId>()(id) >> 48) & (options_.shard_count - 1);
}

Result<Reservation> Head::reserve(const model::SpanBatch& batch) {
  const std::size_t room = room_for(batch);
  {
    const MutexLock lock(batches_->mutex);
    if (batches_->used_bytes + room > options_.size_bytes_max) {
      return unavailable(fmt::format("the head is full: {} of {} are taken",
                                     print_size(batches_->used_bytes),
                                     print_size(options_.size_bytes_max)));
    }
    batches_->used_bytes += room;
  }
  return Reservation(room, [batches = batches_](std::size_t size_bytes) {
    const MutexLock lock(batches->mutex);
    batches->used_bytes -= size_bytes;
  });
}

void Head::append(model::SpanBatch batch, Reservation room) {
  room.use();
  insert(std::move(batch));
}

void Head::append_replayed(model::SpanBatch batch) {
  {
    const MutexLock lock(batches_->mutex);
    batches_->used_bytes += room_for(batch);
  }
  insert(std::move(batch));
}

void Head::insert(model::SpanBatch batch) {
  if (batch.is_empty()) {
    return;
  }
  std::vector<std::vector<const model::Span*>> by_shard(shards_.size());
  const std::vector<model::Span>* spans = nullptr;
  {
    const MutexLock lock(batches_->mutex);
    spans = &batches_->batches.emplace_back(std::move(batch)).spans();
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

Result<ScanPage> Head::scan(const ScanRequest& request) const {
  return Scan(*this, request, TRY(SpanMatcher::make(request.filter))).run();
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
  std::vector<ServiceCount> sorted;
  for (auto& [name, count] : counts) {
    sorted.push_back(std::move(count));
  }
  return sorted;
}

std::vector<OperationCount> Head::operations(std::string_view service) const {
  std::vector<OperationCount> found;
  {
    const MutexLock lock(batches_->mutex);
    for (const OperationEntry& entry : batches_->operations.entries()) {
      if (batches_->operations.services()[entry.service] == service) {
        found.push_back({entry.name, entry.kind, entry.span_count, entry.error_count});
      }
    }
  }
  std::sort(found.begin(), found.end(), [](const OperationCount& a, const OperationCount& b) {
    return std::tie(a.name, a.kind) < std::tie(b.name, b.kind);
  });
  return found;
}

StoreTotals Head::totals() const {
  StoreTotals totals;
  TimeRange time{UINT64_MAX, 0};
  for (const auto& shard : shards_) {
    shard->add_totals(totals, time);
  }
  if (totals.span_count > 0) {
    totals.time = time;
  }
  const MutexLock lock(batches_->mutex);
  totals.service_count = batches_->operations.services().size();
  totals.size_bytes = batches_->used_bytes;
  totals.size_bytes_max = options_.size_bytes_max;
  return totals;
}

}  // namespace waybill::storage
