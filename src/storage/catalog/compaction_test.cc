// SPDX-License-Identifier: Apache-2.0
#include "storage/catalog/compaction.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <map>
#include <memory>
#include <optional>
#include <ostream>
#include <set>
#include <utility>
#include <vector>

#include "base/random.h"
#include "storage/testing/catalog_harness.h"

namespace waybill::storage {
namespace {

using Ids = std::vector<BlockId>;

constexpr std::uint64_t kSecond = 1'000'000'000;
constexpr std::uint64_t kHour = 3600 * kSecond;
constexpr std::uint64_t kBegin = 1'700'000'000 * kSecond;

// Blocks, and merges done on paper: the results have the sums of what went in.
class Store final {
 public:
  explicit Store(const CompactionOptions& given = {}) : options(given) {}

  // Sealed from requests that were received within these seconds.
  BlockFacts& seal(std::uint64_t span_count, std::uint64_t first_second,
                   std::uint64_t last_second) {
    BlockFacts facts = block_summary(next_id_, span_count).facts;
    facts.min_received = kBegin + first_second * kSecond;
    facts.max_received = kBegin + last_second * kSecond;
    facts.min_start = facts.min_received - kSecond;
    facts.max_end = facts.max_received;
    sealed_spans += span_count;
    return put(facts);
  }

  // The same, of spans that were over long before.
  BlockFacts& seal_late(std::uint64_t span_count, std::uint64_t second, std::uint64_t span_second) {
    BlockFacts& facts = seal(span_count, second, second + 1);
    facts.min_start = kBegin + span_second * kSecond;
    facts.max_end = facts.min_start + kSecond;
    late_spans += span_count;
    return facts;
  }

  std::optional<CompactionPlan> plan(const std::set<BlockId>& busy = {}) const {
    CatalogSnapshot snapshot;
    for (const auto& [id, entry] : blocks) {
      const bool is_missing = missing.contains(id);
      snapshot.blocks.push_back({entry, is_missing ? BlockState::Missing : BlockState::Present});
    }
    return plan_compaction(snapshot, options, busy);
  }

  // What a plan must always hold to; then does it.
  void merge(const CompactionPlan& plan) {
    std::set<BlockId> inputs(plan.inputs.begin(), plan.inputs.end());
    ASSERT_EQ(inputs.size(), plan.inputs.size()) << "a block twice";
    ASSERT_GE(inputs.size(), 2U);
    ASSERT_LE(inputs.size(), options.inputs_max);
    BlockFacts sum = blocks.at(plan.inputs.front())->facts;
    std::uint64_t span_count = 0;
    std::uint64_t bytes = 0;
    for (const BlockId id : plan.inputs) {
      const auto found = blocks.find(id);
      ASSERT_NE(found, blocks.end()) << "a block that is not there";
      const BlockFacts& facts = found->second->facts;
      ASSERT_EQ(facts.generation, plan.generation);
      ASSERT_LT(facts.level, plan.level);
      span_count += facts.span_count;
      bytes += facts.file_bytes;
      sum.min_received = std::min(sum.min_received, facts.min_received);
      sum.max_received = std::max(sum.max_received, facts.max_received);
      sum.min_start = std::min(sum.min_start, facts.min_start);
      sum.max_end = std::max(sum.max_end, facts.max_end);
      blocks.erase(found);
    }
    ASSERT_EQ(span_count, plan.span_count);
    ASSERT_EQ(bytes, plan.input_bytes);
    ASSERT_LE(bytes, options.input_bytes_max);
    ASSERT_LE(sum.max_received - sum.min_received,
              static_cast<std::uint64_t>(options.reception_span_max.count()));
    written_spans += span_count;
    level_max = std::max(level_max, plan.level);
    for (std::uint64_t i = 0; i < plan.output_count; ++i) {
      BlockFacts part = sum;
      part.id = next_id_;
      part.level = plan.level;
      part.span_count = span_count / plan.output_count + (i < span_count % plan.output_count);
      part.file_bytes = bytes / plan.output_count;
      ASSERT_LE(part.span_count, options.spans_max);
      put(part);
    }
  }

