// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <vector>

#include "storage/catalog/block_entry.h"
#include "storage/catalog/catalog_snapshot.h"

// Which blocks to merge next. Pure functions: any thread.
//
// Terms. A block is *full* from target_spans on, else *small*; *late* if all of its spans were over
// long before they were received. A *run* is blocks of one generation, all late or none, that
// follow each other in the order in which they were received. A run is *closed* when no later
// block can join it any more. See docs/design/catalog.md for why the rules bound what is rewritten.
namespace waybill::storage {

struct CompactionOptions {
  std::uint64_t target_spans = 256 * 1024;
  std::uint64_t spans_max = 512 * 1024;  // of one block; at least twice the target
  // A merge of small blocks makes at least so many times the largest of them, or a full block.
  std::uint64_t growth = 4;
  // A full block is rewritten for at least a part of its spans: one in so many.
  std::uint64_t full_ratio_max = 8;
  // A block whose spans were all over so long before they came is late: it is merged with late
  // blocks, until there is enough for the full block that has the rest of their traces.
  std::chrono::nanoseconds late_after = std::chrono::hours(1);
  // Of one merge, so that its work is bounded.
  std::size_t inputs_max = 32;
  std::uint64_t input_bytes_max = std::uint64_t{1} << 30;
  // Blocks received further apart are not merged: the youngest span of a block decides when the
  // oldest can go.
  std::chrono::nanoseconds reception_span_max = std::chrono::hours(24);
};

enum class CompactionReason : std::uint8_t {
  SmallBlocks,  // many small blocks make each question slower
  LateSpans,    // spans that came long after the others of their traces join them
};

// The blocks are replaced by new ones with the same spans, in one commit.
struct CompactionPlan {
  CompactionReason reason = CompactionReason::SmallBlocks;
  std::vector<BlockId> inputs;  // two or more, in the order in which they were received
  std::uint32_t generation = 0;
  std::uint32_t level = 0;         // of the results
  std::uint64_t span_count = 0;    // over the inputs
  std::uint64_t input_bytes = 0;   // over the inputs
  std::uint64_t output_count = 1;  // split evenly, between traces, into so many blocks
};

// The merge that takes away the most blocks for what it rewrites; no value where nothing is worth
// it. Leaves alone what is `busy` and what can not be read. The same input gives the same plan.
std::optional<CompactionPlan> plan_compaction(const CatalogSnapshot& snapshot,
                                              const CompactionOptions& options,
                                              const std::set<BlockId>& busy);

}  // namespace waybill::storage
