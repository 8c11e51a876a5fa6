// SPDX-License-Identifier: Apache-2.0
//
// One heap holds everything that is still to come, by the place before which nothing of it lies:
//
// - a part that was not looked into yet, at the latest time in it;
// - a stream of a part, at the place that it has reached;
// - a share of a trace that satisfies the question, at the place of the share;
// - a whole trace, at its own place, which is that of its earliest share in any part.
//
// What is on top is taken one step further. A share becomes the whole trace: its spans are gathered
// from all parts. So a whole trace that comes to the top has nothing before it, and is answered.
#include "storage/store/store_scan.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <unordered_set>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/result.h"
#include "model/ids.h"
#include "model/span.h"
#include "storage/assemble.h"
#include "storage/filter.h"
#include "storage/part.h"
#include "storage/scan.h"

namespace waybill::storage {
namespace {

// Turns that a page gets however little time it has.
constexpr std::uint64_t kTurnsMin = 16;

constexpr TracePlace kFirstPlace{UINT64_MAX, {}};

struct Entry {
  TracePlace place;
  // Exactly one of these is set, or none: a share of the trace at `place`.
  std::shared_ptr<const Part> part;
  std::shared_ptr<TraceStream> stream;
  std::shared_ptr<Trace> trace;
  // What a share brought with it, and from where.
  std::shared_ptr<const GatheredSpans> share = nullptr;
  const Part* share_part = nullptr;

  bool is_work() const { return part != nullptr || stream != nullptr; }
};

// Heap order: what comes first is on top; at one place work is done before anything is answered.
bool comes_later(const Entry& left, const Entry& right) {
  if (left.place == right.place) {
    return !left.is_work() && right.is_work();
  }
  return comes_before(right.place, left.place);
}

class Scan final {
 public:
  Scan(const std::vector<std::shared_ptr<const Part>>& parts, const ScanRequest& request,
       const Clock& clock, SpanMatcher matcher)
      : parts_(parts),
        request_(request),
        clock_(clock),
        question_(std::make_shared<PartQuestion>(
            PartQuestion{request.filter, std::move(matcher), request.time, std::nullopt})),
        begun_(request.after ? request.after->place : kFirstPlace),
        done_(begun_) {
    if (request.after) {
      question_->after = request.after->place;
    }
  }

  Result<ScanPage> run() {
    TRY(begin());
    while (!heap_.empty()) {
      if (request_.cancelled.stop_requested()) {
        return Error{ErrorCode::Cancelled, "the client went away"};
      }
      if (is_out_of_time()) {
        page_.complete = false;
        set_next();
        break;
      }
      if (heap_.front().trace != nullptr && page_.traces.size() >= request_.trace_count_max) {
        set_next();
        break;
      }
      std::pop_heap(heap_.begin(), heap_.end(), comes_later);
      Entry entry = std::move(heap_.back());
      heap_.pop_back();
      ++turns_;
      TRY(take(std::move(entry)));
    }
    return std::move(page_);
  }

 private:
  Result<void> begin() {
    if (!request_.trace_ids.empty()) {
      for (const model::TraceId& id : request_.trace_ids) {
        static_cast<void>(TRY(gather(id)));
      }
      return {};
    }
    for (const auto& part : parts_) {
      const TimeRange time = part->time();
      if (time.begin <= time.end && touches(request_.time, time.begin, time.end)) {
        push({{time.end, {}}, part, nullptr, nullptr});
      }
    }
    if (request_.after) {
      for (const model::TraceId& id : request_.after->pending) {
        if (TRY(gather(id)).has_value()) {
          pending_.insert(id);
        }
      }
    }
    return {};
  }

  void push(Entry entry) {
    heap_.push_back(std::move(entry));
    std::push_heap(heap_.begin(), heap_.end(), comes_later);
  }

