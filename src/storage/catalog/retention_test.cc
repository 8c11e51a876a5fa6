// SPDX-License-Identifier: Apache-2.0
#include "storage/catalog/retention.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/random.h"
#include "storage/testing/catalog_harness.h"

namespace waybill::storage {
namespace {

using std::chrono::hours;
using std::chrono::nanoseconds;
using Ids = std::vector<BlockId>;

constexpr UnixNanos kNow = 1'700'000'000'000'000'000U;

UnixNanos ago(nanoseconds age) { return kNow - static_cast<UnixNanos>(age.count()); }

// Snapshots for pure functions, without a catalog.
class Blocks final {
 public:
  Blocks() : snapshot_(std::make_shared<CatalogSnapshot>()) {}

  // Received at this time, all at once, of these services.
  BlockFacts& add(UnixNanos received, const std::vector<std::string>& services,
                  std::uint64_t file_bytes = 100) {
    auto entry = std::make_shared<BlockEntry>();
    entry->facts = block_summary(entries_.size() + 1, 100).facts;
    entry->facts.file_bytes = file_bytes;
    entry->facts.min_received = received;
    entry->facts.max_received = received;
    for (const std::string& service : services) {
      entry->services.push_back({numbers_.number(service), 1, 0});
    }
    entries_.push_back(entry);
    snapshot_->blocks.push_back({entry, BlockState::Present});
    return entry->facts;
  }

  void mark(BlockId id, BlockState state) { snapshot_->blocks[id - 1].state = state; }

  RetentionPlan plan(const RetentionPolicy& policy, UnixNanos now = kNow) {
    snapshot_->service_names = numbers_.names();
    return plan_retention(*snapshot_, now, policy);
  }

  const CatalogSnapshot& snapshot() {
    snapshot_->service_names = numbers_.names();
    return *snapshot_;
  }

