// SPDX-License-Identifier: Apache-2.0
#include "storage/catalog/compaction.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <span>
#include <tuple>
#include <utility>
#include <vector>

#include "base/time.h"
#include "storage/catalog/block_entry.h"
#include "storage/catalog/catalog_snapshot.h"

namespace waybill::storage {
namespace {

// A merge of small blocks that makes a full one happens once to a span, and so may be less even.
constexpr std::uint64_t kLastMergeRatioMax = 4;

struct Candidate {
  const BlockFacts* facts = nullptr;
  bool is_busy = false;
  bool is_late = false;  // all of its spans were over long before they were received
};

// Blocks of one generation, all late or none, in the order in which they were received.
using Sequence = std::span<const Candidate>;

bool is_late(const BlockFacts& facts, const CompactionOptions& options) {
  return facts.max_end < facts.min_received &&
         facts.min_received - facts.max_end >=
             static_cast<std::uint64_t>(options.late_after.count());
}

std::vector<Candidate> sort_candidates(const CatalogSnapshot& snapshot,
                                       const CompactionOptions& options,
                                       const std::set<BlockId>& busy) {
  std::vector<Candidate> candidates;
  candidates.reserve(snapshot.blocks.size());
  for (const CatalogBlock& block : snapshot.blocks) {
    if (block.state == BlockState::Present) {
      const BlockFacts& facts = block.entry->facts;
      candidates.push_back({&facts, busy.contains(facts.id), is_late(facts, options)});
    }
  }
  std::sort(candidates.begin(), candidates.end(),
            [](const Candidate& left, const Candidate& right) {
              const BlockFacts& a = *left.facts;
              const BlockFacts& b = *right.facts;
              return std::tie(a.generation, left.is_late, a.min_received, a.id) <
                     std::tie(b.generation, right.is_late, b.min_received, b.id);
            });
  return candidates;
}

// Sums over blocks that may be merged.
struct Sum {
  std::uint64_t span_count = 0;
  std::uint64_t bytes = 0;
  std::uint64_t largest_spans = 0;
  std::uint32_t level = 0;
  std::uint32_t generation = 0;
  UnixNanos min_received = UINT64_MAX;
  UnixNanos max_received = 0;
  std::size_t block_count = 0;

  void add(const BlockFacts& facts) {
    span_count += facts.span_count;
    bytes += facts.file_bytes;
    largest_spans = std::max(largest_spans, facts.span_count);
    level = std::max(level, facts.level);
    generation = facts.generation;
    min_received = std::min(min_received, facts.min_received);
    max_received = std::max(max_received, facts.max_received);
    ++block_count;
  }
};

bool is_near(const Sum& sum, const CompactionOptions& options) {
  return sum.max_received - sum.min_received <=
         static_cast<std::uint64_t>(options.reception_span_max.count());
}

bool is_bounded(const Sum& sum, const CompactionOptions& options) {
  return sum.block_count <= options.inputs_max && sum.bytes <= options.input_bytes_max;
}

// Whether so many spans are worth rewriting the full block.
bool is_enough(std::uint64_t small_spans, const BlockFacts& full,
               const CompactionOptions& options) {
  return full.span_count / options.full_ratio_max <= small_spans;
}

// More blocks taken away for each span that is written. Doubles are exact enough: only the choice
// between plans that are all good depends on them.
bool is_better(const Sum& sum, const std::optional<CompactionPlan>& than) {
  return !than.has_value() ||
         static_cast<double>(sum.block_count - 1) * static_cast<double>(than->span_count) >
             static_cast<double>(than->inputs.size() - 1) * static_cast<double>(sum.span_count);
}

// All but the inputs.
CompactionPlan make_plan(CompactionReason reason, const Sum& sum,
                         const CompactionOptions& options) {
  CompactionPlan plan;
  plan.reason = reason;
  plan.generation = sum.generation;
  plan.level = sum.level + 1;
  plan.span_count = sum.span_count;
  plan.input_bytes = sum.bytes;
  plan.output_count = (sum.span_count + options.spans_max - 1) / options.spans_max;
  return plan;
}

// Merges runs of small blocks.
class SmallBlocks final {
 public:
  SmallBlocks(const CompactionOptions& options, Sequence sequence)
      : options_(options), sequence_(sequence) {}

