// SPDX-License-Identifier: Apache-2.0
#include "query/trace_tree.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <unordered_map>
#include <vector>
#include "model/ids.h"
#include "model/span.h"

namespace waybill::query {
namespace {

constexpr std::int32_t kNone = -1;

// The rows that have one span id.
struct Holders {
  std::int32_t first = kNone;
  std::int32_t first_client = kNone;
  std::int32_t first_server = kNone;
  bool several = false;

  bool are_halves() const { return first_client != kNone && first_server != kNone; }
  std::int32_t as_parent() const { return are_halves() ? first_server : first; }
};

using HoldersById = std::unordered_map<model::SpanId, Holders>;

HoldersById find_holders(std::span<const model::Span* const> spans) {
  HoldersById holders;
  holders.reserve(spans.size());
  for (std::size_t i = 0; i < spans.size(); ++i) {
    const auto row = static_cast<std::int32_t>(i);
    Holders& entry = holders[spans[i]->span_id];
    entry.several = entry.first != kNone;
    if (entry.first == kNone) {
      entry.first = row;
    }
    if (spans[i]->kind == model::SpanKind::Client && entry.first_client == kNone) {
      entry.first_client = row;
    }
    if (spans[i]->kind == model::SpanKind::Server && entry.first_server == kNone) {
      entry.first_server = row;
    }
  }
  return holders;
}

std::int32_t find_parent(const model::Span& span, std::int32_t row, const HoldersById& holders) {
  const Holders& own = holders.find(span.span_id)->second;
  if (own.are_halves() && row == own.first_server) {
    return own.first_client;
  }
  if (span.parent_span_id.is_zero()) {
    return TraceTree::kNoParent;
  }
  const auto named = holders.find(span.parent_span_id);
  return named == holders.end() ? TraceTree::kMissingParent : named->second.as_parent();
}

// Follows parents from each row once. A walk that meets itself has found a cycle.
void cut_cycles(TraceTree& tree) {
  enum class State : std::uint8_t { New, Walking, Done };
  std::vector<State> states(tree.parent.size(), State::New);
  std::vector<std::int32_t> walk;
  for (std::size_t start = 0; start < tree.parent.size(); ++start) {
    walk.clear();
    auto row = static_cast<std::int32_t>(start);
    while (row >= 0 && states[static_cast<std::size_t>(row)] == State::New) {
      states[static_cast<std::size_t>(row)] = State::Walking;
      walk.push_back(row);
      row = tree.parent[static_cast<std::size_t>(row)];
    }
    if (row >= 0 && states[static_cast<std::size_t>(row)] == State::Walking) {
      const auto cycle = std::find(walk.begin(), walk.end(), row);
      const auto first = static_cast<std::size_t>(*std::min_element(cycle, walk.end()));
      tree.parent[first] = TraceTree::kNoParent;
      tree.cuts_cycle[first] = true;
    }
    for (const std::int32_t walked : walk) {
      states[static_cast<std::size_t>(walked)] = State::Done;
    }
  }
}

// Requires: no cycles. Climbs from each row to one whose depth is known, then numbers the way back.
void measure_depth(TraceTree& tree) {
  constexpr std::uint32_t kUnknown = UINT32_MAX;
  tree.depth.assign(tree.parent.size(), kUnknown);
  std::vector<std::size_t> climb;
  for (std::size_t start = 0; start < tree.parent.size(); ++start) {
    std::size_t row = start;
    while (tree.depth[row] == kUnknown && tree.parent[row] >= 0) {
      climb.push_back(row);
      row = static_cast<std::size_t>(tree.parent[row]);
    }
    if (tree.depth[row] == kUnknown) {
      tree.depth[row] = 0;
    }
    std::uint32_t depth = tree.depth[row];
    for (; !climb.empty(); climb.pop_back()) {
      tree.depth[climb.back()] = ++depth;
    }
  }
}

}  // namespace

TraceTree make_trace_tree(std::span<const model::Span* const> spans) {
  const HoldersById holders = find_holders(spans);
  TraceTree tree;
  tree.parent.reserve(spans.size());
  tree.shares_id.reserve(spans.size());
  tree.cuts_cycle.resize(spans.size());
  for (std::size_t i = 0; i < spans.size(); ++i) {
    tree.parent.push_back(find_parent(*spans[i], static_cast<std::int32_t>(i), holders));
    tree.shares_id.push_back(holders.find(spans[i]->span_id)->second.several);
  }
  cut_cycles(tree);
  measure_depth(tree);
  return tree;
}

}  // namespace waybill::query
