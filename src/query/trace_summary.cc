// SPDX-License-Identifier: Apache-2.0
#include "query/trace_summary.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <span>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>
#include "base/time.h"
#include "model/span.h"
#include "query/trace_tree.h"
#include "storage/scan.h"

namespace waybill::query {
namespace {

constexpr std::size_t kCells = TraceSummary::kStripCount;

// A span begins or ends to run, so many nanoseconds after the trace's start.
struct Change {
  double at = 0;
  std::uint32_t row = 0;
  bool begins = false;
};

struct Running {
  double begin = 0;
  double end = 0;
};

Running running_time(const model::Span& span, UnixNanos trace_start) {
  const double begin = static_cast<double>(span.start - trace_start);
  const double length = span.end > span.start ? static_cast<double>(span.end - span.start) : 1;
  return {begin, begin + length};
}

// Sums, for each cell, how long each service was the deepest.
class StripPainter final {
 public:
  StripPainter(double length, std::size_t service_count)
      : cell_length_(length / static_cast<double>(kCells)),
        service_count_(service_count),
        time_(kCells * service_count) {}

  void paint(double begin, double end, std::int32_t service) {
    for_each_cell(begin, end, [&](std::size_t cell, double part) {
      time_[cell * service_count_ + static_cast<std::size_t>(service)] += part;
    });
  }

  void paint_error(double begin, double end) {
    for_each_cell(begin, end, [&](std::size_t cell, double) { cells_[cell].has_error = true; });
  }

  std::array<StripCell, kCells> finish() {
    for (std::size_t cell = 0; cell < kCells; ++cell) {
      double longest = 0;
      for (std::size_t service = 0; service < service_count_; ++service) {
        const double time = time_[cell * service_count_ + service];
        if (time > longest) {
          longest = time;
          cells_[cell].service = static_cast<std::int32_t>(service);
        }
      }
    }
    return cells_;
  }

 private:
  template <typename F>
  void for_each_cell(double begin, double end, F&& visit) {
    auto cell = std::min(static_cast<std::size_t>(begin / cell_length_), kCells - 1);
    for (; cell < kCells; ++cell) {
      const double cell_begin = static_cast<double>(cell) * cell_length_;
      if (cell_begin >= end) {
        return;
      }
      const double part = std::min(end, cell_begin + cell_length_) - std::max(begin, cell_begin);
      if (part > 0) {
        visit(cell, part);
      }
    }
  }

  double cell_length_;
  std::size_t service_count_;
  std::vector<double> time_;
  std::array<StripCell, kCells> cells_;
};

std::vector<Change> find_changes(const storage::Trace& trace) {
  std::vector<Change> changes;
  changes.reserve(trace.spans.size() * 2);
  for (std::size_t i = 0; i < trace.spans.size(); ++i) {
    const auto row = static_cast<std::uint32_t>(i);
    const Running running = running_time(*trace.spans[i], trace.start);
    changes.push_back({running.begin, row, true});
    changes.push_back({running.end, row, false});
  }
  std::sort(changes.begin(), changes.end(), [](const Change& left, const Change& right) {
    return std::pair(left.at, left.row) < std::pair(right.at, right.row);
  });
  return changes;
}

std::uint32_t find_root(const TraceTree& tree, bool& root_missing) {
  std::optional<std::uint32_t> orphan;
  std::optional<std::uint32_t> cut;
  for (std::size_t i = 0; i < tree.parent.size(); ++i) {
    const auto row = static_cast<std::uint32_t>(i);
    if (tree.is_root(i) && !tree.cuts_cycle[i]) {
      root_missing = false;
      return row;
    }
    if (tree.is_orphan(i) && !orphan) {
      orphan = row;
    }
    if (tree.cuts_cycle[i] && !cut) {
      cut = row;
    }
  }
  root_missing = true;
  return orphan.value_or(cut.value_or(0));
}

}  // namespace

std::array<StripCell, TraceSummary::kStripCount> make_strip(
    const storage::Trace& trace, const TraceTree& tree, std::span<const std::int32_t> service_of) {
  double length = 1;
  std::int32_t service_max = 0;
  for (std::size_t row = 0; row < trace.spans.size(); ++row) {
    length = std::max(length, running_time(*trace.spans[row], trace.start).end);
    service_max = std::max(service_max, service_of[row]);
  }
  StripPainter painter(length, static_cast<std::size_t>(service_max) + 1);
  // Rows are sorted by start, so the larger row of two equally deep ones started later.
  std::set<std::pair<std::uint32_t, std::uint32_t>> active;
  double since = 0;
  for (const Change& change : find_changes(trace)) {
    if (!active.empty() && change.at > since) {
      painter.paint(since, change.at, service_of[active.rbegin()->second]);
    }
    since = change.at;
    const std::pair place(tree.depth[change.row], change.row);
    if (change.begins) {
      active.insert(place);
    } else {
      active.erase(place);
    }
  }
  for (const model::Span* span : trace.spans) {
    if (span->is_error()) {
      const Running running = running_time(*span, trace.start);
      painter.paint_error(running.begin, running.end);
    }
  }
  return painter.finish();
}

TraceSummary summarise(const storage::Trace& trace) {
  const TraceTree tree = make_trace_tree(trace.spans);
  TraceSummary summary;
  summary.id = trace.id;
  summary.start = trace.start;
  summary.duration_nanos = trace.end > trace.start ? trace.end - trace.start : 0;
  summary.span_count = static_cast<std::uint32_t>(trace.spans.size());
  summary.root = find_root(tree, summary.root_missing);
  std::unordered_map<std::string_view, std::int32_t> indexes;
  std::vector<std::int32_t> service_of;
  service_of.reserve(trace.spans.size());
  for (std::size_t row = 0; row < trace.spans.size(); ++row) {
    const model::Span& span = *trace.spans[row];
    const auto [entry, is_new] =
        indexes.try_emplace(span.service(), static_cast<std::int32_t>(summary.services.size()));
    if (is_new) {
      summary.services.push_back({span.service()});
    }
    service_of.push_back(entry->second);
    ServiceUse& use = summary.services[static_cast<std::size_t>(entry->second)];
    const std::uint32_t error = span.is_error() ? 1 : 0;
    ++use.span_count;
    use.error_count += error;
    summary.error_count += error;
    summary.orphan_count += tree.is_orphan(row) ? 1 : 0;
  }
  summary.matched_count = static_cast<std::uint32_t>(trace.matched.size());
  const std::size_t shown = std::min(trace.matched.size(), TraceSummary::kMatchedMax);
  summary.matched.assign(trace.matched.begin(),
                         trace.matched.begin() + static_cast<std::ptrdiff_t>(shown));
  summary.strip = make_strip(trace, tree, service_of);
  return summary;
}

}  // namespace waybill::query
