// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/random.h"
#include "model/span.h"
#include "model/testing/random_batch.h"
#include "storage/block/block_format.h"
#include "storage/block/read/block_reader.h"
#include "storage/block/read/group_reader.h"
#include "storage/block/read/group_tree.h"
#include "storage/block/write/block_writer.h"
#include "storage/block/write/trace_order.h"
#include "storage/testing/batch_builder.h"
#include "storage/testing/block_harness.h"

namespace waybill::storage {
namespace {

constexpr UnixNanos kBegin = 1'700'000'000'000'000'000;

// What a block must answer for these spans: the same ones, in depth-first order.
void expect_same(const std::vector<const model::Span*>& put,
                 const std::vector<const model::Span*>& got) {
  const std::vector<OrderedSpan> ordered = order_depth_first(put);
  ASSERT_EQ(got.size(), ordered.size());
  for (std::size_t i = 0; i < got.size(); ++i) {
    ASSERT_TRUE(model::equal(*ordered[i].span, *got[i]))
        << "row " << i << ", span " << got[i]->span_id.hex();
  }
}

// Writes what the harness has and reads it back in every way.
void expect_round_trip(BlockHarness& block) {
  const auto written = block.write();
  ASSERT_TRUE(written.has_value()) << written.error().message;
  const auto opened = block.open();
  ASSERT_TRUE(opened.has_value()) << opened.error().message;
  const BlockReader& reader = **opened;
  EXPECT_EQ(reader.info(), *written);
  std::vector<const model::Span*> all;
  std::uint64_t span_count = 0;
  for (const auto& [id, spans] : block.spans_of) {
    span_count += spans.size();
    const auto found = reader.find_trace(id);
    ASSERT_TRUE(found.has_value()) << found.error().message;
    ASSERT_TRUE(found->has_value());
    EXPECT_EQ((*found)->rows.count, spans.size());
    EXPECT_EQ((*found)->id, id);
    const auto read = reader.read_trace(id);
    ASSERT_TRUE(read.has_value()) << read.error().message;
    expect_same(spans, read->spans);
    const auto rows = reader.read_rows((*found)->rows);
    ASSERT_TRUE(rows.has_value()) << rows.error().message;
    expect_same(spans, rows->spans);
  }
  EXPECT_EQ(reader.info().span_count, span_count);
  EXPECT_EQ(reader.info().trace_count, block.spans_of.size());
}

TEST(Block, IsEmptyWithoutTraces) {
  BlockHarness block;
  expect_round_trip(block);
  const auto reader = *block.open();
  EXPECT_EQ(reader->info().group_count, 0u);
  EXPECT_FALSE(reader->find_trace({1, 2})->has_value());
  EXPECT_TRUE(reader->read_trace({1, 2})->spans.empty());
  EXPECT_TRUE(reader->read_rows({0, 0})->spans.empty());
}

TEST(Block, KeepsOneSpan) {
  BatchBuilder batch;
  batch.service("cart").span(1, 2, 0, "GET /", kBegin, kBegin + 250);
  BlockHarness block;
  block.add(batch.take());
  expect_round_trip(block);
  EXPECT_EQ((*block.open())->info().first_start, kBegin);
  EXPECT_EQ((*block.open())->info().last_end, kBegin + 250);
}

TEST(Block, KeepsRandomSpans) {
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed);
    BlockHarness block;
    block.options.group_span_count = 1 + random.below(60);
    block.add(model::testing::make_random_batch(random, {.span_count = 80}));
    block.add(model::testing::make_random_batch(random));
    expect_round_trip(block);
  }
}

// Everything in one trace and little variety: duplicate ids, cycles, parents in other groups.
TEST(Block, KeepsEveryGraphOfParents) {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed);
    BatchBuilder batch;
    const std::uint64_t span_count = 1 + random.below(60);
    for (std::uint64_t i = 0; i < span_count; ++i) {
      const UnixNanos start = kBegin + random.below(20);
      batch.span(1 + random.below(2), 1 + random.below(span_count), random.below(span_count), "a",
                 start, start + random.below(10));
    }
    BlockHarness block;
    block.add(batch.take());
    block.options.group_span_count = 1 + random.below(70);
    expect_round_trip(block);
  }
}

