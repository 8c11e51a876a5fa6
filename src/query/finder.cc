// SPDX-License-Identifier: Apache-2.0
#include "query/finder.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <map>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>

#include "base/error.h"
#include "base/result.h"
#include "base/time.h"
#include "model/ids.h"
#include "query/trace_tree.h"
#include "storage/scan.h"

namespace waybill::query {
namespace {

constexpr std::size_t kDependencyPage = 500;

using Edges = std::map<std::pair<std::string, std::string>, std::uint64_t>;

void count_edges(const storage::Trace& trace, Edges& edges) {
  const TraceTree tree = make_trace_tree(trace.spans);
  // Within one trace the same few edges repeat, so texts are copied once per trace and edge.
  std::map<std::pair<std::string_view, std::string_view>, std::uint64_t> counts;
  for (std::size_t row = 0; row < trace.spans.size(); ++row) {
    if (tree.parent[row] < 0) {
      continue;
    }
    const std::string_view parent =
        trace.spans[static_cast<std::size_t>(tree.parent[row])]->service();
    const std::string_view child = trace.spans[row]->service();
    if (parent != child) {
      ++counts[{parent, child}];
    }
  }
  for (const auto& [edge, count] : counts) {
    edges[{std::string(edge.first), std::string(edge.second)}] += count;
  }
}

}  // namespace

Result<storage::ScanPage> Finder::search(storage::ScanRequest request) const {
  request.deadline = clock_.steady() + options_.budget;
  return reader_.scan(request);
}

Result<storage::ScanPage> Finder::search_all(storage::ScanRequest request) const {
  request.deadline = clock_.steady() + options_.budget;
  storage::ScanPage whole = TRY(reader_.scan(request));
  while (whole.next && whole.complete && whole.traces.size() < request.trace_count_max) {
    storage::ScanRequest rest = request;
    rest.after = whole.next;
    rest.trace_count_max = request.trace_count_max - whole.traces.size();
    storage::ScanPage page = TRY(reader_.scan(rest));
    std::move(page.traces.begin(), page.traces.end(), std::back_inserter(whole.traces));
    whole.next = page.next;
    whole.complete = page.complete;
    whole.stats.traces_inspected += page.stats.traces_inspected;
    whole.stats.spans_inspected += page.stats.spans_inspected;
  }
  return whole;
}

Result<storage::Trace> Finder::find_trace(const model::TraceId& id,
                                          std::stop_token cancelled) const {
  storage::ScanRequest request;
  request.trace_ids = {id};
  request.trace_count_max = 1;
  request.cancelled = std::move(cancelled);
  storage::ScanPage page = TRY(reader_.scan(request));
  if (page.traces.empty()) {
    return not_found("trace " + id.hex() + " is not known");
  }
  return std::move(page.traces.front());
}

Result<Dependencies> Finder::find_dependencies(TimeRange time, std::stop_token cancelled) const {
  storage::ScanRequest request;
  request.time = time;
  request.trace_count_max = kDependencyPage;
  request.cancelled = std::move(cancelled);
  request.deadline = clock_.steady() + options_.budget;
  Edges edges;
  Dependencies found;
  std::uint64_t trace_count = 0;
  while (true) {
    const storage::ScanPage page = TRY(reader_.scan(request));
    for (const storage::Trace& trace : page.traces) {
      count_edges(trace, edges);
    }
    trace_count += page.traces.size();
    if (!page.next) {
      break;
    }
    if (!page.complete || trace_count >= options_.dependency_trace_count_max ||
        clock_.steady() >= *request.deadline) {
      found.complete = false;
      break;
    }
    request.after = page.next;
  }
  for (const auto& [edge, count] : edges) {
    found.edges.push_back({edge.first, edge.second, count});
  }
  return found;
}

}  // namespace waybill::query
