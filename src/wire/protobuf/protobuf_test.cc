// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "wire/protobuf/proto_cursor.h"
#include "wire/protobuf/proto_writer.h"

namespace waybill::wire {
namespace {

using namespace std::string_view_literals;

TEST(ProtoCursor, StaysFailedAfterTruncatedVarint) {
  ProtoCursor cursor(as_bytes("\xAC"));
  EXPECT_EQ(cursor.read_varint(), 0u);
  EXPECT_EQ(cursor.read_varint(), 0u);
  EXPECT_EQ(cursor.read_bytes().size(), 0u);
  EXPECT_FALSE(cursor.ok());
  EXPECT_TRUE(cursor.at_end());
}

TEST(ProtoCursor, ReadsVarintsUpToTenBytes) {
  ProtoCursor cursor(as_bytes("\x00\xAC\x02\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01"sv));
  EXPECT_EQ(cursor.read_varint(), 0u);
  EXPECT_EQ(cursor.read_varint(), 300u);
  EXPECT_EQ(cursor.read_varint(), UINT64_MAX);
  EXPECT_TRUE(cursor.ok());
  EXPECT_TRUE(cursor.at_end());
}

TEST(ProtoCursor, RefusesVarintsThatPass64Bits) {
  ProtoCursor too_large(as_bytes("\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x02"));
  too_large.read_varint();
  EXPECT_FALSE(too_large.ok());
  ProtoCursor too_long(as_bytes("\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x00"sv));
  too_long.read_varint();
  EXPECT_FALSE(too_long.ok());
}

TEST(ProtoCursor, AcceptsVarintsThatAreLongerThanNeeded) {
  ProtoCursor cursor(as_bytes("\x81\x80\x80\x80\x80\x80\x80\x80\x80\x00"sv));
  EXPECT_EQ(cursor.read_varint(), 1u);
  EXPECT_TRUE(cursor.ok());
}

TEST(ProtoCursor, RefusesFieldNumberZeroAndTagsBeyond32Bits) {
  ProtoCursor zero(as_bytes("\x02\x00"sv));
  EXPECT_EQ(zero.read_tag(), 0u);
  EXPECT_FALSE(zero.ok());
  ProtoCursor large(as_bytes("\x80\x80\x80\x80\x10"));
  EXPECT_EQ(large.read_tag(), 0u);
  EXPECT_FALSE(large.ok());
}

TEST(ProtoCursor, ChecksLengthsBeforeUse) {
  ProtoCursor exact(
      as_bytes("\x03"
               "abc"));
  EXPECT_EQ(exact.read_text(), "abc");
  EXPECT_TRUE(exact.ok());
  ProtoCursor one_short(
      as_bytes("\x04"
               "abc"));
  EXPECT_EQ(one_short.read_text(), "");
  EXPECT_FALSE(one_short.ok());
  ProtoCursor huge(
      as_bytes("\x80\x80\x80\x80\x80\x80\x80\x80\x40"
               "abc"));
  EXPECT_EQ(huge.read_text(), "");
  EXPECT_FALSE(huge.ok());
}

TEST(ProtoCursor, RefusesFixedFieldsThatAreCut) {
  ProtoCursor cursor(as_bytes("1234567"));
  EXPECT_EQ(cursor.read_fixed32(), 0x34333231u);
  EXPECT_EQ(cursor.read_fixed32(), 0u);
  EXPECT_FALSE(cursor.ok());
}

bool skips(std::string_view message) {
  ProtoCursor cursor(as_bytes(message));
  while (!cursor.at_end()) {
    cursor.skip(cursor.read_tag());
  }
  return cursor.ok();
}

TEST(ProtoCursor, SkipsEveryWireType) {
  EXPECT_TRUE(skips("\x08\x96\x01"));
  EXPECT_TRUE(
      skips("\x09"
            "12345678"));
  EXPECT_TRUE(
      skips("\x0A\x02"
            "ab"));
  EXPECT_TRUE(
      skips("\x0D"
            "1234"));
  EXPECT_TRUE(skips("\x0B\x08\x01\x13\x14\x0C"));
}

TEST(ProtoCursor, RefusesWireTypesThatAreNone) {
  EXPECT_FALSE(skips("\x0E\x01"));
  EXPECT_FALSE(skips("\x0F\x01"));
}

TEST(ProtoCursor, RefusesGroupsThatDoNotMatch) {
  EXPECT_FALSE(skips("\x0C"));
  EXPECT_FALSE(skips("\x0B"));
  EXPECT_FALSE(skips("\x0B\x14"));
  EXPECT_FALSE(skips("\x0B\x13\x0C\x14"));
}

TEST(ProtoCursor, LimitsTheDepthOfGroups) {
  const std::size_t most = ProtoCursor::kGroupDepthMax;
  EXPECT_TRUE(skips(std::string(most, '\x0B') + std::string(most, '\x0C')));
  EXPECT_FALSE(skips(std::string(most + 1, '\x0B') + std::string(most + 1, '\x0C')));
}

TEST(ProtoWriter, WritesWhatTheCursorReads) {
  std::string out;
  ProtoWriter proto(out);
  proto.varint(1, UINT64_MAX);
  proto.fixed64(2, 7);
  proto.fixed32(3, 9);
  proto.number(4, -0.5);
  proto.text(500, "abc");
  ProtoCursor cursor(as_bytes(out));
  EXPECT_EQ(cursor.read_tag(), proto_tag(1, WireType::Varint));
  EXPECT_EQ(cursor.read_varint(), UINT64_MAX);
  EXPECT_EQ(cursor.read_tag(), proto_tag(2, WireType::Fixed64));
  EXPECT_EQ(cursor.read_fixed64(), 7u);
  EXPECT_EQ(cursor.read_tag(), proto_tag(3, WireType::Fixed32));
  EXPECT_EQ(cursor.read_fixed32(), 9u);
  EXPECT_EQ(cursor.read_tag(), proto_tag(4, WireType::Fixed64));
  EXPECT_EQ(cursor.read_double(), -0.5);
  EXPECT_EQ(cursor.read_tag(), proto_tag(500, WireType::Length));
  EXPECT_EQ(cursor.read_text(), "abc");
  EXPECT_TRUE(cursor.ok());
  EXPECT_TRUE(cursor.at_end());
}

// The guess of a length must never show in the bytes.
TEST(ProtoWriter, WritesTheShortestLengthWhateverWasGuessed) {
  for (const std::size_t size_bytes : {0, 1, 127, 128, 16383, 16384}) {
    std::string expected;
    ProtoWriter(expected).text(1, std::string(size_bytes, 'x'));
    for (const std::size_t guess : {1, 2, 3, 5}) {
      std::string out;
      ProtoWriter proto(out);
      const auto message = proto.begin(1, guess);
      out.append(size_bytes, 'x');
      proto.end(message);
      EXPECT_EQ(out, expected) << size_bytes << " bytes, guess " << guess;
    }
  }
}

TEST(ProtoWriter, NestsMessages) {
  std::string out;
  ProtoWriter proto(out);
  const auto outer = proto.begin(1);
  const auto inner = proto.begin(2, 3);
  proto.varint(3, 1);
  proto.end(inner);
  proto.end(outer);
  EXPECT_EQ(out, "\x0A\x04\x12\x02\x18\x01");
}

}  // namespace
}  // namespace waybill::wire
