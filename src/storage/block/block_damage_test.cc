// SPDX-License-Identifier: Apache-2.0
//
// Files that are no blocks, or no longer: whatever is done to the bytes, verify_block() says so,
// and reading gives an error or the spans that were written, never others.
#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/hash.h"
#include "base/random.h"
#include "model/span.h"
#include "model/testing/random_batch.h"
#include "storage/block/block_format.h"
#include "storage/block/read/block_reader.h"
#include "storage/block/read/verify_block.h"
#include "storage/block/write/trace_order.h"
#include "storage/testing/batch_builder.h"
#include "storage/testing/block_harness.h"

namespace waybill::storage {
namespace {

constexpr UnixNanos kBegin = 1'700'000'000'000'000'000;

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

class BlockDamage : public ::testing::Test {
 protected:
  void SetUp() override {
    BatchBuilder batch;
    batch.service("cart", {{"host", model::Value::of_string("a")}});
    for (std::uint64_t i = 1; i <= 40; ++i) {
      texts_.push_back("id-" + std::to_string(i * 7919) + "-" + model::SpanId{i * i}.hex());
    }
    for (std::uint64_t i = 1; i <= 40; ++i) {
      batch
          .span(1 + i / 6, i, i % 6 == 0 ? 0 : i - 1, i % 3 == 0 ? "GET /" : "SELECT", kBegin + i,
                kBegin + 2 * i)
          .attribute("id", model::Value::of_string(texts_[i - 1]))
          .attribute("i", model::Value::of_int(static_cast<std::int64_t>(i * i)));
      if (i % 5 == 0) {
        batch.error("failed").event(kBegin + i, "exception", {{"k", model::Value::of_bool(true)}});
        batch.link(9, i);
      }
    }
    block_.add(batch.take());
    block_.options.group_span_count = 20;
    ASSERT_TRUE(block_.write().has_value());
    bytes_ = block_.files.content(BlockHarness::kPath);
    ASSERT_TRUE(verify().has_value());
  }

  void put(std::string bytes) { block_.files.put(BlockHarness::kPath, std::move(bytes)); }
  Result<BlockInfo> verify() { return verify_block(block_.files, BlockHarness::kPath); }

  // Everything that can be read is what was written.
  void expect_truth() {
    const auto opened = block_.open();
    if (!opened.has_value()) {
      return;
    }
    for (const auto& [id, spans] : block_.spans_of) {
      const auto read = (*opened)->read_trace(id);
      if (!read.has_value() || read->spans.empty()) {
        continue;  // said, or no longer in the index
      }
      const auto ordered = order_depth_first(spans);
      ASSERT_EQ(read->spans.size(), ordered.size());
      for (std::size_t i = 0; i < ordered.size(); ++i) {
        ASSERT_TRUE(model::equal(*read->spans[i], *ordered[i].span));
      }
    }
  }

  std::size_t directory_offset() const {
    return static_cast<std::size_t>(
        decode_block_tail(std::string_view(bytes_).substr(bytes_.size() - kBlockTailBytes),
                          bytes_.size())
            ->offset);
  }

