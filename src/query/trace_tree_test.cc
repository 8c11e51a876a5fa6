// SPDX-License-Identifier: Apache-2.0
#include "query/trace_tree.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

#include "model/span.h"
#include "model/span_batch.h"
#include "storage/testing/batch_builder.h"

namespace waybill::query {
namespace {

using storage::BatchBuilder;
using Rows = std::vector<std::int32_t>;

TraceTree tree_of(BatchBuilder& builder) {
  const model::SpanBatch batch = builder.take();
  std::vector<const model::Span*> spans;
  for (const model::Span& span : batch.spans()) {
    spans.push_back(&span);
  }
  return make_trace_tree(spans);
}

TEST(TraceTree, FindsParentsRootsAndOrphans) {
  BatchBuilder batch;
  batch.span(1, 10, 0, "root", 0, 100).span(1, 11, 10, "child", 1, 50);
  batch.span(1, 12, 11, "grandchild", 2, 40).span(1, 13, 99, "orphan", 3, 4);
  const TraceTree tree = tree_of(batch);
  EXPECT_EQ(tree.parent, (Rows{-1, 0, 1, -2}));
  EXPECT_EQ(tree.depth, (std::vector<std::uint32_t>{0, 1, 2, 0}));
}

TEST(TraceTree, TakesAParentThatStartsLater) {
  BatchBuilder batch;
  batch.span(1, 11, 10, "child", 0, 5).span(1, 10, 0, "root", 1, 100);
  const TraceTree tree = tree_of(batch);
  EXPECT_EQ(tree.parent, (Rows{1, -1}));
  EXPECT_EQ(tree.depth, (std::vector<std::uint32_t>{1, 0}));
}

TEST(TraceTree, CutsCyclesAtTheEarliestMember) {
  BatchBuilder batch;
  batch.span(1, 9, 10, "outside", 0, 9).span(1, 10, 12, "a", 1, 9);
  batch.span(1, 11, 10, "b", 2, 9).span(1, 12, 11, "c", 3, 9).span(1, 20, 20, "self", 4, 9);
  const TraceTree tree = tree_of(batch);
  EXPECT_EQ(tree.parent, (Rows{1, -1, 1, 2, -1}));
  EXPECT_EQ(tree.cuts_cycle, (std::vector<bool>{false, true, false, false, true}));
  EXPECT_EQ(tree.depth, (std::vector<std::uint32_t>{1, 0, 1, 2, 0}));
}

TEST(TraceTree, LetsTheFirstOfEqualIdsBeTheParent) {
  BatchBuilder batch;
  batch.span(1, 10, 0, "first", 0, 9).span(1, 10, 0, "second", 1, 9).span(1, 11, 10, "child", 2, 3);
  const TraceTree tree = tree_of(batch);
  EXPECT_EQ(tree.parent, (Rows{-1, -1, 0}));
  EXPECT_EQ(tree.shares_id, (std::vector<bool>{true, true, false}));
}

TEST(TraceTree, HangsTheServerHalfUnderTheClientHalf) {
  BatchBuilder batch;
  batch.span(1, 5, 0, "root", 0, 100);
  batch.span(1, 10, 5, "call", 10, 90).kind(model::SpanKind::Client);
  batch.span(1, 10, 5, "serve", 20, 80).kind(model::SpanKind::Server);
  batch.span(1, 11, 10, "work", 30, 70);
  const TraceTree tree = tree_of(batch);
  EXPECT_EQ(tree.parent, (Rows{-1, 0, 1, 2}));
  EXPECT_EQ(tree.shares_id, (std::vector<bool>{false, true, true, false}));
}

TEST(TraceTree, CutsHalvesThatNameThemselves) {
  BatchBuilder batch;
  batch.span(1, 10, 10, "serve", 0, 80).kind(model::SpanKind::Server);
  batch.span(1, 10, 10, "call", 10, 90).kind(model::SpanKind::Client);
  const TraceTree tree = tree_of(batch);
  EXPECT_EQ(tree.parent, (Rows{-1, 0}));
}

TEST(TraceTree, TakesAHundredThousandLevels) {
  constexpr std::uint64_t kCount = 100'000;
  BatchBuilder batch;
  for (std::uint64_t i = 0; i < kCount; ++i) {
    // Each names the one that comes behind it; the last one names the first: one long cycle.
    batch.span(1, i + 1, (i + 1) % kCount + 1, "n", i, i + 1);
  }
  const TraceTree tree = tree_of(batch);
  EXPECT_TRUE(tree.cuts_cycle[0]);
  EXPECT_EQ(tree.depth[kCount - 1], 1U);
  EXPECT_EQ(tree.depth[1], kCount - 1);
}

TEST(TraceTree, TakesNoSpans) { EXPECT_TRUE(make_trace_tree({}).parent.empty()); }

}  // namespace
}  // namespace waybill::query