  // Looks for a better plan than `best`.
  void find(std::optional<CompactionPlan>& best) const {
    for (std::size_t first = 0; first < sequence_.size(); ++first) {
      if (is_small(first)) {
        extend(first, best);
      }
    }
  }

 private:
  bool is_small(std::size_t i) const {
    return !sequence_[i].is_busy && sequence_[i].facts->span_count < options_.target_spans;
  }
  bool is_full(std::size_t i) const {
    return !sequence_[i].is_busy && sequence_[i].facts->span_count >= options_.target_spans;
  }

  // Whether the block can never join those of the sum: it is full, or was received too far away.
  bool is_apart(Sum sum, std::size_t i) const {
    sum.add(*sequence_[i].facts);
    return is_full(i) || !is_near(sum, options_);
  }

  // Every run that begins here and is worth merging.
  void extend(std::size_t first, std::optional<CompactionPlan>& best) const {
    Sum sum;
    Sum alone;
    alone.add(*sequence_[first].facts);
    const bool begins_apart = first == 0 || is_apart(alone, first - 1);
    for (std::size_t last = first; last < sequence_.size() && is_small(last); ++last) {
      sum.add(*sequence_[last].facts);
      if (!is_bounded(sum, options_) || !is_near(sum, options_) ||
          sum.span_count > options_.spans_max) {
        return;
      }
      const bool is_closed = begins_apart && last + 1 < sequence_.size() && is_apart(sum, last + 1);
      if (last > first && (is_worth(sum) || is_closed)) {
        offer(first, last, sum, best);
      }
      if (is_closed) {
        join_neighbour(first, last, sum, best);
      }
    }
  }

  bool is_worth(const Sum& sum) const {
    const std::uint64_t rest = sum.span_count - sum.largest_spans;
    return sum.span_count / options_.growth >= sum.largest_spans ||
           (sum.span_count >= options_.target_spans &&
            sum.largest_spans / kLastMergeRatioMax <= rest);
  }

  // A closed run that is too small to become a full block goes into a full one beside it.
  void join_neighbour(std::size_t first, std::size_t last, const Sum& sum,
                      std::optional<CompactionPlan>& best) const {
    if (first > 0 && is_full(first - 1)) {
      join_full(first - 1, first - 1, last, sum, best);
    }
    if (is_full(last + 1)) {
      join_full(last + 1, first, last + 1, sum, best);
    }
  }

  void join_full(std::size_t full, std::size_t first, std::size_t last, Sum sum,
                 std::optional<CompactionPlan>& best) const {
    const std::uint64_t small_spans = sum.span_count;
    sum.add(*sequence_[full].facts);
    if (is_enough(small_spans, *sequence_[full].facts, options_) &&
        sum.span_count <= options_.spans_max && is_bounded(sum, options_) &&
        is_near(sum, options_)) {
      offer(first, last, sum, best);
    }
  }

  void offer(std::size_t first, std::size_t last, const Sum& sum,
             std::optional<CompactionPlan>& best) const {
    if (!is_better(sum, best)) {
      return;
    }
    best = make_plan(CompactionReason::SmallBlocks, sum, options_);
    for (const Candidate& candidate : sequence_.subspan(first, last - first + 1)) {
      best->inputs.push_back(candidate.facts->id);
    }
  }