  BlockHarness block_;
  std::string bytes_;
  std::vector<std::string> texts_;
};

TEST_F(BlockDamage, IsFoundInEveryByte) {
  for (std::size_t at = 0; at < bytes_.size(); ++at) {
    std::string damaged = bytes_;
    damaged[at] = static_cast<char>(damaged[at] ^ (1 << (at % 8)));
    put(std::move(damaged));
    const auto checked = verify();
    ASSERT_FALSE(checked.has_value()) << "byte " << at;
    ASSERT_TRUE(contains(checked.error().message, BlockHarness::kPath)) << checked.error().message;
    if (at % 7 == 0) {
      expect_truth();
    }
  }
}

TEST_F(BlockDamage, IsFoundAtEveryLength) {
  for (std::size_t size = 0; size < bytes_.size(); ++size) {
    put(bytes_.substr(0, size));
    ASSERT_FALSE(verify().has_value()) << size;
    ASSERT_FALSE(block_.open().has_value()) << size;
  }
  put(bytes_ + "x");
  EXPECT_FALSE(block_.open().has_value());
}

TEST_F(BlockDamage, NamesFilePartAndOffset) {
  const std::uint64_t offset = (*block_.open())->file()->directory().schema.offset;
  std::string damaged = bytes_;
  damaged[offset] = static_cast<char>(damaged[offset] ^ 1);
  put(std::move(damaged));
  const auto error = verify().error();
  EXPECT_EQ(error.code, ErrorCode::DataLoss);
  EXPECT_EQ(error.message,
            "/block: schema at offset " + std::to_string(offset) + ": checksum mismatch");
}

TEST_F(BlockDamage, ForeignFilesAreToldFromDamage) {
  put("PK\x03\x04 this is something else altogether, and long enough to hold a tail of 48 bytes");
  EXPECT_EQ(block_.open().error().code, ErrorCode::InvalidArgument);
  EXPECT_EQ(verify().error().code, ErrorCode::InvalidArgument);
  put("");
  EXPECT_EQ(block_.open().error().code, ErrorCode::InvalidArgument);
  put(bytes_.substr(0, bytes_.size() / 2));
  EXPECT_EQ(block_.open().error().code, ErrorCode::DataLoss);
  EXPECT_TRUE(contains(block_.open().error().message, "ends early"));
}

TEST_F(BlockDamage, NewerVersionsAreToldFromDamage) {
  std::string newer = bytes_;
  const std::size_t tail = newer.size() - kBlockTailBytes;
  newer[tail + 28] = 2;
  const std::uint64_t checksum = checksum64(std::string_view(newer).substr(tail, 32));
  std::memcpy(newer.data() + tail + 32, &checksum, sizeof(checksum));
  put(newer);
  EXPECT_EQ(block_.open().error().code, ErrorCode::Unimplemented);
  EXPECT_TRUE(contains(block_.open().error().message, "version 2, written by a newer program"));
  newer[8] = 2;
  put(newer + "and a tail of another form, at the very end of the file, 48 bytes");
  EXPECT_EQ(block_.open().error().code, ErrorCode::Unimplemented);
}

TEST_F(BlockDamage, ErrorsOfTheFileSystemAreGivenOn) {
  for (std::uint64_t call = 1; call < 100; ++call) {
    block_.files.fail_calls(call, ErrorCode::Unavailable);
    const auto checked = verify();
    if (!block_.files.has_failed()) {
      EXPECT_TRUE(checked.has_value());
      EXPECT_GT(call, 10u);
      return;
    }
    ASSERT_FALSE(checked.has_value()) << call;
    EXPECT_EQ(checked.error().code, ErrorCode::Unavailable);
  }
  FAIL() << "verify_block() makes too many calls";
}

TEST_F(BlockDamage, WritersGiveOnErrorsOfTheFile) {
  block_.files.remove_file(BlockHarness::kPath).value();
  for (std::uint64_t call = 1; call < 100; ++call) {
    block_.files.fail_calls(call, ErrorCode::ResourceExhausted);
    const auto written =
        build_block(block_.files, "/new" + std::to_string(call), block_.traces(), {}, {});
    if (!block_.files.has_failed()) {
      EXPECT_TRUE(written.has_value());
      EXPECT_GT(call, 5u);
      return;
    }
    ASSERT_FALSE(written.has_value()) << call;
    EXPECT_EQ(written.error().code, ErrorCode::ResourceExhausted);
  }
  FAIL() << "build_block() makes too many calls";
}

// Bytes behind right checksums, as a broken writer could leave them.
TEST_F(BlockDamage, NeverCrashesBehindRightChecksums) {
  block_.options.zstd_level = 0;
  ASSERT_TRUE(block_.write().has_value());
  bytes_ = block_.files.content(BlockHarness::kPath);
  Random random(11);
  const BlockDirectory directory = (*block_.open())->file()->directory();
  for (int round = 0; round < 800; ++round) {
    std::string damaged = bytes_;
    BlockDirectory changed = directory;
    std::vector<PartRef*> parts = {&changed.schema, &changed.groups[0].head,
                                   &changed.groups[1].head};
    for (PartRef& part : changed.dictionaries) {
      parts.push_back(&part);
    }
    PartRef& part = *parts[random.below(parts.size())];
    if (part.stored_bytes == 0 || part.raw_bytes != 0) {
      continue;
    }
    const std::size_t at = part.offset + random.below(part.stored_bytes);
    damaged[at] = static_cast<char>(random.next());
    part.checksum = part_checksum(std::string_view(damaged).substr(part.offset, part.stored_bytes));
    damaged.resize(directory_offset());
    PackedPart packed = pack_part(encode_directory(changed), Squeeze::None, 0);
    packed.ref.offset = damaged.size();
    damaged += packed.bytes;
    damaged += encode_block_tail(packed.ref);
    put(std::move(damaged));
    static_cast<void>(verify());
    const auto opened = block_.open();
    for (const auto& [id, spans] : block_.spans_of) {
      if (opened.has_value()) {
        static_cast<void>((*opened)->read_trace(id));
      }
    }
  }
}

}  // namespace
}  // namespace waybill::storage
