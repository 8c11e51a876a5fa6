// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "model/span.h"

namespace waybill::query {

// Who is whose parent among the spans of one trace.
//
// A span's parent is the span that has the id it names. Where several have it, the first in the
// given order wins, with one exception: a client and a server span that share an id are the two
// halves of one call (Zipkin's way); then the server half hangs under the client half and
// everything that names the id hangs under the server half. A cycle is cut at its first member in
// the given order, so that every row has a root above it. Immutable; any thread.
struct TraceTree {
  static constexpr std::int32_t kNoParent = -1;       // names none
  static constexpr std::int32_t kMissingParent = -2;  // names one that was not received

  std::vector<std::int32_t> parent;  // row, kNoParent or kMissingParent
  std::vector<std::uint32_t> depth;  // 0 for rows without a received parent
  std::vector<bool> shares_id;       // another row has the same span id
  std::vector<bool> cuts_cycle;      // its parent link closes a cycle, so parent is kNoParent

  bool is_root(std::size_t row) const { return parent[row] == kNoParent; }
  bool is_orphan(std::size_t row) const { return parent[row] == kMissingParent; }
};

// `spans` are all of one trace, sorted by start; rows are positions in it. Takes time in proportion
// to their number.
TraceTree make_trace_tree(std::span<const model::Span* const> spans);

}  // namespace waybill::query
