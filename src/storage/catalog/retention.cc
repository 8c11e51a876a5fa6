// SPDX-License-Identifier: Apache-2.0
#include "storage/catalog/retention.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "storage/catalog/block_entry.h"
#include "storage/catalog/catalog_snapshot.h"

namespace waybill::storage {
namespace {

const RetentionPolicy::Age& age_of(const RetentionPolicy& policy, std::string_view service) {
  const auto found = policy.service_age_max.find(service);
  return found != policy.service_age_max.end() ? found->second : policy.age_max;
}

bool has_reached(const RetentionPolicy::Age& age, UnixNanos max_received, UnixNanos now) {
  if (!age.has_value() || max_received > now) {
    return false;
  }
  return age->count() <= 0 || now - max_received >= static_cast<std::uint64_t>(age->count());
}

// What a block's services say about it.
struct Findings {
  std::size_t expired_count = 0;
  std::size_t kept_count = 0;
  bool has_hidden = false;  // spans of services that are not named
};

Findings inspect(const CatalogSnapshot& snapshot, const BlockEntry& entry, UnixNanos now,
                 const RetentionPolicy& policy) {
  Findings findings;
  findings.has_hidden = entry.services.empty();
  for (const BlockService& service : entry.services) {
    if (service.service == 0) {
      findings.has_hidden = true;
    } else if (is_expired(policy, snapshot.service_name(service.service), entry.facts.max_received,
                          now)) {
      ++findings.expired_count;
    } else {
      ++findings.kept_count;
    }
  }
  return findings;
}

// Calls `visit` with each age that a service without a name may have.
template <typename Visit>
void visit_ages(const RetentionPolicy& policy, const Visit& visit) {
  visit(policy.age_max);
  for (const auto& [service, age] : policy.service_age_max) {
    visit(age);
  }
}

bool is_over_for_all(const BlockFacts& facts, UnixNanos now, const RetentionPolicy& policy) {
  bool is_over = true;
  visit_ages(policy, [&](const RetentionPolicy::Age& age) {
    is_over = is_over && has_reached(age, facts.max_received, now);
  });
  return is_over;
}

// Whether a limit has been reached that was not when the block was last looked into.
bool has_new_limit(const BlockFacts& facts, UnixNanos now, const RetentionPolicy& policy) {
  bool is_new = false;
  visit_ages(policy, [&](const RetentionPolicy::Age& age) {
    is_new = is_new || (has_reached(age, facts.max_received, now) &&
                        !has_reached(age, facts.max_received, facts.retention_applied_at));
  });
  return is_new;
}

enum class Verdict { Keep, Rewrite, Remove };

Verdict judge(const CatalogSnapshot& snapshot, const BlockEntry& entry, UnixNanos now,
              const RetentionPolicy& policy) {
  const Findings findings = inspect(snapshot, entry, now, policy);
  const bool hidden_may_stay = findings.has_hidden && !is_over_for_all(entry.facts, now, policy);
  if (findings.kept_count == 0 && !hidden_may_stay) {
    return Verdict::Remove;
  }
  const bool must_look = findings.expired_count > 0 ||
                         (findings.has_hidden && has_new_limit(entry.facts, now, policy));
  return must_look ? Verdict::Rewrite : Verdict::Keep;
}

}  // namespace

bool is_expired(const RetentionPolicy& policy, std::string_view service, UnixNanos max_received,
                UnixNanos now) {
  return has_reached(age_of(policy, service), max_received, now);
}

RetentionPlan plan_retention(const CatalogSnapshot& snapshot, UnixNanos now,
                             const RetentionPolicy& policy) {
  std::vector<const CatalogBlock*> blocks;
  blocks.reserve(snapshot.blocks.size());
  std::uint64_t total_bytes = 0;
  for (const CatalogBlock& block : snapshot.blocks) {
    blocks.push_back(&block);
    total_bytes += block.state == BlockState::Missing ? 0 : block.entry->facts.file_bytes;
  }
  std::sort(blocks.begin(), blocks.end(), [](const CatalogBlock* left, const CatalogBlock* right) {
    const BlockFacts& a = left->entry->facts;
    const BlockFacts& b = right->entry->facts;
    return a.max_received != b.max_received ? a.max_received < b.max_received : a.id < b.id;
  });
  RetentionPlan plan;
  std::vector<const CatalogBlock*> kept;
  const auto remove = [&](const CatalogBlock& block) {
    const BlockFacts& facts = block.entry->facts;
    const std::uint64_t bytes = block.state == BlockState::Missing ? 0 : facts.file_bytes;
    plan.remove.push_back(facts.id);
    plan.removed_bytes += bytes;
    plan.removed_spans += facts.span_count;
    total_bytes -= bytes;
  };
  for (const CatalogBlock* block : blocks) {
    const bool may_remove = plan.remove.size() < RetentionPlan::kRemovedMax;
    if (may_remove && judge(snapshot, *block->entry, now, policy) == Verdict::Remove) {
      remove(*block);
    } else {
      kept.push_back(block);
    }
  }
  for (const CatalogBlock* block : kept) {
    const bool may_remove = plan.remove.size() < RetentionPlan::kRemovedMax;
    if (may_remove && total_bytes > policy.total_bytes_max && block->state != BlockState::Missing) {
      remove(*block);
    } else if (block->state == BlockState::Present &&
               judge(snapshot, *block->entry, now, policy) == Verdict::Rewrite) {
      plan.rewrite.push_back(block->entry->facts.id);
    }
  }
  return plan;
}

}  // namespace waybill::storage
