// SPDX-License-Identifier: Apache-2.0
#include "storage/block/write/trace_order.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <unordered_map>
#include <vector>

#include "model/ids.h"
#include "model/span.h"

namespace waybill::storage {
namespace {

constexpr std::uint32_t kNone = OrderedSpan::kNoParent;
// Up to here comparing all ids is quicker than a table.
constexpr std::size_t kSearchedSpansMax = 24;

bool is_before(const model::Span* a, const model::Span* b) {
  return a->start != b->start ? a->start < b->start : a->span_id < b->span_id;
}

class Walk final {
 public:
  explicit Walk(std::span<const model::Span* const> spans) : sorted_(spans.begin(), spans.end()) {
    std::stable_sort(sorted_.begin(), sorted_.end(), is_before);
    nodes_.resize(sorted_.size());
    out_.reserve(sorted_.size());
  }

  std::vector<OrderedSpan> run() {
    find_parents();
    link_children();
    for (std::uint32_t i = 0; i < sorted_.size(); ++i) {
      if (nodes_[i].parent == kNone) {
        descend(i);
      }
    }
    // What is left hangs in cycles.
    for (std::uint32_t i = 0; i < sorted_.size() && out_.size() < sorted_.size(); ++i) {
      if (nodes_[i].place == kNone) {
        nodes_[i].parent = kNone;
        descend(i);
      }
    }
    return std::move(out_);
  }

 private:
  struct Node {
    std::uint32_t parent = kNone;
    std::uint32_t first_child = kNone;
    std::uint32_t last_child = kNone;
    std::uint32_t next = kNone;   // sibling
    std::uint32_t place = kNone;  // in the result
  };

  void find_parents() {
    if (sorted_.size() <= kSearchedSpansMax) {
      for (std::uint32_t i = 0; i < sorted_.size(); ++i) {
        nodes_[i].parent = search(i);
      }
      return;
    }
    std::unordered_map<model::SpanId, std::uint32_t> by_id;
    by_id.reserve(sorted_.size());
    for (std::uint32_t i = 0; i < sorted_.size(); ++i) {
      by_id.try_emplace(sorted_[i]->span_id, i);
    }
    for (std::uint32_t i = 0; i < sorted_.size(); ++i) {
      const model::Span& span = *sorted_[i];
      if (!span.parent_span_id.is_zero() && span.parent_span_id != span.span_id) {
        const auto found = by_id.find(span.parent_span_id);
        nodes_[i].parent = found == by_id.end() ? kNone : found->second;
      }
    }
  }

  std::uint32_t search(std::uint32_t child) const {
    const model::Span& span = *sorted_[child];
    if (span.parent_span_id.is_zero() || span.parent_span_id == span.span_id) {
      return kNone;
    }
    for (std::uint32_t i = 0; i < sorted_.size(); ++i) {
      if (sorted_[i]->span_id == span.parent_span_id) {
        return i;
      }
    }
    return kNone;
  }

  void link_children() {
    for (std::uint32_t i = 0; i < sorted_.size(); ++i) {
      if (nodes_[i].parent == kNone) {
        continue;
      }
      Node& parent = nodes_[nodes_[i].parent];
      if (parent.first_child == kNone) {
        parent.first_child = i;
      } else {
        nodes_[parent.last_child].next = i;
      }
      parent.last_child = i;
    }
  }

  void visit(std::uint32_t i, std::uint32_t parent_place, std::uint32_t depth) {
    nodes_[i].place = static_cast<std::uint32_t>(out_.size());
    out_.push_back({sorted_[i], parent_place, depth});
  }

  void descend(std::uint32_t root) {
    visit(root, kNone, 0);
    std::uint32_t at = root;
    while (true) {
      std::uint32_t next = nodes_[at].first_child;
      while (true) {
        // The first span of a cycle is met again as somebody's child.
        while (next != kNone && nodes_[next].place != kNone) {
          next = nodes_[next].next;
        }
        if (next != kNone || at == root) {
          break;
        }
        next = nodes_[at].next;
        at = nodes_[at].parent;
      }
      if (next == kNone) {
        return;
      }
      const OrderedSpan& parent = out_[nodes_[nodes_[next].parent].place];
      visit(next, nodes_[nodes_[next].parent].place, parent.depth + 1);
      at = next;
    }
  }

  std::vector<const model::Span*> sorted_;
  std::vector<Node> nodes_;
  std::vector<OrderedSpan> out_;
};

}  // namespace

std::vector<OrderedSpan> order_depth_first(std::span<const model::Span* const> spans) {
  return Walk(spans).run();
}

}  // namespace waybill::storage