TEST(Block, KeepsTimesAndDurationsOfAnySize) {
  BatchBuilder batch;
  constexpr std::uint64_t kMax = std::numeric_limits<std::uint64_t>::max();
  const std::vector<std::uint64_t> times = {0, 1, kMax, kMax - 1, 1ULL << 63, (1ULL << 63) - 1};
  std::uint64_t next = 1;
  for (const std::uint64_t start : times) {
    for (const std::uint64_t end : times) {
      batch.span(1 + next % 3, next, next / 2, "odd", start, end);
      ++next;
    }
  }
  BlockHarness block;
  block.add(batch.take());
  expect_round_trip(block);
}

TEST(Block, KeepsTextsThatComeOnceEach) {
  BatchBuilder batch;
  Random random(7);
  std::vector<std::string> texts;
  for (std::uint64_t i = 0; i < 1500; ++i) {
    const auto hex = model::TraceId{random.next(), random.next()}.hex();
    texts.push_back(hex.substr(0, 8) + "-" + hex.substr(8, 4) + "-" + hex.substr(12, 4) + "-" +
                    hex.substr(16, 4) + "-" + hex.substr(20));
    texts.push_back("/users/" + std::to_string(random.below(100000)) + "/x?y=" + hex);
    texts.push_back(std::string(random.below(40), static_cast<char>(random.below(256))));
  }
  for (std::uint64_t i = 0; i < 1500; ++i) {
    batch.span(1 + i / 5, i + 1, 0, "a", kBegin + i, kBegin + i)
        .attribute("id", model::Value::of_string(texts[3 * i]))
        .attribute("url", model::Value::of_string(texts[3 * i + 1]))
        .attribute("odd", model::Value::of_string(texts[3 * i + 2]))
        .attribute("bytes", model::Value::of_bytes(texts[3 * i + 1]))
        .attribute("shared", model::Value::of_string(texts[i / 5]));
  }
  BlockHarness block;
  block.add(batch.take());
  block.options.group_span_count = 600;
  expect_round_trip(block);
}

TEST(Block, StaysWithinItsTablesWhenEverySpanIsOfAnotherShape) {
  BatchBuilder batch;
  for (std::uint64_t i = 0; i < 300; ++i) {
    batch.span(1 + i / 7, i + 1, 0, "name " + std::to_string(i), kBegin, kBegin + i)
        .attribute("key " + std::to_string(i), model::Value::of_int(3))
        .attribute("a", model::Value::of_bool(i % 2 == 0))
        .event(kBegin, "event " + std::to_string(i),
               {{"k" + std::to_string(i), model::Value::of_string("v")}});
  }
  BlockHarness block;
  block.add(batch.take());
  block.options.schema = {.shape_count_max = 40, .layout_count_max = 20, .field_count_max = 50};
  expect_round_trip(block);
}

TEST(Block, ReadsAnyRowsOfATraceInSeveralGroups) {
  BatchBuilder batch;
  Random random(3);
  batch.span(1, 1, 0, "root", kBegin, kBegin + 1000);
  for (std::uint64_t i = 2; i <= 100; ++i) {
    batch.span(1, i, 1 + random.below(i - 1), "child", kBegin + i, kBegin + 2 * i)
        .event(kBegin + i, "e", {{"i", model::Value::of_int(static_cast<std::int64_t>(i))}});
  }
  BlockHarness block;
  block.add(batch.take());
  block.options.group_span_count = 16;
  expect_round_trip(block);
  const auto reader = *block.open();
  EXPECT_EQ(reader->info().group_count, 7u);
  const auto all = reader->read_trace({0, 1}).value();
  for (std::uint64_t first = 0; first < 100; first += 7) {
    for (std::uint64_t count = 0; first + count <= 100; count += 9) {
      const auto some = reader->read_rows({first, count});
      ASSERT_TRUE(some.has_value()) << some.error().message;
      ASSERT_EQ(some->spans.size(), count);
      for (std::uint64_t i = 0; i < count; ++i) {
        ASSERT_TRUE(model::equal(*some->spans[i], *all.spans[first + i]));
      }
    }
  }
  EXPECT_EQ(reader->read_rows({50, 51}).error().code, ErrorCode::InvalidArgument);
}

// Whether `below` hangs under `above`, by ids alone.
bool is_below(const std::vector<const model::Span*>& spans, std::size_t above, std::size_t below) {
  std::size_t at = below;
  while (!spans[at]->parent_span_id.is_zero()) {
    std::size_t parent = 0;
    while (spans[parent]->span_id != spans[at]->parent_span_id) {
      ++parent;
    }
    if (parent == above) {
      return true;
    }
    at = parent;
  }
  return false;
}

