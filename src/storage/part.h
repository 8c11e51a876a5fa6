// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "base/result.h"
#include "model/ids.h"
#include "model/span.h"
#include "storage/filter.h"
#include "storage/scan.h"

// What a store is put together from: windows in memory and blocks on disk. A trace may lie in
// several of them; whoever asks a part gets what that part has of it.
namespace waybill::storage {

// What a part is searched for: its share of a trace counts when one span in it satisfies the filter
// and touches the time.
struct PartQuestion {
  Filter filter;
  SpanMatcher matcher;  // of the filter
  TimeRange time;
  std::optional<TracePlace> after;  // only shares behind it
};

// Spans of one trace with what keeps them alive.
struct GatheredSpans {
  std::vector<const model::Span*> spans;
  std::vector<std::shared_ptr<const void>> keep_alive;
};

// A search of one part, step by step. One thread at a time.
class TraceStream {
 public:
  enum class Progress : std::uint8_t { Found, Searching, Ended };
  struct Step {
    Progress progress = Progress::Ended;
    // Found: the trace, and where the part's share of it begins. Searching: no share that is still
    // to come lies before this place.
    TracePlace place;
    // Found: the part's spans of the trace, where they came up anyway; else whoever wants them
    // gathers them.
    std::shared_ptr<const GatheredSpans> share;
  };

  virtual ~TraceStream() = default;

  // A bounded piece of work: some milliseconds. Places come in the order of answers.
  virtual Result<Step> next(ScanStats& stats) = 0;
};

// Any thread. A window grows while it is asked: each call sees what was appended before it began.
class Part {
 public:
  virtual ~Part() = default;

  // Adds its spans of the trace, in any order; none where it has none. They may borrow from the
  // part: whoever gathers keeps it.
  virtual Result<void> gather(const model::TraceId& id, GatheredSpans& out) const = 0;
  // No share of a trace in it begins later; no span in it touches a time outside this.
  virtual TimeRange time() const = 0;
  // The stream borrows the part.
  virtual std::unique_ptr<TraceStream> search(
      std::shared_ptr<const PartQuestion> question) const = 0;
};

}  // namespace waybill::storage
