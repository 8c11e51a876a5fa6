// SPDX-License-Identifier: Apache-2.0
#include "storage/block/merge_blocks.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/random.h"
#include "model/span.h"
#include "storage/block/read/verify_block.h"
#include "storage/block/write/trace_order.h"
#include "storage/testing/batch_builder.h"
#include "storage/testing/block_harness.h"

namespace waybill::storage {
namespace {

constexpr UnixNanos kBegin = 1'700'000'000'000'000'000;

class MergeBlocks : public ::testing::Test {
 protected:
  // A block of spans whose traces partly lie in other blocks too.
  void add_block(std::uint64_t seed) {
    Random random(seed);
    BatchBuilder batch;
    batch.service("s" + std::to_string(seed));
    for (std::uint64_t i = 0; i < 200; ++i) {
      const UnixNanos start = kBegin + random.below(5000);
      batch.span(1 + random.below(60), seed * 1000 + i, seed * 1000 + random.below(i + 1), "a",
                 start, start + random.below(100));
    }
    auto block = std::make_unique<BlockHarness>();
    block->add(batch.take());
    block->options.group_span_count = 30;
    ASSERT_TRUE(block->write().has_value());
    readers_.push_back(block->open().value());
    for (const auto& [id, spans] : block->spans_of) {
      auto& all = all_[id];
      all.insert(all.end(), spans.begin(), spans.end());
    }
    blocks_.push_back(std::move(block));
  }

  std::vector<std::unique_ptr<BlockHarness>> blocks_;
  std::vector<std::shared_ptr<const BlockReader>> readers_;
  std::map<model::TraceId, std::vector<const model::Span*>> all_;
  os::FaultFileSystem files_;
};

TEST_F(MergeBlocks, BringsTracesTogether) {
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    add_block(seed);
  }
  MergeOptions options;
  options.writer.group_span_count = 100;
  const auto merged = merge_blocks(files_, "/merged", readers_, options);
  ASSERT_TRUE(merged.has_value()) << merged.error().message;
  ASSERT_TRUE(verify_block(files_, "/merged").has_value());
  EXPECT_EQ(merged->trace_count, all_.size());
  EXPECT_EQ(merged->span_count, 800u);
  EXPECT_EQ(merged->first_received, 1u);
  EXPECT_EQ(merged->last_received, 2u);
  const auto reader = BlockReader::open(files_, "/merged").value();
  for (const auto& [id, spans] : all_) {
    const auto read = reader->read_trace(id).value();
    const auto wanted = order_depth_first(spans);
    ASSERT_EQ(read.spans.size(), wanted.size());
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      ASSERT_TRUE(model::equal(*read.spans[i], *wanted[i].span));
    }
  }
}

TEST_F(MergeBlocks, KeepsIdenticalReportsOnce) {
  add_block(1);
  add_block(1);
  const auto merged = merge_blocks(files_, "/merged", readers_);
  ASSERT_TRUE(merged.has_value()) << merged.error().message;
  EXPECT_EQ(merged->span_count, 200u);
}

TEST_F(MergeBlocks, LeavesOutWhatIsNotKept) {
  add_block(1);
  MergeOptions options;
  options.keeps = [](const BlockTrace& trace) { return trace.id.low % 2 == 0; };
  ASSERT_TRUE(merge_blocks(files_, "/merged", readers_, options).has_value());
  const auto reader = BlockReader::open(files_, "/merged").value();
  for (const auto& [id, spans] : all_) {
    EXPECT_EQ(reader->find_trace(id)->has_value(), id.low % 2 == 0);
  }
}

TEST_F(MergeBlocks, OfNothingIsEmpty) {
  const auto merged = merge_blocks(files_, "/merged", {});
  ASSERT_TRUE(merged.has_value());
  EXPECT_EQ(merged->span_count, 0u);
  EXPECT_TRUE(verify_block(files_, "/merged").has_value());
}

TEST_F(MergeBlocks, StopsWhenItIsAsked) {
  add_block(1);
  std::stop_source stop;
  stop.request_stop();
  MergeOptions options;
  options.cancelled = stop.get_token();
  EXPECT_EQ(merge_blocks(files_, "/merged", readers_, options).error().code, ErrorCode::Cancelled);
}

}  // namespace
}  // namespace waybill::storage