 private:
  ServiceNumbers numbers_;
  std::vector<std::shared_ptr<BlockEntry>> entries_;
  std::shared_ptr<CatalogSnapshot> snapshot_;
};

TEST(Retention, KeepsEverythingWithoutAPolicy) {
  Blocks blocks;
  blocks.add(0, {"cart"});
  const RetentionPlan plan = blocks.plan({});
  EXPECT_TRUE(plan.remove.empty());
  EXPECT_TRUE(plan.rewrite.empty());
}

TEST(Retention, RemovesAtTheAgeAndNotBefore) {
  Blocks blocks;
  blocks.add(ago(hours(24)), {"cart"});
  blocks.add(ago(hours(24) - nanoseconds(1)), {"cart"});
  RetentionPolicy policy;
  policy.age_max = hours(24);
  const RetentionPlan plan = blocks.plan(policy);
  EXPECT_EQ(plan.remove, (Ids{1}));
  EXPECT_EQ(plan.removed_bytes, 100U);
  EXPECT_EQ(plan.removed_spans, 100U);
}

TEST(Retention, CountsFromReceptionWhateverTheSpansSay) {
  Blocks blocks;
  BlockFacts& old_spans = blocks.add(ago(hours(1)), {"cart"});
  old_spans.min_start = 0;
  old_spans.max_end = 1;
  BlockFacts& future_spans = blocks.add(ago(hours(30)), {"cart"});
  future_spans.max_end = UINT64_MAX;
  RetentionPolicy policy;
  policy.age_max = hours(24);
  EXPECT_EQ(blocks.plan(policy).remove, (Ids{2}));
}

TEST(Retention, TheYoungestSpanDecides) {
  Blocks blocks;
  blocks.add(ago(hours(23)), {"cart"}).min_received = ago(hours(40));
  RetentionPolicy policy;
  policy.age_max = hours(24);
  EXPECT_TRUE(blocks.plan(policy).remove.empty());
}

TEST(Retention, KeepsWhatWasReceivedInTheFutureOfTheClock) {
  Blocks blocks;
  blocks.add(kNow + 1, {"cart"});
  blocks.add(UINT64_MAX, {"cart"});
  RetentionPolicy policy;
  policy.age_max = nanoseconds(0);
  EXPECT_TRUE(blocks.plan(policy).remove.empty());
  EXPECT_EQ(blocks.plan(policy, kNow + 1).remove, (Ids{1}));
}

TEST(Retention, RewritesABlockOfWhichOneServiceIsOver) {
  Blocks blocks;
  blocks.add(ago(hours(2)), {"cart", "debug"});
  blocks.add(ago(hours(2)), {"cart"});
  blocks.add(ago(hours(2)), {"debug"});
  blocks.add(ago(hours(1)) + 1, {"cart", "debug"});
  RetentionPolicy policy;
  policy.service_age_max["debug"] = hours(1);
  const RetentionPlan plan = blocks.plan(policy);
  EXPECT_EQ(plan.rewrite, (Ids{1}));
  EXPECT_EQ(plan.remove, (Ids{3}));
  EXPECT_TRUE(is_expired(policy, "debug", ago(hours(2)), kNow));
  EXPECT_FALSE(is_expired(policy, "cart", ago(hours(2)), kNow));
}

TEST(Retention, KeepsALongerServiceWhenTheRestIsOver) {
  Blocks blocks;
  blocks.add(ago(hours(48)), {"audit", "cart"});
  blocks.add(ago(hours(48)), {"cart"});
  blocks.add(ago(hours(48)), {"audit"});
  RetentionPolicy policy;
  policy.age_max = hours(24);
  policy.service_age_max["audit"] = std::nullopt;
  const RetentionPlan plan = blocks.plan(policy);
  EXPECT_EQ(plan.rewrite, (Ids{1}));
  EXPECT_EQ(plan.remove, (Ids{2}));
}

TEST(Retention, LooksOnceIntoABlockWithServicesThatAreNotNamed) {
  Blocks blocks;
  BlockFacts& facts = blocks.add(ago(hours(2)), {"cart", std::string(kOverflowService)});
  blocks.add(ago(hours(2)), {}).retention_applied_at = ago(hours(2));
  RetentionPolicy policy;
  policy.age_max = hours(24);
  policy.service_age_max["debug"] = hours(1);
  EXPECT_EQ(blocks.plan(policy).rewrite, (Ids{1, 2}));
  facts.retention_applied_at = kNow - 1;
  EXPECT_EQ(blocks.plan(policy).rewrite, (Ids{2}));
  // It goes as a whole when nothing in it can be kept any more.
  EXPECT_EQ(blocks.plan(policy, kNow + 86'400'000'000'000U).remove, (Ids{1, 2}));
}

TEST(Retention, RemovesTheOldestBeyondTheBytes) {
  Blocks blocks;
  blocks.add(ago(hours(1)), {"cart"}, 50);
  blocks.add(ago(hours(3)), {"cart"}, 60);
  blocks.add(ago(hours(2)), {"cart"}, 70);
  RetentionPolicy policy;
  policy.total_bytes_max = 180;
  EXPECT_TRUE(blocks.plan(policy).remove.empty());
  policy.total_bytes_max = 179;
  EXPECT_EQ(blocks.plan(policy).remove, (Ids{2}));
  policy.total_bytes_max = 119;
  EXPECT_EQ(blocks.plan(policy).remove, (Ids{2, 3}));
  policy.total_bytes_max = 0;
  EXPECT_EQ(blocks.plan(policy).remove, (Ids{2, 3, 1}));
}

TEST(Retention, DoesNotRewriteWhatGoesForItsBytes) {
  Blocks blocks;
  blocks.add(ago(hours(2)), {"cart", "debug"});
  RetentionPolicy policy;
  policy.service_age_max["debug"] = hours(1);
  policy.total_bytes_max = 99;
  const RetentionPlan plan = blocks.plan(policy);
  EXPECT_EQ(plan.remove, (Ids{1}));
  EXPECT_TRUE(plan.rewrite.empty());
}

TEST(Retention, LeavesUnreadableBlocksUntilTheirAge) {
  Blocks blocks;
  blocks.add(ago(hours(2)), {"cart", "debug"});
  blocks.add(ago(hours(2)), {"cart", "debug"});
  blocks.add(ago(hours(2)), {"debug"});
  blocks.mark(1, BlockState::Missing);
  blocks.mark(2, BlockState::Damaged);
  blocks.mark(3, BlockState::Missing);
  RetentionPolicy policy;
  policy.service_age_max["debug"] = hours(1);
  policy.total_bytes_max = 100;  // what is missing takes no room
  const RetentionPlan plan = blocks.plan(policy);
  EXPECT_EQ(plan.remove, (Ids{3}));
  EXPECT_TRUE(plan.rewrite.empty());
  EXPECT_EQ(plan.removed_bytes, 0U);
}

// Against the policy said in the plainest way, service by service.
TEST(Retention, DoesWhatThePolicySays) {
  const std::vector<std::string> names{"a", "b", "c", "d", "e"};
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    Random random(seed);
    Blocks blocks;
    for (int i = 0; i < 40; ++i) {
      std::vector<std::string> services;
      for (const std::string& name : names) {
        if (random.below(2) == 0) {
          services.push_back(name);
        }
      }
      services.resize(std::max<std::size_t>(1, services.size()), "a");
      blocks.add(ago(hours(random.below(100))), services, random.below(1000));
    }
    RetentionPolicy policy;
    if (random.below(3) > 0) {
      policy.age_max = hours(random.below(100));
    }
    for (const std::string& name : names) {
      if (random.below(3) == 0) {
        policy.service_age_max[name] = hours(random.below(100));
      }
    }
    policy.total_bytes_max = random.below(40'000);
    const RetentionPlan plan = blocks.plan(policy);
    const std::set<BlockId> removed(plan.remove.begin(), plan.remove.end());
    const std::set<BlockId> rewritten(plan.rewrite.begin(), plan.rewrite.end());
    ASSERT_EQ(removed.size(), plan.remove.size());
    std::uint64_t kept_bytes = 0;
    UnixNanos oldest_kept = UINT64_MAX;
    UnixNanos youngest_removed_for_bytes = 0;
    for (const CatalogBlock& block : blocks.snapshot().blocks) {
      const BlockFacts& facts = block.entry->facts;
      std::size_t over = 0;
      for (const BlockService& service : block.entry->services) {
        const std::string name(blocks.snapshot().service_name(service.service));
        const auto own = policy.service_age_max.find(name);
        const auto age = own != policy.service_age_max.end() ? own->second : policy.age_max;
        over += age.has_value() && facts.max_received + static_cast<UnixNanos>(age->count()) <= kNow
                    ? 1
                    : 0;
      }
      const bool is_over = over == block.entry->services.size();
      const bool is_removed = removed.contains(facts.id);
      EXPECT_TRUE(is_removed || !is_over) << "block " << facts.id;
      EXPECT_EQ(rewritten.contains(facts.id), !is_removed && over > 0) << "block " << facts.id;
      if (!is_removed) {
        kept_bytes += facts.file_bytes;
        oldest_kept = std::min(oldest_kept, facts.max_received);
      } else if (!is_over) {
        youngest_removed_for_bytes = std::max(youngest_removed_for_bytes, facts.max_received);
      }
    }
    EXPECT_LE(kept_bytes, policy.total_bytes_max);
    EXPECT_LE(youngest_removed_for_bytes, oldest_kept);
  }
}

}  // namespace
}  // namespace waybill::storage