  // Takes the oldest full blocks out of the way while there are many, as nothing happens to them.
  void retire_old() {
    for (auto block = blocks.begin(); block != blocks.end() && blocks.size() > 60;) {
      if (block->second->facts.span_count < options.target_spans) {
        ++block;
        continue;
      }
      retired_spans += block->second->facts.span_count;
      block = blocks.erase(block);
    }
  }

  void merge_all() {
    for (auto next = plan(); next.has_value() && !testing::Test::HasFatalFailure(); next = plan()) {
      merge(*next);
    }
  }

  std::size_t small_count() const {
    return static_cast<std::size_t>(std::count_if(
        blocks.begin(), blocks.end(),
        [&](const auto& block) { return block.second->facts.span_count < options.target_spans; }));
  }
  std::uint64_t span_count() const {
    std::uint64_t sum = retired_spans;
    for (const auto& [id, entry] : blocks) {
      sum += entry->facts.span_count;
    }
    return sum;
  }
  double amplification() const {
    return static_cast<double>(written_spans) / static_cast<double>(sealed_spans);
  }

  CompactionOptions options;
  std::map<BlockId, std::shared_ptr<BlockEntry>> blocks;
  std::set<BlockId> missing;
  std::uint64_t sealed_spans = 0;
  std::uint64_t late_spans = 0;
  std::uint64_t written_spans = 0;
  std::uint64_t retired_spans = 0;
  std::uint32_t level_max = 0;

 private:
  BlockFacts& put(const BlockFacts& facts) {
    auto entry = std::make_shared<BlockEntry>();
    entry->facts = facts;
    blocks[facts.id] = entry;
    ++next_id_;
    return entry->facts;
  }