TEST(Block, GivesSubtreesAsRangesOfRows) {
  BatchBuilder batch;
  Random random(9);
  for (std::uint64_t i = 1; i <= 60; ++i) {
    batch.span(1 + (i > 30 ? 1 : 0), i,
               i == 1 || i == 31 ? 0 : (i > 30 ? 31 : 1) + random.below((i - 1) % 30), "a",
               kBegin + i, kBegin + i);
  }
  BlockHarness block;
  block.add(batch.take());
  ASSERT_TRUE(block.write().has_value());
  const auto reader = *block.open();
  auto group = GroupReader::open(reader->file(), 0, GroupReader::Load::Parts).value();
  const GroupTree tree = read_tree(group).value();
  const BlockSpans read = reader->read_rows({0, 60}).value();
  const auto& spans = read.spans;
  for (std::size_t above = 0; above < 60; ++above) {
    for (std::size_t below = 0; below < 60; ++below) {
      const bool is_in_range = above < below && below < tree.ends[above];
      const bool is_one_trace = spans[above]->trace_id == spans[below]->trace_id;
      ASSERT_EQ(is_in_range, is_one_trace && is_below(spans, above, below))
          << "rows " << above << " and " << below << ", end " << tree.ends[above];
    }
    const std::uint32_t parent = tree.parents[above];
    ASSERT_EQ(parent == GroupTree::kNoParent, spans[above]->parent_span_id.is_zero());
    if (parent != GroupTree::kNoParent) {
      ASSERT_EQ(spans[parent]->span_id, spans[above]->parent_span_id);
    }
  }
}

TEST(Block, ListsTracesByStart) {
  BatchBuilder batch;
  batch.span(5, 1, 0, "a", kBegin + 3, kBegin + 4)
      .span(7, 2, 0, "a", kBegin + 1, kBegin + 9)
      .span(6, 3, 0, "a", kBegin + 3, kBegin + 5);
  BlockHarness block;
  block.add(batch.take());
  ASSERT_TRUE(block.write().has_value());
  const auto traces = (*block.open())->list_traces(0).value();
  ASSERT_EQ(traces.size(), 3u);
  EXPECT_EQ(traces[0], (BlockTrace{{0, 7}, kBegin + 1, kBegin + 9, {0, 1}}));
  EXPECT_EQ(traces[1], (BlockTrace{{0, 6}, kBegin + 3, kBegin + 5, {1, 1}}));
  EXPECT_EQ(traces[2], (BlockTrace{{0, 5}, kBegin + 3, kBegin + 4, {2, 1}}));
}

TEST(Block, ServesManyThreadsAtOnce) {
  Random random(12);
  BlockHarness block;
  block.options.group_span_count = 30;
  block.add(model::testing::make_random_batch(random, {.span_count = 120}));
  ASSERT_TRUE(block.write().has_value());
  const auto reader = *block.open();
  std::vector<std::jthread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (const auto& [id, spans] : block.spans_of) {
        const auto read = reader->read_trace(id);
        ASSERT_TRUE(read.has_value()) << read.error().message;
        reader->file()->drop_cache();
        expect_same(spans, read->spans);
      }
    });
  }
}

TEST(Block, RefusesTracesOutOfOrder) {
  BatchBuilder batch;
  batch.span(1, 1, 0, "a", 10, 11).span(2, 2, 0, "a", 9, 11).span(3, 3, 0, "a", 10, 11);
  const model::SpanBatch spans = batch.take();
  os::FaultFileSystem files;
  BlockWriter writer({}, files.create_file("/block").value());
  const auto add = [&](std::size_t index) {
    const model::Span* span = &spans.spans()[index];
    return writer.add_trace(span->trace_id, {&span, 1});
  };
  EXPECT_TRUE(add(0).has_value());
  EXPECT_EQ(add(1).error().code, ErrorCode::InvalidArgument);
  EXPECT_EQ(add(2).error().code, ErrorCode::InvalidArgument);
  EXPECT_EQ(writer.add_trace({0, 9}, {}).error().code, ErrorCode::InvalidArgument);
}

}  // namespace
}  // namespace waybill::storage
