// SPDX-License-Identifier: Apache-2.0
//
// Blocks of recorded traces, and of one trace of a million spans.
#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "compress/decompress.h"
#include "model/span.h"
#include "os/environment.h"
#include "os/testing/fault_file_system.h"
#include "storage/block/read/block_reader.h"
#include "storage/block/read/verify_block.h"
#include "storage/block/write/block_writer.h"
#include "storage/block/write/trace_order.h"
#include "storage/testing/block_harness.h"
#include "wire/otlp/otlp.h"

namespace waybill::storage {
namespace {

std::filesystem::path recorded() {
  const auto set = os::environment_variable("WAYBILL_SHARED");
  const std::filesystem::path shared =
      set ? std::filesystem::path(*set)
          : std::filesystem::path(WAYBILL_SOURCE_DIR) / ".." / "shared";
  return shared / "data" / "traces";
}

std::string read_file(const std::filesystem::path& path) {
  const std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  if (path.extension() != ".gz") {
    return text.str();
  }
  return compress::decompress(compress::Encoding::Gzip, text.str(), {std::size_t{1} << 28}).value();
}

void add_document(BlockHarness& block, std::string document) {
  auto decoded = wire::otlp::decode_json(std::make_shared<const std::string>(std::move(document)));
  ASSERT_TRUE(decoded.has_value()) << decoded.error().message;
  block.add(std::move(decoded->batch));
}

void expect_round_trip(BlockHarness& block) {
  ASSERT_TRUE(block.write().has_value());
  const auto verified = verify_block(block.files, BlockHarness::kPath);
  ASSERT_TRUE(verified.has_value()) << verified.error().message;
  const auto reader = block.open().value();
  for (std::size_t group = 0; group < reader->info().group_count; ++group) {
    const auto traces = reader->list_traces(group).value();
    const RowRange rows{
        traces.front().rows.first,
        traces.back().rows.first + traces.back().rows.count - traces.front().rows.first};
    const BlockSpans read = reader->read_rows(rows).value();
    std::size_t next = 0;
    for (const BlockTrace& trace : traces) {
      for (const OrderedSpan& wanted : order_depth_first(block.spans_of[trace.id])) {
        ASSERT_TRUE(model::equal(*wanted.span, *read.spans[next])) << trace.id.hex();
        ++next;
      }
    }
    ASSERT_EQ(next, read.spans.size());
  }
}

TEST(BlockData, KeepsRecordedTraces) {
  if (!std::filesystem::exists(recorded())) {
    GTEST_SKIP() << "the reference data is absent: " << recorded();
  }
  const std::vector<std::string> line_files = {
      "nezha-train-ticket-2023-01-29/tt-0129-baseline.jsonl.gz",
      "nezha-online-boutique-2022-08-22/ob-0822-0509-checkout-return.jsonl.gz"};
  for (const std::string& name : line_files) {
    SCOPED_TRACE(name);
    BlockHarness block;
    std::istringstream lines(read_file(recorded() / name));
    for (std::string line; std::getline(lines, line);) {
      add_document(block, std::move(line));
    }
    expect_round_trip(block);
  }
  for (const auto& entry : std::filesystem::directory_iterator(recorded() / "otlp-examples")) {
    SCOPED_TRACE(entry.path().string());
    if (entry.path().extension() == ".json") {
      BlockHarness block;
      add_document(block, read_file(entry.path()));
      expect_round_trip(block);
    }
  }
}

TEST(BlockData, HoldsATraceOfAMillionSpans) {
  constexpr std::uint64_t kSpanCount = 1'000'000;
  constexpr UnixNanos kBegin = 1'700'000'000'000'000'000;
  model::Resource resource;
  model::Scope scope;
  scope.resource = &resource;
  std::vector<model::Span> spans(kSpanCount);
  std::vector<const model::Span*> pointers;
  for (std::uint64_t i = 0; i < kSpanCount; ++i) {
    model::Span& span = spans[i];
    span.trace_id = {1, 2};
    span.span_id = {i + 1};
    // Chains of a hundred below the root.
    span.parent_span_id = {i == 0 ? 0 : i % 100 == 0 ? 1 : i};
    span.start = kBegin + i * 10;
    span.end = span.start + 5;
    span.name = i % 3 == 0 ? "a" : "b";
    span.scope = &scope;
    pointers.push_back(&span);
  }
  os::FaultFileSystem files;
  ASSERT_TRUE(build_block(files, "/block", {{{1, 2}, pointers}}, {}).has_value());
  const auto reader = BlockReader::open(files, "/block").value();
  const auto trace = reader->find_trace({1, 2}).value();
  ASSERT_TRUE(trace.has_value());
  EXPECT_EQ(trace->rows, (RowRange{0, kSpanCount}));
  for (const std::uint64_t first : {std::uint64_t{0}, kSpanCount / 2 + 17, kSpanCount - 1000}) {
    const BlockSpans piece = reader->read_rows({first, 1000}).value();
    for (std::uint64_t i = 0; i < 1000; ++i) {
      ASSERT_TRUE(model::equal(*piece.spans[i], spans[first + i])) << first + i;
    }
  }
}

}  // namespace
}  // namespace waybill::storage
