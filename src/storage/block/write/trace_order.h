// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "model/span.h"

namespace waybill::storage {

// A span in its place of a depth-first walk through its trace.
struct OrderedSpan {
  static constexpr std::uint32_t kNoParent = UINT32_MAX;

  const model::Span* span = nullptr;
  std::uint32_t parent = kNoParent;  // place of the parent, which comes before; kNoParent: a root
  std::uint32_t depth = 0;           // of a root: zero
};

// Puts spans of one trace into depth-first order, siblings and roots by start, then span id.
//
// Every span is in the result once. A span whose parent is not among them is a root, and so is the
// earliest span of each cycle. Where several spans have the parent's id the earliest one is the
// parent. Takes time n log n for any graph, and no stack.
std::vector<OrderedSpan> order_depth_first(std::span<const model::Span* const> spans);

}  // namespace waybill::storage
