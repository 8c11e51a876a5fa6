// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/random.h"
#include "base/result.h"
#include "model/span.h"
#include "model/testing/print_batch.h"
#include "model/testing/random_batch.h"
#include "model/value.h"
#include "wire/decode_limits.h"
#include "wire/otlp/otlp.h"
#include "wire/protobuf/proto_writer.h"

namespace waybill::wire::otlp {
namespace {

using model::Span;
using model::ValueType;
using namespace std::string_view_literals;

constexpr std::string_view kTrace = "0123456789abcdef";
constexpr std::string_view kSpan = "ABCDEFGH";

// Fields are made as bytes, so that a test can put them in any order and number.
std::string field(std::uint32_t number, std::string_view content) {
  std::string out;
  ProtoWriter(out).text(number, content);
  return out;
}
std::string varint(std::uint32_t number, std::uint64_t value) {
  std::string out;
  ProtoWriter(out).varint(number, value);
  return out;
}
std::string text_value(std::string_view text) { return field(1, text); }
std::string attribute(std::string_view key, std::string_view any_value) {
  return field(1, key) + field(2, any_value);
}
std::string service(std::string_view name) {
  return field(1, attribute("service.name", text_value(name)));
}
std::string valid_ids() { return field(1, kTrace) + field(2, kSpan); }
// A request with one scope and these spans, given as the fields of each.
std::string request_of(const std::vector<std::string>& spans) {
  std::string scope_spans;
  for (const std::string& span : spans) {
    scope_spans += field(2, span);
  }
  return field(1, field(2, scope_spans));
}

Result<Decoded> decode(std::string_view request, const DecodeLimits& limits = {}) {
  return decode_protobuf(std::make_shared<const std::string>(request), limits);
}
// A decoded request with one span made of these fields and valid ids.
Decoded decode_span(const std::string& fields, const DecodeLimits& limits = {}) {
  auto decoded = decode(request_of({valid_ids() + fields}), limits);
  EXPECT_TRUE(decoded.has_value());
  EXPECT_EQ(decoded->batch.spans().size(), 1u);
  return std::move(decoded).value();
}
const Span& only_span(const Decoded& decoded) { return decoded.batch.spans().at(0); }
// The value of a span's only attribute.
model::Value decode_value(const Decoded& decoded) {
  EXPECT_EQ(only_span(decoded).attributes.size(), 1u);
  return only_span(decoded).attributes[0].value;
}
std::uint64_t count(const Decoded& decoded, Cut cut) {
  return decoded.counts.cut[static_cast<std::size_t>(cut)];
}
std::uint64_t count(const Decoded& decoded, RefusedSpan reason) {
  return decoded.counts.refused[static_cast<std::size_t>(reason)];
}

bool same_spans(const model::SpanBatch& left, const model::SpanBatch& right) {
  return std::equal(left.spans().begin(), left.spans().end(), right.spans().begin(),
                    right.spans().end(),
                    [](const Span& a, const Span& b) { return model::equal(a, b); });
}

std::string encode(const model::SpanBatch& batch) {
  std::vector<const Span*> spans;
  for (const Span& span : batch.spans()) {
    spans.push_back(&span);
  }
  std::string out;
  encode_protobuf(spans, out);
  return out;
}

TEST(OtlpProtobuf, ReadsAnEmptyRequest) {
  const auto decoded = decode("");
  ASSERT_TRUE(decoded.has_value());
  EXPECT_TRUE(decoded->batch.is_empty());
  EXPECT_EQ(decoded->counts.refused_total(), 0u);
}

TEST(OtlpProtobuf, ReadsEveryFieldOfASpan) {
  std::string fields = field(3, "a=1") + field(4, "87654321") + field(5, "GET /") + varint(6, 2);
  ProtoWriter proto(fields);
  proto.fixed64(7, 1000);
  proto.fixed64(8, 3000);
  fields += field(9, attribute("k", text_value("v"))) + varint(10, 4);
  fields += field(11, field(2, "e") + varint(4, 7)) + varint(12, 5);
  fields += field(13, field(1, kTrace) + field(2, kSpan) + varint(5, 8)) + varint(14, 6);
  fields += field(15, field(2, "bad") + varint(3, 2));
  proto.fixed32(16, 0x301);
  const Decoded decoded = decode_span(fields);
  const Span& span = only_span(decoded);
  EXPECT_EQ(span.trace_id.hex(), "30313233343536373839616263646566");
  EXPECT_EQ(span.span_id.hex(), "4142434445464748");
  EXPECT_EQ(span.parent_span_id.hex(), "3837363534333231");
  EXPECT_EQ(span.trace_state, "a=1");
  EXPECT_EQ(span.name, "GET /");
  EXPECT_EQ(span.kind, model::SpanKind::Server);
  EXPECT_EQ(span.duration(), 2000);
  EXPECT_EQ(model::find_attribute(span.attributes, "k")->string(), "v");
  EXPECT_EQ(span.dropped_attributes_count, 4u);
  EXPECT_EQ(span.events[0].name, "e");
  EXPECT_EQ(span.events[0].dropped_attributes_count, 7u);
  EXPECT_EQ(span.dropped_events_count, 5u);
  EXPECT_EQ(span.links[0].span_id, span.span_id);
  EXPECT_EQ(span.links[0].dropped_attributes_count, 8u);
  EXPECT_EQ(span.dropped_links_count, 6u);
  EXPECT_TRUE(span.is_error());
  EXPECT_EQ(span.status_message, "bad");
  EXPECT_EQ(span.flags, 0x301u);
  EXPECT_EQ(span.service(), "unknown_service");
}

TEST(OtlpProtobuf, GivesSpansTheScopeAndResourceThatComeAfterThem) {
  const std::string scope_spans =
      field(2, valid_ids()) + field(3, "scope-url") + field(1, field(1, "lib"));
  const auto decoded = decode(
      field(1, field(3, "resource-url") + field(2, scope_spans) + field(1, service("cart"))));
  ASSERT_TRUE(decoded.has_value());
  const Span& span = only_span(*decoded);
  EXPECT_EQ(span.scope->name, "lib");
  EXPECT_EQ(span.scope->schema_url, "scope-url");
  EXPECT_EQ(span.service(), "cart");
  EXPECT_EQ(span.resource().schema_url, "resource-url");
}

TEST(OtlpProtobuf, MergesAResourceThatComesInPieces) {
  const std::string first = service("cart") + varint(2, 7);
  const std::string second = field(1, attribute("host", text_value("h")));
  const auto decoded = decode(field(
      1, field(1, first) + field(2, field(2, valid_ids())) + field(1, second) + field(1, "")));
  ASSERT_TRUE(decoded.has_value());
  const model::Resource& resource = only_span(*decoded).resource();
  EXPECT_EQ(resource.attributes.size(), 2u);
  EXPECT_EQ(resource.dropped_attributes_count, 7u);
  EXPECT_EQ(resource.service, "cart");
}

TEST(OtlpProtobuf, MergesScopeAndStatusThatComeInPieces) {
  const std::string span =
      valid_ids() + field(15, field(2, "why")) + field(15, varint(3, 2)) + field(15, "");
  const auto decoded = decode(
      field(1, field(2, field(1, field(1, "lib")) + field(2, span) + field(1, field(2, "1.0")))));
  ASSERT_TRUE(decoded.has_value());
  EXPECT_EQ(only_span(*decoded).scope->name, "lib");
  EXPECT_EQ(only_span(*decoded).scope->version, "1.0");
  EXPECT_EQ(only_span(*decoded).status_message, "why");
  EXPECT_TRUE(only_span(*decoded).is_error());
}

TEST(OtlpProtobuf, TakesTheLastMemberOfAValue) {
  const Decoded decoded =
      decode_span(field(9, attribute("k", text_value("first") + varint(3, 5)) + field(2, "")));
  EXPECT_EQ(decode_value(decoded).integer(), 5);
}

TEST(OtlpProtobuf, KeepsEmptyTextApartFromNoValue) {
  const Decoded decoded =
      decode_span(field(9, attribute("a", text_value(""))) + field(9, attribute("b", "")) +
                  field(9, field(1, "c")) + field(9, attribute("d", field(5, ""))) + field(9, ""));
  const auto attributes = only_span(decoded).attributes;
  ASSERT_EQ(attributes.size(), 5u);
  EXPECT_EQ(attributes[0].value.type(), ValueType::String);
  EXPECT_EQ(attributes[1].value.type(), ValueType::Empty);
  EXPECT_EQ(attributes[2].value.type(), ValueType::Empty);
  EXPECT_EQ(attributes[3].value.type(), ValueType::Array);
  EXPECT_EQ(attributes[4].key, "");
}

TEST(OtlpProtobuf, TreatsTextIndexesAsAbsent) {
  const Decoded decoded = decode_span(
      field(9, field(1, "k") + varint(3, 9) + field(2, text_value("v") + varint(8, 4))));
  EXPECT_EQ(only_span(decoded).attributes[0].key, "k");
  EXPECT_EQ(decode_value(decoded).string(), "v");
}

TEST(OtlpProtobuf, PassesOverUnknownFieldsAndWrongWireTypes) {
  const std::string unknown = field(900, "x") + varint(901, 5) + std::string("\x0B\x08\x01\x0C");
  std::string fields = unknown + field(5, "name") + varint(5, 1) + field(6, "server") + unknown;
  const Decoded decoded = decode_span(fields);
  EXPECT_EQ(only_span(decoded).name, "name");
  EXPECT_EQ(only_span(decoded).kind, model::SpanKind::Unspecified);
}

TEST(OtlpProtobuf, KeepsInvalidUtf8AsItCame) {
  const Decoded decoded = decode_span(field(5, "a\xFF\xC3"));
  EXPECT_EQ(only_span(decoded).name, "a\xFF\xC3");
}

TEST(OtlpProtobuf, RefusesSpansWithBadIdsAndKeepsTheOthers) {
  const std::string zero16(16, '\0');
  const std::string zero8(8, '\0');
  const auto decoded =
      decode(request_of({field(1, kTrace.substr(1)) + field(2, kSpan), field(2, kSpan),
                         field(1, kTrace), field(1, std::string(kTrace) + "0") + field(2, kSpan),
                         field(1, kTrace) + field(2, kSpan.substr(1)),
                         field(1, zero16) + field(2, kSpan), field(1, kTrace) + field(2, zero8),
                         valid_ids() + field(4, "123"), valid_ids() + field(4, zero8)}));
  ASSERT_TRUE(decoded.has_value());
  EXPECT_EQ(decoded->batch.spans().size(), 1u);
  EXPECT_TRUE(only_span(*decoded).parent_span_id.is_zero());
  EXPECT_EQ(count(*decoded, RefusedSpan::TraceIdLength), 3u);
  EXPECT_EQ(count(*decoded, RefusedSpan::SpanIdLength), 2u);
  EXPECT_EQ(count(*decoded, RefusedSpan::TraceIdZero), 1u);
  EXPECT_EQ(count(*decoded, RefusedSpan::SpanIdZero), 1u);
  EXPECT_EQ(count(*decoded, RefusedSpan::ParentIdLength), 1u);
  EXPECT_EQ(decoded->counts.refused_total(), 8u);
}

TEST(OtlpProtobuf, LeavesOutLinksWithBadIdsAndCountsThem) {
  const Decoded decoded =
      decode_span(field(13, field(1, kTrace) + field(2, "1")) + varint(14, 1) +
                  field(13, field(1, "1") + field(2, kSpan)) + field(13, field(3, "no=ids")));
  const Span& span = only_span(decoded);
  ASSERT_EQ(span.links.size(), 1u);
  EXPECT_EQ(span.links[0].trace_state, "no=ids");
  EXPECT_EQ(span.dropped_links_count, 3u);
  EXPECT_EQ(count(decoded, Cut::Links), 2u);
}

TEST(OtlpProtobuf, LimitsSpans) {
  DecodeLimits limits;
  limits.span_count_max = 2;
  const auto full = decode(request_of({valid_ids(), valid_ids()}), limits);
  EXPECT_EQ(full->counts.refused_total(), 0u);
  const auto over = decode(request_of({valid_ids(), valid_ids(), valid_ids()}), limits);
  EXPECT_EQ(over->batch.spans().size(), 2u);
  EXPECT_EQ(count(*over, RefusedSpan::TooManySpans), 1u);
}

TEST(OtlpProtobuf, LimitsAttributes) {
  DecodeLimits limits;
  limits.attribute_count_max = 2;
  const std::string one = field(9, attribute("k", text_value("v")));
  const Decoded full = decode_span(one + one, limits);
  EXPECT_EQ(only_span(full).dropped_attributes_count, 0u);
  const Decoded over = decode_span(one + one + one + varint(10, 5), limits);
  EXPECT_EQ(only_span(over).attributes.size(), 2u);
  EXPECT_EQ(only_span(over).dropped_attributes_count, 6u);
  EXPECT_EQ(count(over, Cut::Attributes), 1u);
  const Decoded many = decode_span(one + one + one + varint(10, UINT32_MAX), limits);
  EXPECT_EQ(only_span(many).dropped_attributes_count, UINT32_MAX);
}

TEST(OtlpProtobuf, LimitsAttributesOfResourcesAndScopes) {
  DecodeLimits limits;
  limits.attribute_count_max = 1;
  const std::string scope = field(3, attribute("a", "")) + field(3, attribute("b", ""));
  const auto decoded = decode(field(1, field(1, service("a") + service("b")) +
                                           field(2, field(1, scope) + field(2, valid_ids()))),
                              limits);
  EXPECT_EQ(only_span(*decoded).resource().dropped_attributes_count, 1u);
  EXPECT_EQ(only_span(*decoded).scope->dropped_attributes_count, 1u);
  EXPECT_EQ(only_span(*decoded).service(), "a");
}

TEST(OtlpProtobuf, LimitsAttributesOfEventsAndLinks) {
  DecodeLimits limits;
  limits.inner_attribute_count_max = 1;
  const std::string event = field(3, attribute("a", "")) + field(3, attribute("b", ""));
  const std::string link = field(4, attribute("a", "")) + field(4, attribute("b", ""));
  const Decoded decoded = decode_span(field(11, event) + field(13, link), limits);
  EXPECT_EQ(only_span(decoded).events[0].attributes.size(), 1u);
  EXPECT_EQ(only_span(decoded).events[0].dropped_attributes_count, 1u);
  EXPECT_EQ(only_span(decoded).links[0].attributes.size(), 1u);
  EXPECT_EQ(only_span(decoded).links[0].dropped_attributes_count, 1u);
  EXPECT_EQ(only_span(decoded).dropped_attributes_count, 0u);
}

TEST(OtlpProtobuf, LimitsEventsAndLinks) {
  DecodeLimits limits;
  limits.event_count_max = 1;
  limits.link_count_max = 1;
  const Decoded full = decode_span(field(11, "") + field(13, ""), limits);
  EXPECT_EQ(only_span(full).dropped_events_count, 0u);
  EXPECT_EQ(only_span(full).dropped_links_count, 0u);
  const Decoded over = decode_span(
      field(11, field(2, "kept")) + field(11, "") + field(13, "") + field(13, ""), limits);
  ASSERT_EQ(only_span(over).events.size(), 1u);
  EXPECT_EQ(only_span(over).events[0].name, "kept");
  EXPECT_EQ(only_span(over).dropped_events_count, 1u);
  EXPECT_EQ(only_span(over).dropped_links_count, 1u);
  EXPECT_EQ(count(over, Cut::Events), 1u);
  EXPECT_EQ(count(over, Cut::Links), 1u);
}

TEST(OtlpProtobuf, LimitsKeys) {
  DecodeLimits limits;
  limits.key_bytes_max = 3;
  const Decoded decoded =
      decode_span(field(9, attribute("abc", "")) + field(9, attribute("abcd", "")), limits);
  EXPECT_EQ(only_span(decoded).attributes.size(), 1u);
  EXPECT_EQ(only_span(decoded).dropped_attributes_count, 1u);
  EXPECT_EQ(count(decoded, Cut::Keys), 1u);
}

TEST(OtlpProtobuf, CutsTextsAtACharacter) {
  DecodeLimits limits;
  limits.value_bytes_max = 3;
  limits.name_bytes_max = 2;
  const Decoded full =
      decode_span(field(5, "é") + field(9, attribute("k", text_value("aé"))), limits);
  EXPECT_EQ(only_span(full).name, "é");
  EXPECT_EQ(decode_value(full).string(), "aé");
  EXPECT_EQ(count(full, Cut::Names) + count(full, Cut::Values), 0u);
  const Decoded over =
      decode_span(field(5, "aé") + field(9, attribute("k", text_value("abé"))), limits);
  EXPECT_EQ(only_span(over).name, "a");
  EXPECT_EQ(decode_value(over).string(), "ab");
  EXPECT_EQ(count(over, Cut::Names), 1u);
  EXPECT_EQ(count(over, Cut::Values), 1u);
  const Decoded bytes = decode_span(field(9, attribute("k", field(7, "\x01\x02\xC3\xA9"))), limits);
  EXPECT_EQ(decode_value(bytes).bytes(), "\x01\x02\xC3");
}

// An array inside an array and so on, around a text.
std::string nested(int depth) {
  std::string value = text_value("inmost");
  for (int i = 0; i < depth; ++i) {
    value = field(5, field(1, value));
  }
  return value;
}

TEST(OtlpProtobuf, LimitsTheDepthOfValues) {
  const Decoded full = decode_span(field(9, attribute("k", nested(64))));
  EXPECT_EQ(count(full, Cut::Depth), 0u);
  EXPECT_NE(model::testing::print_value(decode_value(full)).find("inmost"), std::string::npos);
  const Decoded over = decode_span(field(9, attribute("k", nested(65))));
  EXPECT_EQ(count(over, Cut::Depth), 1u);
  EXPECT_NE(model::testing::print_value(decode_value(over)).find("empty"), std::string::npos);
}

TEST(OtlpProtobuf, TakesNoStackForVeryDeepValues) {
  DecodeLimits limits;
  limits.value_depth_max = INT32_MAX;
  std::string value = text_value("x");
  // From the inside out each level is two headers in front, so build it reversed.
  std::vector<std::size_t> sizes;
  std::string headers;
  std::size_t inside = value.size();
  for (int i = 0; i < 100'000; ++i) {
    for (const std::uint32_t number : {1U, 5U}) {
      std::string header = field(number, "").substr(0, 1);
      std::string length;
      for (std::size_t rest = inside; rest > 0 || length.empty(); rest >>= 7) {
        length.push_back(static_cast<char>((rest & 0x7F) | (rest >= 0x80 ? 0x80 : 0)));
      }
      header += length;
      inside += header.size();
      headers.append(header.rbegin(), header.rend());
    }
  }
  const std::string bomb = std::string(headers.rbegin(), headers.rend()) + value;
  const Decoded decoded = decode_span(field(9, attribute("k", bomb)), limits);
  EXPECT_EQ(count(decoded, Cut::Depth), 1u);
}

TEST(OtlpProtobuf, LimitsTheValuesInsideAnAttribute) {
  DecodeLimits limits;
  limits.value_node_count_max = 3;
  const std::string item = field(1, text_value("x"));
  const std::string entry = field(1, attribute("k", text_value("x")));
  const Decoded full = decode_span(field(9, attribute("k", field(5, item + item + item))), limits);
  EXPECT_EQ(decode_value(full).array().size(), 3u);
  EXPECT_EQ(count(full, Cut::Values), 0u);
  const Decoded over =
      decode_span(field(9, attribute("k", field(5, item + item + item + item))), limits);
  EXPECT_EQ(decode_value(over).array().size(), 3u);
  EXPECT_EQ(count(over, Cut::Values), 1u);
  const Decoded list =
      decode_span(field(9, attribute("k", field(6, entry + entry + entry + entry))), limits);
  EXPECT_EQ(decode_value(list).kvlist().size(), 3u);
}

TEST(OtlpProtobuf, RefusesRequestsThatTakeTooMuchMemory) {
  DecodeLimits limits;
  limits.arena_bytes_max = std::size_t{1} << 20;
  std::string events;
  for (int i = 0; i < 4000; ++i) {
    events += field(11, "");
  }
  const std::string span = valid_ids() + events;
  EXPECT_TRUE(decode(request_of({span}), limits).has_value());
  const auto over = decode(request_of(std::vector<std::string>(20, span)), limits);
  ASSERT_FALSE(over.has_value());
  EXPECT_EQ(over.error().code, ErrorCode::ResourceExhausted);
}

TEST(OtlpProtobuf, RefusesHugeLengthsWithoutTakingMemory) {
  const auto decoded = decode("\x0A\x80\x80\x80\x80\x80\x80\x80\x80\x40"sv);
  ASSERT_FALSE(decoded.has_value());
  EXPECT_EQ(decoded.error().code, ErrorCode::InvalidArgument);
}

// A prefix of a request is a fault, except where it ends after a whole ResourceSpans.
TEST(OtlpProtobuf, RefusesEveryTruncation) {
  Random random(7);
  const auto batch = model::testing::make_random_batch(random, {.span_count = 12});
  const std::string whole = encode(batch);
  std::size_t shorter = 0;
  for (std::size_t size = 0; size < whole.size(); ++size) {
    // A string of its own, so that a sanitizer sees a read past the end.
    const auto decoded = decode(std::string(whole.data(), size));
    if (decoded.has_value()) {
      ++shorter;
      EXPECT_LT(decoded->batch.spans().size(), batch.spans().size());
      continue;
    }
    EXPECT_EQ(decoded.error().code, ErrorCode::InvalidArgument);
  }
  EXPECT_GE(shorter, 1u);
  EXPECT_LT(shorter, 12u);
}

TEST(OtlpProtobuf, RefusesRandomBytesOrReadsThem) {
  Random random(11);
  for (int round = 0; round < 2000; ++round) {
    std::string body(random.below(60), '\0');
    for (char& byte : body) {
      byte = static_cast<char>(random.next());
    }
    const auto decoded = decode(body);
    EXPECT_TRUE(decoded.has_value() || decoded.error().code == ErrorCode::InvalidArgument);
  }
}

TEST(OtlpProtobuf, GivesBackWhatItWrote) {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    Random random(seed);
    const auto batch = model::testing::make_random_batch(random);
    const std::string bytes = encode(batch);
    const auto decoded = decode(bytes);
    ASSERT_TRUE(decoded.has_value()) << "seed " << seed;
    EXPECT_EQ(model::testing::print_batch(decoded->batch), model::testing::print_batch(batch))
        << "seed " << seed;
    EXPECT_TRUE(same_spans(decoded->batch, batch)) << "seed " << seed;
    EXPECT_EQ(encode(decoded->batch), bytes) << "seed " << seed;
    for (const Span& span : decoded->batch.spans()) {
      EXPECT_EQ(span.service(), model::service_of(span.resource().attributes));
    }
  }
}

TEST(OtlpProtobuf, SharesAMessageBetweenNeighboursWithEqualScopes) {
  Random random(3);
  const auto left = model::testing::make_random_batch(random, {.span_count = 1});
  const auto right = decode(encode(left));
  const Span* const spans[] = {&left.spans()[0], &right->batch.spans()[0]};
  std::string out;
  encode_protobuf(spans, out);
  const auto both = decode(out);
  ASSERT_EQ(both->batch.spans().size(), 2u);
  EXPECT_EQ(both->batch.spans()[0].scope, both->batch.spans()[1].scope);
}

TEST(OtlpProtobuf, KeepsTheBodyAliveWithTheBatch) {
  auto body = std::make_shared<const std::string>(request_of({valid_ids() + field(5, "a name")}));
  auto decoded = decode_protobuf(body);
  body.reset();
  const model::SpanBatch moved = std::move(decoded->batch);
  EXPECT_EQ(moved.spans()[0].name, "a name");
}

}  // namespace
}  // namespace waybill::wire::otlp