  BlockId next_id_ = 1;
};

CompactionOptions small_options() {
  CompactionOptions options;
  options.target_spans = 1000;
  options.spans_max = 2000;
  return options;
}

TEST(Compaction, HasNothingToDoForFewBlocks) {
  Store store(small_options());
  EXPECT_FALSE(store.plan().has_value());
  store.seal(100, 0, 1);
  EXPECT_FALSE(store.plan().has_value());
  store.seal(100, 1, 2);
  store.seal(100, 2, 3);
  EXPECT_FALSE(store.plan().has_value());
}

TEST(Compaction, MergesBlocksOfOneSizeWhenThereAreEnough) {
  Store store(small_options());
  for (std::uint64_t i = 0; i < 4; ++i) {
    store.seal(100, i, i + 1).level = static_cast<std::uint32_t>(i);
  }
  const auto plan = store.plan();
  ASSERT_TRUE(plan.has_value());
  EXPECT_EQ(plan->reason, CompactionReason::SmallBlocks);
  EXPECT_EQ(plan->inputs, (Ids{1, 2, 3, 4}));
  EXPECT_EQ(plan->level, 4U);
  EXPECT_EQ(plan->span_count, 400U);
  EXPECT_EQ(plan->output_count, 1U);
}

TEST(Compaction, DoesNotRewriteABlockForLittle) {
  Store store(small_options());
  store.seal(300, 0, 1);
  store.seal(300, 1, 2);
  store.seal(299, 2, 3);
  EXPECT_FALSE(store.plan().has_value());
  store.seal(300, 3, 4);
  EXPECT_EQ(store.plan()->inputs, (Ids{1, 2, 3, 4}));
}

TEST(Compaction, MergesEarlierWhenTheResultIsFull) {
  Store store(small_options());
  store.seal(600, 0, 1);
  store.seal(399, 1, 2);
  EXPECT_FALSE(store.plan().has_value());
  store.seal(1, 2, 3);
  EXPECT_EQ(store.plan()->inputs, (Ids{1, 2, 3}));
}

TEST(Compaction, LeavesFullBlocksAlone) {
  Store store(small_options());
  for (std::uint64_t i = 0; i < 20; ++i) {
    store.seal(1000, i, i + 1);
  }
  EXPECT_FALSE(store.plan().has_value());
}

TEST(Compaction, NeverMergesAcrossGenerations) {
  Store store(small_options());
  for (std::uint64_t i = 0; i < 6; ++i) {
    store.seal(100, i, i + 1).generation = i % 2 == 0 ? 0 : 1;
  }
  EXPECT_FALSE(store.plan().has_value());
  store.seal(100, 7, 8).generation = 1;
  EXPECT_EQ(store.plan()->inputs, (Ids{2, 4, 6, 7}));
  EXPECT_EQ(store.plan()->generation, 1U);
}

TEST(Compaction, NeverMergesWhatWasReceivedFarApart) {
  Store store(small_options());
  const std::uint64_t day = 24 * 3600;
  store.seal(100, 0, 1);
  store.seal(100, 10, 11);
  store.seal(100, 20, 21);
  store.seal(100, day - 1, day + 1);
  // The first three can not be joined by anything later, so they are merged although they are few.
  EXPECT_EQ(store.plan()->inputs, (Ids{1, 2, 3}));
  store.blocks[4]->facts.max_received = kBegin + day * kSecond;
  EXPECT_EQ(store.plan()->inputs, (Ids{1, 2, 3, 4}));
}

TEST(Compaction, PassesOverBusyAndUnreadableBlocks) {
  Store store(small_options());
  for (std::uint64_t i = 0; i < 8; ++i) {
    store.seal(100, i, i + 1);
  }
  EXPECT_EQ(store.plan({3, 4})->inputs, (Ids{5, 6, 7, 8}));
  EXPECT_FALSE(store.plan({3, 5, 7}).has_value());
  store.missing = {1, 5};
  EXPECT_EQ(store.plan()->inputs, (Ids{2, 3, 4, 6, 7, 8}));
}

TEST(Compaction, BoundsTheWorkOfOneMerge) {
  CompactionOptions options = small_options();
  options.inputs_max = 5;
  Store store(options);
  for (std::uint64_t i = 0; i < 9; ++i) {
    store.seal(10, i, i + 1);
  }
  EXPECT_EQ(store.plan()->inputs.size(), 5U);
  store.options.input_bytes_max = 4 * 300;
  EXPECT_EQ(store.plan()->inputs.size(), 4U);
  store.options.input_bytes_max = 4 * 300 - 1;
  EXPECT_FALSE(store.plan().has_value());
}

TEST(Compaction, PutsASmallBlockBetweenFullOnesIntoOneOfThem) {
  Store store(small_options());
  store.seal(1100, 0, 1);
  store.seal(125, 1, 2);
  store.seal(1000, 2, 3);
  EXPECT_EQ(store.plan()->inputs, (Ids{2, 3}));
  store.blocks[2]->facts.span_count = 124;
  EXPECT_FALSE(store.plan().has_value()) << "too little to rewrite a full one for";
}

TEST(Compaction, BringsLateSpansToTheRestOfTheirTraces) {
  Store store(small_options());
  store.seal(1000, 0, 100);
  store.seal(1000, 100, 200);
  store.seal_late(100, 7200, 150);
  EXPECT_FALSE(store.plan().has_value());
  store.seal(100, 7210, 7220);
  store.seal_late(25, 7300, 160);
  const auto plan = store.plan();
  ASSERT_TRUE(plan.has_value());
  EXPECT_EQ(plan->reason, CompactionReason::LateSpans);
  EXPECT_EQ(plan->inputs, (Ids{2, 3, 5}));
  store.blocks[3]->facts.max_trace_id = {0, 0};
  store.blocks[2]->facts.min_trace_id = {1, 0};
  EXPECT_FALSE(store.plan().has_value()) << "no trace can be in both";
}

TEST(Compaction, SplitsAResultThatWouldBeTooLarge) {
  Store store(small_options());
  store.seal(1900, 0, 100);
  store.seal_late(400, 7200, 50);
  const auto plan = store.plan();
  ASSERT_TRUE(plan.has_value());
  EXPECT_EQ(plan->output_count, 2U);
  store.merge_all();
  EXPECT_EQ(store.small_count(), 0U);
  EXPECT_EQ(store.blocks.size(), 2U);
}

TEST(Compaction, LateSpansDoNotMakeMoreSpansSeemLate) {
  Store store(small_options());
  store.seal(1000, 0, 100);
  store.seal_late(200, 7200, 50);
  store.merge_all();
  ASSERT_EQ(store.blocks.size(), 1U);
  // Made in the time over which the merged block was received, and not with its traces.
  store.seal_late(400, 20'000, 5000);
  EXPECT_FALSE(store.plan().has_value());
}

TEST(Compaction, SpansWithBrokenClocksAreNotLate) {
  Store store(small_options());
  BlockFacts& broken = store.seal(1000, 0, 100);
  broken.min_start = 0;
  broken.max_end = UINT64_MAX;
  BlockFacts& other = store.seal(500, 7200, 7300);
  other.min_start = 0;
  store.seal(400, 7300, 7400).max_end = 5;
  EXPECT_FALSE(store.plan().has_value());
}

TEST(Compaction, GivesTheSamePlanForTheSameBlocks) {
  Store store(small_options());
  Random random(7);
  for (std::uint64_t i = 0; i < 50; ++i) {
    store.seal(1 + random.below(300), i, i + 1);
  }
  EXPECT_EQ(store.plan()->inputs, store.plan()->inputs);
}

// --- 10,000 seals ---

// How often a span may be rewritten: once for each growth of its block until it is full, once to
// become full, and while a full block grows by an eighth each time to its largest size; twice more
// for what is merged because nothing can join it any more.
double rewritten_max(const CompactionOptions& options, std::uint64_t smallest) {
  double count = 1 + 6 + 2;
  for (std::uint64_t size = smallest; size < options.target_spans; size *= options.growth) {
    ++count;
  }
  return count;
}

struct Load {
  // For messages of a test that failed.
  friend void PrintTo(const Load& load, std::ostream* out) { *out << load.name; }

  const char* name;
  std::uint64_t spans_min;
  std::uint64_t spans_max;
  std::uint64_t seconds;  // between seals
  std::uint64_t late_one_in;
  double amplification_max;
};

class CompactionUnderLoad : public ::testing::TestWithParam<Load> {};

INSTANTIATE_TEST_SUITE_P(Loads, CompactionUnderLoad,
                         ::testing::Values(Load{"Even", 64 * 1024, 64 * 1024, 6, 0, 1.05},
                                           Load{"Mixed", 1000, 200'000, 20, 0, 1.5},
                                           Load{"Small", 500, 5000, 30, 0, 3.5},
                                           Load{"Quiet", 1, 200, 1800, 0, 3.5},
                                           Load{"Late", 30'000, 100'000, 60, 20, 1.5},
                                           Load{"VeryLate", 30'000, 100'000, 60, 2, 4.0}),
                         [](const auto& suite) { return suite.param.name; });

TEST_P(CompactionUnderLoad, LosesNothingAndRewritesWithinItsBound) {
  const Load& load = GetParam();
  Store store;
  Random random(11);
  std::size_t small_most = 0;
  for (std::uint64_t i = 0; i < 10'000; ++i) {
    const std::uint64_t now = 100'000 + i * load.seconds;
    const std::uint64_t span_count =
        load.spans_min + random.below(load.spans_max - load.spans_min + 1);
    if (load.late_one_in > 0 && random.below(load.late_one_in) == 0) {
      store.seal_late(1 + span_count / 4, now, now - 7200);
    } else {
      store.seal(span_count, now, now + load.seconds);
    }
    // The store keeps up: each seal pays for the merges that it brings about.
    store.merge_all();
    store.retire_old();
    ASSERT_FALSE(HasFatalFailure());
    ASSERT_EQ(store.span_count(), store.sealed_spans);
    small_most = std::max(small_most, store.small_count());
  }
  std::printf(
      "%s: %.2f written for each sealed span, level %u, %zu blocks, %zu small, %zu at most\n",
      load.name, store.amplification(), store.level_max, store.blocks.size(), store.small_count(),
      small_most);
  EXPECT_LE(store.amplification(), load.amplification_max);
  EXPECT_LE(store.level_max, rewritten_max(store.options, load.spans_min));
  const std::uint64_t days = 10'000 * load.seconds / 86'400 + 1;
  EXPECT_LE(small_most, 30 + 10 * days);
}

}  // namespace
}  // namespace waybill::storage