  const CompactionOptions& options_;
  const Sequence sequence_;
};

// Brings late blocks into the full blocks that have the other spans of their traces.
class LateSpans final {
 public:
  // All of one generation.
  LateSpans(const CompactionOptions& options, Sequence generation) : options_(options) {
    for (const Candidate& candidate : generation) {
      const bool is_full = candidate.facts->span_count >= options.target_spans;
      if (!candidate.is_busy && is_full) {
        full_.push_back(candidate.facts);
      } else if (!candidate.is_busy && candidate.is_late) {
        late_.push_back(candidate.facts);
      }
    }
  }

  // Looks for a better plan than `best`.
  void find(std::optional<CompactionPlan>& best) const {
    for (const BlockFacts* full : full_) {
      join(*full, best);
    }
  }

 private:
  void join(const BlockFacts& full, std::optional<CompactionPlan>& best) const {
    Sum sum;
    sum.add(full);
    std::vector<BlockId> inputs{full.id};
    auto late = std::lower_bound(
        late_.begin(), late_.end(), full.max_received,
        [](const BlockFacts* block, UnixNanos time) { return block->min_received < time; });
    for (; late != late_.end(); ++late) {
      Sum with = sum;
      with.add(**late);
      if (!is_near(with, options_)) {
        break;
      }
      if (belongs(**late, full) && is_bounded(with, options_) &&
          with.span_count <= 2 * options_.spans_max) {
        sum = with;
        inputs.push_back((*late)->id);
      }
    }
    const bool is_worth =
        inputs.size() > 1 && is_enough(sum.span_count - full.span_count, full, options_);
    if (is_worth && is_better(sum, best)) {
      best = make_plan(CompactionReason::LateSpans, sum, options_);
      best->inputs = std::move(inputs);
    }
  }

  // A late block belongs to a full one when most of the time that its spans cover lies in the time
  // in which spans of the full one were both made and received. Reception is by our own clock:
  // spans with broken times can not make every block seem to belong. And the times of spans do not
  // grow when late ones are taken in, as the time of reception does: it would draw in ever more.
  static bool belongs(const BlockFacts& late, const BlockFacts& full) {
    if (late.max_end < late.min_start || late.max_trace_id < full.min_trace_id ||
        full.max_trace_id < late.min_trace_id) {
      return false;
    }
    const UnixNanos begin = std::max(late.min_start, std::max(full.min_start, full.min_received));
    const UnixNanos end = std::min(late.max_end, std::min(full.max_end, full.max_received));
    return begin <= end && end - begin >= (late.max_end - late.min_start) / 2;
  }

  const CompactionOptions& options_;
  std::vector<const BlockFacts*> full_;
  std::vector<const BlockFacts*> late_;  // small ones, by reception
};

// Calls `visit` with each stretch of candidates that are alike.
template <typename IsAlike, typename Visit>
void visit_alike(Sequence candidates, const IsAlike& is_alike, const Visit& visit) {
  for (auto first = candidates.begin(); first != candidates.end();) {
    const auto last = std::find_if(first, candidates.end(), [&](const Candidate& candidate) {
      return !is_alike(*first, candidate);
    });
    visit(Sequence(first, last));
    first = last;
  }
}

}  // namespace

std::optional<CompactionPlan> plan_compaction(const CatalogSnapshot& snapshot,
                                              const CompactionOptions& options,
                                              const std::set<BlockId>& busy) {
  const std::vector<Candidate> candidates = sort_candidates(snapshot, options, busy);
  const auto is_one_generation = [](const Candidate& left, const Candidate& right) {
    return left.facts->generation == right.facts->generation;
  };
  std::optional<CompactionPlan> best;
  visit_alike(candidates, is_one_generation,
              [&](Sequence generation) { LateSpans(options, generation).find(best); });
  if (best.has_value()) {
    return best;
  }
  const auto is_one_run = [&](const Candidate& left, const Candidate& right) {
    return is_one_generation(left, right) && left.is_late == right.is_late;
  };
  visit_alike(candidates, is_one_run,
              [&](Sequence sequence) { SmallBlocks(options, sequence).find(best); });
  return best;
}

}  // namespace waybill::storage