  Result<void> take(Entry entry) {
    const TracePlace place = entry.place;
    if (entry.trace != nullptr) {
      pending_.erase(place.trace_id);
      page_.traces.push_back(std::move(*entry.trace));
      reach(place);
      return {};
    }
    // Nothing that is still to come lies before this place; something may lie at it.
    reach({place.start, {}});
    if (entry.part != nullptr) {
      return advance(entry.part->search(question_), entry.part.get());
    }
    if (entry.stream != nullptr) {
      return advance(std::move(entry.stream), entry.share_part);
    }
    const std::optional<TracePlace> whole =
        TRY(gather(place.trace_id, entry.share.get(), entry.share_part));
    if (whole && *whole != place) {
      pending_.insert(place.trace_id);
    }
    return {};
  }

  void reach(const TracePlace& place) {
    if (comes_before(done_, place)) {
      done_ = place;
    }
  }

  Result<void> advance(std::shared_ptr<TraceStream> stream, const Part* part) {
    TraceStream::Step step = TRY(stream->next(page_.stats));
    if (step.progress == TraceStream::Progress::Ended) {
      return {};
    }
    if (step.progress == TraceStream::Progress::Found) {
      push({step.place, nullptr, nullptr, nullptr, std::move(step.share), part});
    }
    push({step.place, nullptr, std::move(stream), nullptr, nullptr, part});
    return {};
  }

  // Makes the whole trace, puts it where it belongs and says where; no value where that is behind
  // us, it does not satisfy the question, or it was gathered before.
  Result<std::optional<TracePlace>> gather(const model::TraceId& id,
                                           const GatheredSpans* share = nullptr,
                                           const Part* share_part = nullptr) {
    if (!seen_.insert(id).second) {
      return std::optional<TracePlace>();
    }
    GatheredSpans found;
    if (share != nullptr) {
      found = *share;
    }
    for (const auto& part : parts_) {
      const std::size_t count_before = found.spans.size();
      if (share == nullptr || part.get() != share_part) {
        TRY(part->gather(id, found));
      }
      if (found.spans.size() > count_before) {
        found.keep_alive.push_back(part);
      }
    }
    if (found.spans.empty()) {
      return std::optional<TracePlace>();
    }
    auto trace =
        std::make_shared<Trace>(assemble_trace(id, std::move(found.spans), question_->matcher));
    trace->keep_alive = std::move(found.keep_alive);
    const TracePlace place{trace->start, id};
    if (!satisfies(*trace) || (question_->after && !comes_before(*question_->after, place))) {
      return std::optional<TracePlace>();
    }
    push({place, nullptr, nullptr, std::move(trace)});
    return std::optional(place);
  }

  bool satisfies(const Trace& trace) const {
    const auto counts = [&](const model::Span* span) {
      return touches(request_.time, span->start, span->end);
    };
    if (question_->matcher.matches_everything()) {
      return std::any_of(trace.spans.begin(), trace.spans.end(), counts);
    }
    return std::any_of(trace.matched.begin(), trace.matched.end(),
                       [&](std::uint32_t row) { return counts(trace.spans[row]); });
  }

  // Only once this page has done something and has come further than it began, so that a reader who
  // goes on gets to the end.
  bool is_out_of_time() const {
    return request_.deadline && turns_ >= kTurnsMin && done_ != begun_ &&
           clock_.steady() >= *request_.deadline;
  }

  // The next page finds what is still to come by its shares, except for traces that a later share
  // has brought up.
  void set_next() {
    page_.next = ScanCursor{done_, {}};
    for (const model::TraceId& id : pending_) {
      if (page_.next->pending.size() == ScanCursor::kPendingMax) {
        page_.complete = false;
        break;
      }
      page_.next->pending.push_back(id);
    }
  }

  const std::vector<std::shared_ptr<const Part>>& parts_;
  const ScanRequest& request_;
  const Clock& clock_;
  const std::shared_ptr<PartQuestion> question_;
  std::vector<Entry> heap_;
  std::unordered_set<model::TraceId> seen_;
  std::unordered_set<model::TraceId> pending_;  // found by a later share, and not yet answered
  TracePlace begun_;
  TracePlace done_;  // everything before it is answered
  std::uint64_t turns_ = 0;
  ScanPage page_;
};

}  // namespace

Result<ScanPage> scan_parts(const std::vector<std::shared_ptr<const Part>>& parts,
                            const ScanRequest& request, const Clock& clock) {
  return Scan(parts, request, clock, TRY(SpanMatcher::make(request.filter))).run();
}

}  // namespace waybill::storage
