// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
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

namespace waybill::wire::otlp {
namespace {

using model::Span;
using model::ValueType;

constexpr std::string_view kIds =
    R"("traceId":"5b8efff798038103d269b633813fc60c","spanId":"eee19b7ec3c1b174")";

Result<Decoded> decode(std::string_view json, const DecodeLimits& limits = {}) {
  return decode_json(std::make_shared<const std::string>(json), limits);
}
std::string request_of(std::string_view spans) {
  return fmt::format(R"({{"resourceSpans":[{{"scopeSpans":[{{"spans":[{}]}}]}}]}})", spans);
}
// A request with one span with valid ids and these members.
std::string request_with(std::string_view members) {
  return request_of(fmt::format("{{{}{}{}}}", kIds, members.empty() ? "" : ",", members));
}
std::string request_with_value(std::string_view any_value) {
  return request_with(fmt::format(R"("attributes":[{{"key":"k","value":{}}}])", any_value));
}
Decoded decode_span(std::string_view members, const DecodeLimits& limits = {}) {
  auto decoded = decode(request_with(members), limits);
  EXPECT_TRUE(decoded.has_value()) << (decoded.has_value() ? "" : decoded.error().message);
  EXPECT_EQ(decoded->batch.spans().size(), 1u);
  return std::move(decoded).value();
}
const Span& only_span(const Decoded& decoded) { return decoded.batch.spans().at(0); }

// The value as text; for a refused request the message.
std::string value_of(std::string_view any_value, const DecodeLimits& limits = {}) {
  const auto decoded = decode(request_with_value(any_value), limits);
  if (!decoded.has_value()) {
    return "refused: " + decoded.error().message;
  }
  return model::testing::print_value(only_span(*decoded).attributes[0].value);
}
bool is_refused(std::string_view json) {
  const auto decoded = decode(json);
  return !decoded.has_value() && decoded.error().code == ErrorCode::InvalidArgument;
}
bool is_refused_with(std::string_view members) { return is_refused(request_with(members)); }

std::uint64_t count(const Decoded& decoded, Cut cut) {
  return decoded.counts.cut[static_cast<std::size_t>(cut)];
}
std::uint64_t count(const Decoded& decoded, RefusedSpan reason) {
  return decoded.counts.refused[static_cast<std::size_t>(reason)];
}

TEST(OtlpJson, ReadsEmptyRequests) {
  for (const std::string_view json :
       {"", "{}", "\xEF\xBB\xBF{}", " { } ", R"({"resourceSpans":[]})", R"({"resourceSpans":null})",
        R"({"resourceSpans":[{}]})",
        R"({"resourceSpans":[{"scopeSpans":[{"scope":{"name":"x"},"spans":[]}]}]})"}) {
    const auto decoded = decode(json);
    ASSERT_TRUE(decoded.has_value()) << json;
    EXPECT_TRUE(decoded->batch.is_empty());
  }
}

TEST(OtlpJson, ReadsEveryField) {
  const auto decoded = decode(R"({"resourceSpans":[{
    "resource":{"attributes":[{"key":"service.name","value":{"stringValue":"cart"}}],
                "droppedAttributesCount":1},
    "schemaUrl":"r",
    "scopeSpans":[{"scope":{"name":"lib","version":"1.2","attributes":[{"key":"a","value":{}}],
                            "droppedAttributesCount":2},
      "schemaUrl":"s",
      "spans":[{"traceId":"5b8efff798038103d269b633813fc60c","spanId":"eee19b7ec3c1b174",
        "traceState":"a=1","parentSpanId":"0000000000000001","flags":769,"name":"n","kind":3,
        "startTimeUnixNano":"1700000000000000000","endTimeUnixNano":"1700000000000000009",
        "attributes":[{"key":"k","value":{"boolValue":true}}],"droppedAttributesCount":3,
        "events":[{"timeUnixNano":"5","name":"e",
                   "attributes":[{"key":"x","value":{"intValue":"1"}}],
                   "droppedAttributesCount":4}],"droppedEventsCount":5,
        "links":[{"traceId":"5b8efff798038103d269b633813fc60c","spanId":"eee19b7ec3c1b174",
                  "traceState":"b=2","attributes":[],"droppedAttributesCount":6,"flags":1}],
        "droppedLinksCount":7,"status":{"message":"m","code":2}}]}]}]})");
  ASSERT_TRUE(decoded.has_value()) << decoded.error().message;
  EXPECT_EQ(model::testing::print_batch(decoded->batch), R"(resource "cart"
  schema_url "r"
  attribute "service.name" "cart"
  dropped_attributes_count 1
  scope
    name "lib"
    version "1.2"
    schema_url "s"
    attribute "a" empty
    dropped_attributes_count 2
    span 5b8efff798038103d269b633813fc60c eee19b7ec3c1b174
      parent "0000000000000001"
      name "n"
      kind 3
      start 1700000000000000000
      end 1700000000000000009
      status 2
      status_message "m"
      trace_state "a=1"
      flags 769
      attribute "k" true
      dropped_attributes_count 3
      dropped_events_count 5
      dropped_links_count 7
      event
        time 5
        name "e"
        attribute "x" int 1
        dropped_attributes_count 4
      link 5b8efff798038103d269b633813fc60c eee19b7ec3c1b174
        trace_state "b=2"
        flags 1
        dropped_attributes_count 6
)");
}

TEST(OtlpJson, ReadsSnakeCaseAndOldNames) {
  const auto decoded = decode(R"({"resource_spans":[{"schema_url":"r",
    "instrumentation_library_spans":[{"instrumentation_library":{"name":"old"},"spans":[
      {"trace_id":"5b8efff798038103d269b633813fc60c","span_id":"eee19b7ec3c1b174",
       "start_time_unix_nano":"7","dropped_links_count":1,
       "attributes":[{"key":"k","value":{"string_value":"v"}}]}]}],
    "instrumentationLibrarySpans":null}]})");
  ASSERT_TRUE(decoded.has_value());
  EXPECT_TRUE(decoded->batch.is_empty()) << "the last of two same members is null";
  const auto old = decode(R"({"resource_spans":[{"schema_url":"r",
    "instrumentation_library_spans":[{"instrumentation_library":{"name":"old"},"spans":[
      {"trace_id":"5b8efff798038103d269b633813fc60c","span_id":"eee19b7ec3c1b174",
       "start_time_unix_nano":"7","dropped_links_count":1,
       "attributes":[{"key":"k","value":{"string_value":"v"}}]}]}]}]})");
  ASSERT_TRUE(old.has_value());
  EXPECT_EQ(only_span(*old).resource().schema_url, "r");
  EXPECT_EQ(only_span(*old).scope->name, "old");
  EXPECT_EQ(only_span(*old).start, 7u);
  EXPECT_EQ(only_span(*old).dropped_links_count, 1u);
  EXPECT_EQ(only_span(*old).attributes[0].value.string(), "v");
}

TEST(OtlpJson, GivesSpansTheScopeAndResourceThatComeAfterThem) {
  const auto decoded = decode(fmt::format(
      R"({{"resourceSpans":[{{"scopeSpans":[{{"spans":[{{{}}}],"schemaUrl":"u",
          "scope":{{"name":"x"}}}}],
          "resource":{{"attributes":[{{"value":{{"stringValue":"a"}},
                                      "key":"service.name"}}]}}}}]}})",
      kIds));
  ASSERT_TRUE(decoded.has_value());
  EXPECT_EQ(only_span(*decoded).service(), "a");
  EXPECT_EQ(only_span(*decoded).scope->name, "x");
  EXPECT_EQ(only_span(*decoded).scope->schema_url, "u");
}

TEST(OtlpJson, ReadsIntegersAsNumbersAndAsText) {
  EXPECT_EQ(only_span(decode_span(R"("startTimeUnixNano":1700000000000000001)")).start,
            1'700'000'000'000'000'001U);
  EXPECT_EQ(only_span(decode_span(R"("startTimeUnixNano":"18446744073709551615")")).start,
            UINT64_MAX);
  EXPECT_EQ(only_span(decode_span(R"("startTimeUnixNano":1.7e18)")).start,
            1'700'000'000'000'000'000U);
  EXPECT_EQ(only_span(decode_span(R"("flags":"257")")).flags, 257u);
  EXPECT_EQ(only_span(decode_span(R"("droppedLinksCount":4294967295)")).dropped_links_count,
            UINT32_MAX);
  EXPECT_EQ(value_of(R"({"intValue":-5})"), "int -5");
  EXPECT_EQ(value_of(R"({"intValue":"-9223372036854775808"})"), "int -9223372036854775808");
  EXPECT_EQ(value_of(R"({"intValue":2.0})"), "int 2");
}

TEST(OtlpJson, RefusesIntegersThatAreNone) {
  for (const std::string_view members :
       {R"("startTimeUnixNano":-1)", R"("startTimeUnixNano":"18446744073709551616")",
        R"("startTimeUnixNano":1.5)", R"("startTimeUnixNano":"1.5")", R"("startTimeUnixNano":"")",
        R"("startTimeUnixNano":true)", R"("startTimeUnixNano":1e300)", R"("flags":4294967296)",
        R"("flags":-1)", R"("startTimeUnixNano":18446744073709551616)",
        R"("startTimeUnixNano":[])"}) {
    EXPECT_TRUE(is_refused_with(members)) << members;
  }
  EXPECT_TRUE(value_of(R"({"intValue":"9223372036854775808"})").starts_with("refused"));
}

TEST(OtlpJson, ReadsEnumsAsNumbersAndNames) {
  EXPECT_EQ(only_span(decode_span(R"("kind":"SPAN_KIND_CONSUMER")")).kind,
            model::SpanKind::Consumer);
  EXPECT_EQ(static_cast<int>(only_span(decode_span(R"("kind":99)")).kind), 99);
  EXPECT_EQ(static_cast<int>(only_span(decode_span(R"("kind":"4")")).kind), 4);
  EXPECT_TRUE(only_span(decode_span(R"("status":{"code":"STATUS_CODE_ERROR"})")).is_error());
  EXPECT_TRUE(is_refused_with(R"("kind":"SPAN_KIND_NEW")"));
  EXPECT_TRUE(is_refused_with(R"("kind":2147483648)"));
}

TEST(OtlpJson, ReadsEveryTypeOfValue) {
  EXPECT_EQ(value_of("{}"), "empty");
  EXPECT_EQ(value_of("null"), "empty");
  EXPECT_EQ(value_of(R"({"unknown":1})"), "empty");
  EXPECT_EQ(value_of(R"({"stringValue":""})"), R"("")");
  EXPECT_EQ(value_of(R"({"stringValue":null})"), "empty");
  EXPECT_EQ(value_of(R"({"boolValue":false})"), "false");
  EXPECT_EQ(value_of(R"({"bytesValue":"AQL/"})"), "bytes 0102ff");
  EXPECT_EQ(value_of(R"({"arrayValue":{}})"), "[]");
  EXPECT_EQ(value_of(R"({"kvlistValue":{"values":[]}})"), "{}");
  EXPECT_EQ(value_of(R"({"arrayValue":{"values":[{"intValue":1},{},null]}})"),
            "[int 1, empty, empty]");
  EXPECT_EQ(value_of(R"({"kvlistValue":{"values":[{"key":"a","value":{"stringValue":"b"}}]}})"),
            R"({"a": "b"})");
}

TEST(OtlpJson, ReadsDoublesOfEveryForm) {
  EXPECT_EQ(value_of(R"({"doubleValue":1})"), "double 1");
  EXPECT_EQ(value_of(R"({"doubleValue":-0.0})"), "double -0");
  EXPECT_EQ(value_of(R"({"doubleValue":"1.5"})"), "double 1.5");
  EXPECT_EQ(value_of(R"({"doubleValue":"Infinity"})"), "double Infinity");
  EXPECT_EQ(value_of(R"({"doubleValue":"-Infinity"})"), "double -Infinity");
  EXPECT_TRUE(value_of(R"({"doubleValue":"NaN"})").starts_with("double NaN"));
  EXPECT_TRUE(value_of(R"({"doubleValue":"wide"})").starts_with("refused"));
  EXPECT_TRUE(value_of(R"({"doubleValue":true})").starts_with("refused"));
}

// JavaScript prints 1e20 as an integer of 21 digits.
TEST(OtlpJson, ReadsDoublesWrittenAsLargeIntegers) {
  EXPECT_EQ(value_of(R"({"doubleValue":100000000000000000000})"), "double 1e+20");
  EXPECT_EQ(value_of(R"({"doubleValue":-18446744073709552000})"), "double -18446744073709551616");
  EXPECT_EQ(value_of(R"({"arrayValue":{"values":[{"stringValue":"\"99999999999999999999"},
                        {"doubleValue":99999999999999999999},{"intValue":7}]}})"),
            R"(["\"99999999999999999999", double 1e+20, int 7])");
}

TEST(OtlpJson, TakesTheLastOfMembersThatRepeat) {
  EXPECT_EQ(only_span(decode_span(R"("name":"a","name":"b")")).name, "b");
  EXPECT_EQ(only_span(decode_span(R"("name":"a","name":null)")).name, "");
  EXPECT_EQ(value_of(R"({"stringValue":"a","intValue":"1"})"), "int 1");
  const auto decoded = decode(fmt::format(
      R"({{"resourceSpans":[{{"scopeSpans":[{{"spans":[{{}},{{}}],"spans":[{{{}}}]}}]}}]}})",
      kIds));
  ASSERT_TRUE(decoded.has_value());
  EXPECT_EQ(decoded->batch.spans().size(), 1u);
  EXPECT_EQ(decoded->counts.refused_total(), 0u);
}

TEST(OtlpJson, PassesOverUnknownMembers) {
  const Decoded decoded =
      decode_span(R"("unknown":{"deep":[1,{"name":"no"}]},"name":"yes","Name":"no","na_me":"no")");
  EXPECT_EQ(only_span(decoded).name, "yes");
}

TEST(OtlpJson, ReadsIdsInEitherCase) {
  const auto decoded = decode(
      request_of(R"({"traceId":"5B8EFFF798038103D269B633813FC60C","spanId":"EEE19B7EC3C1B174"})"));
  EXPECT_EQ(only_span(*decoded).trace_id.hex(), "5b8efff798038103d269b633813fc60c");
  EXPECT_EQ(only_span(*decoded).span_id.hex(), "eee19b7ec3c1b174");
}

TEST(OtlpJson, RefusesSpansWithBadIdsAndKeepsTheOthers) {
  const std::string zero = R"("traceId":"00000000000000000000000000000000")";
  const std::string trace = R"("traceId":"5b8efff798038103d269b633813fc60c")";
  const std::string span = R"("spanId":"eee19b7ec3c1b174")";
  const auto decoded = decode(request_of(fmt::format(
      R"({{{0},{2}}},{{{2}}},{{"traceId":"zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz",{2}}},
         {{"traceId":"5b8efff798038103d269b633813fc60",{2}}},{{{1}}},{{{1},"spanId":""}},
         {{{1},"spanId":"0000000000000000"}},{{{1},{2},"parentSpanId":"1"}},
         {{"traceId":"W47/95gDgQPSabYzgT/GDA==","spanId":"7uGbfsPBsXQ="}},
         {{{1},{2},"parentSpanId":""}})",
      zero, trace, span)));
  ASSERT_TRUE(decoded.has_value()) << decoded.error().message;
  EXPECT_EQ(decoded->batch.spans().size(), 1u);
  EXPECT_EQ(count(*decoded, RefusedSpan::TraceIdZero), 1u);
  EXPECT_EQ(count(*decoded, RefusedSpan::TraceIdLength), 4u);
  EXPECT_EQ(count(*decoded, RefusedSpan::SpanIdLength), 2u);
  EXPECT_EQ(count(*decoded, RefusedSpan::SpanIdZero), 1u);
  EXPECT_EQ(count(*decoded, RefusedSpan::ParentIdLength), 1u);
}

TEST(OtlpJson, LeavesOutLinksWithBadIdsAndCountsThem) {
  const Decoded decoded = decode_span(
      R"("links":[{"traceId":"12"},{"spanId":"zz"},{"traceState":"kept"}],"droppedLinksCount":1)");
  ASSERT_EQ(only_span(decoded).links.size(), 1u);
  EXPECT_EQ(only_span(decoded).links[0].trace_state, "kept");
  EXPECT_EQ(only_span(decoded).dropped_links_count, 3u);
  EXPECT_EQ(count(decoded, Cut::Links), 2u);
}

TEST(OtlpJson, RefusesMembersOfAWrongType) {
  for (const std::string_view members :
       {R"("name":1)", R"("name":{})", R"("attributes":{})", R"("attributes":[1])",
        R"("attributes":[{"key":1}])", R"("attributes":[{"key":"k","value":"v"}])",
        R"("attributes":[{"key":"k","value":{"stringValue":1}}])",
        R"("attributes":[{"key":"k","value":{"boolValue":"true"}}])",
        R"("attributes":[{"key":"k","value":{"arrayValue":[]}}])",
        R"("attributes":[{"key":"k","value":{"arrayValue":{"values":{}}}}])",
        R"("attributes":[{"key":"k","value":{"kvlistValue":{"values":[1]}}}])",
        R"("attributes":[{"key":"k","value":{"bytesValue":"*"}}])", R"("events":1)",
        R"("events":[[]])", R"("links":[""])", R"("status":2)", R"("traceId":7)"}) {
    EXPECT_TRUE(is_refused_with(members)) << members;
  }
  for (const std::string_view json :
       {"[]", "1", "null", R"("{}")", R"({"resourceSpans":{}})", R"({"resourceSpans":[[]]})",
        R"({"resourceSpans":[{"resource":[]}]})", R"({"resourceSpans":[{"scopeSpans":[1]}]})",
        R"({"resourceSpans":[{"scopeSpans":[{"scope":"x"}]}]})",
        R"({"resourceSpans":[{"scopeSpans":[{"spans":[null]}]}]})"}) {
    EXPECT_TRUE(is_refused(json)) << json;
  }
}

TEST(OtlpJson, SaysWhichFieldIsWrong) {
  const auto decoded = decode(request_of(fmt::format(R"({{{0}}},{{{0},"kind":[]}})", kIds)));
  ASSERT_FALSE(decoded.has_value());
  EXPECT_EQ(decoded.error().message, "otlp request: span 1: kind: not an enum's number or name");
}

TEST(OtlpJson, RefusesWhatIsNoJson) {
  for (const std::string_view json :
       {"{", R"({"resourceSpans":)", "{}{}", "{} x", R"({"a":1,})", "// comment\n{}", "{'a':1}",
        R"({"a":01})", R"({"a":"\x"})", "{\"a\":\"\x01\"}", "{\"a\":\"\xFF\"}", R"({"a":NaN})",
        R"({"a":1e999})", " "}) {
    EXPECT_TRUE(is_refused(json)) << json;
  }
}

TEST(OtlpJson, ShowsHalfOfASurrogatePairAsReplacementCharacter) {
  const auto name = [](std::string_view json) {
    return std::string(only_span(decode_span(fmt::format(R"("name":"{}")", json))).name);
  };
  EXPECT_EQ(name(R"(a\ud83d)"), "a\xEF\xBF\xBD");
  EXPECT_EQ(name(R"(\ud800x)"), "\xEF\xBF\xBDx");
  EXPECT_EQ(name(R"(\udc00)"), "\xEF\xBF\xBD");
  EXPECT_EQ(name(R"(\ud800\ud800)"), "\xEF\xBF\xBD\xEF\xBF\xBD");
  EXPECT_EQ(name(R"(\\ud800 \ud83d\udca9 \ud83d)"), "\\ud800 \U0001F4A9 \xEF\xBF\xBD");
}

TEST(OtlpJson, KeepsWholeNumbersBeyond64BitsAsDoubles) {
  EXPECT_EQ(value_of(R"({"intValue":1e21})"), "double 1e+21");
  EXPECT_EQ(value_of(R"({"intValue":9223372036854775808})"), "double 9223372036854775808");
  EXPECT_EQ(value_of(R"({"intValue":9223372036854775807})"), "int 9223372036854775807");
  EXPECT_TRUE(is_refused_with(R"("attributes":[{"key":"k","value":{"intValue":1.5}}])"));
}

TEST(OtlpJson, ReadsADocumentWithBothKindsOfOddities) {
  const auto decoded = decode_span(
      R"("name":"\ud83d",
         "attributes":[{"key":"k\ud83d","value":{"intValue":100000000000000000000}}])");
  EXPECT_EQ(only_span(decoded).name, "\xEF\xBF\xBD");
}

TEST(OtlpJson, KeepsNulAndControlCharactersThatAreEscaped) {
  using namespace std::string_view_literals;
  EXPECT_EQ(only_span(decode_span(R"("name":"a\u0000\u001fb")")).name, "a\0\x1F\x62"sv);
}

TEST(OtlpJson, RefusesADocumentThatIsNothingButBrackets) {
  const std::string open(1'000'000, '[');
  EXPECT_TRUE(is_refused(open));
  EXPECT_TRUE(is_refused(open + std::string(1'000'000, ']')));
}

TEST(OtlpJson, ReadsOrRefusesNumbersWithManyDigits) {
  const std::string digits(100'000, '7');
  EXPECT_TRUE(is_refused_with(R"("startTimeUnixNano":)" + digits));
  EXPECT_TRUE(is_refused_with(R"("startTimeUnixNano":")" + digits + "\""));
  EXPECT_TRUE(value_of(R"({"doubleValue":)" + digits + "}").starts_with("refused"));
  EXPECT_EQ(value_of(R"({"doubleValue":0.5)" + std::string(100'000, '0') + "}"), "double 0.5");
}

std::string nested(int depth) {
  std::string value = R"({"stringValue":"inmost"})";
  for (int i = 0; i < depth; ++i) {
    value.insert(0, R"({"arrayValue":{"values":[)").append("]}}");
  }
  return value;
}

TEST(OtlpJson, LimitsTheDepthOfValues) {
  EXPECT_NE(value_of(nested(64)).find("inmost"), std::string::npos);
  EXPECT_NE(value_of(nested(65)).find("empty"), std::string::npos);
  const auto decoded = decode(request_with_value(nested(65)));
  EXPECT_EQ(count(*decoded, Cut::Depth), 1u);
}

// An unknown member of the span, with `inside` in so many arrays, between two members that count.
std::string deep_member(std::size_t depth, std::string_view inside) {
  return fmt::format(R"("name":"a","unknown":{}{}{},"kind":2)", std::string(depth, '['), inside,
                     std::string(depth, ']'));
}

TEST(OtlpJson, PassesOverUnknownMembersHoweverDeepTheyNest) {
  // The span lies seven brackets deep, the parser takes 1,024 and 1,000 are kept.
  for (const std::size_t depth : {1U, 993U, 994U, 1017U, 1018U, 200'000U}) {
    const Decoded decoded = decode_span(deep_member(depth, R"({"]":"}\\","a":["\"[",1,null]})"));
    EXPECT_EQ(only_span(decoded).name, "a") << depth;
    EXPECT_EQ(only_span(decoded).kind, model::SpanKind::Server) << depth;
    EXPECT_EQ(count(decoded, Cut::Depth), 0u) << depth;
  }
}

TEST(OtlpJson, PassesOverDeepMembersBesideWhatElseItRepairs) {
  const Decoded decoded = decode_span(
      deep_member(5'000, "1") + R"(,"a":123456789012345678901234567890,"traceState":"\ud800")");
  EXPECT_EQ(only_span(decoded).trace_state, "\uFFFD");
}

TEST(OtlpJson, RefusesDeepMembersThatAreNotClosedInOrder) {
  EXPECT_TRUE(is_refused_with(deep_member(2'000, "}")));
  EXPECT_TRUE(is_refused_with(deep_member(2'000, "{]")));
  EXPECT_TRUE(is_refused_with(deep_member(2'000, "[")));
  EXPECT_TRUE(is_refused_with(deep_member(2'000, "\"")));
  EXPECT_TRUE(is_refused_with(deep_member(2'000, "") + "]"));
}

// Past the depth that is parsed no less than past the one that is kept.
TEST(OtlpJson, CutsDeepValuesAlikeHoweverDeepTheyNest) {
  for (const int depth : {66, 300, 400, 5'000}) {
    EXPECT_EQ(value_of(nested(depth)), value_of(nested(65))) << depth;
    const auto decoded = decode(request_with_value(nested(depth)));
    EXPECT_EQ(count(*decoded, Cut::Depth), 1u) << depth;
    EXPECT_EQ(decoded->counts.refused_total(), 0u) << depth;
  }
}

TEST(OtlpJson, AppliesTheOtherLimits) {
  DecodeLimits limits;
  limits.attribute_count_max = 1;
  limits.event_count_max = 1;
  limits.link_count_max = 1;
  limits.name_bytes_max = 2;
  limits.value_bytes_max = 3;
  limits.value_node_count_max = 2;
  const Decoded full = decode_span(
      R"("name":"ab","events":[{}],"links":[{}],
         "attributes":[{"key":"k","value":{"stringValue":"abc"}}])",
      limits);
  for (std::size_t cut = 0; cut < kCutCount; ++cut) {
    EXPECT_EQ(full.counts.cut[cut], 0u) << cut_name(static_cast<Cut>(cut));
  }
  const Decoded over = decode_span(
      R"("name":"abé","events":[{},{}],"links":[{},{}],
         "attributes":[{"key":"k","value":{"stringValue":"abé"}},{}])",
      limits);
  const Span& span = only_span(over);
  EXPECT_EQ(span.name, "ab");
  EXPECT_EQ(span.dropped_events_count, 1u);
  EXPECT_EQ(span.dropped_links_count, 1u);
  EXPECT_EQ(span.dropped_attributes_count, 1u);
  EXPECT_EQ(span.attributes[0].value.string(), "ab");
  EXPECT_EQ(value_of(R"({"arrayValue":{"values":[{},{},{}]}})", limits), "[empty, empty]");
  EXPECT_EQ(value_of(R"({"bytesValue":"AQIDBA=="})", limits), "bytes 010203");
}

TEST(OtlpJson, LimitsKeysSpansAndMemory) {
  DecodeLimits limits;
  limits.key_bytes_max = 3;
  limits.span_count_max = 1;
  const Decoded keys = decode_span(R"("attributes":[{"key":"abc"},{"key":"abcd"}])", limits);
  EXPECT_EQ(only_span(keys).attributes.size(), 1u);
  EXPECT_EQ(only_span(keys).dropped_attributes_count, 1u);
  EXPECT_EQ(count(keys, Cut::Keys), 1u);
  const auto spans = decode(request_of(fmt::format("{{{0}}},{{{0}}}", kIds)), limits);
  EXPECT_EQ(spans->batch.spans().size(), 1u);
  EXPECT_EQ(count(*spans, RefusedSpan::TooManySpans), 1u);
  limits.arena_bytes_max = 100'000;
  const std::string name(60'000, 'x');
  const auto memory =
      decode(request_with(fmt::format(
                 R"("name":"{0}","traceState":"{0}","status":{{"message":"{0}"}})", name)),
             limits);
  ASSERT_FALSE(memory.has_value());
  EXPECT_EQ(memory.error().code, ErrorCode::ResourceExhausted);
}

TEST(OtlpJson, RefusesEveryTruncation) {
  Random random(5);
  const auto batch = model::testing::make_random_batch(
      random, {.span_count = 4, .text = model::testing::RandomText::Utf8});
  std::vector<const Span*> spans;
  for (const Span& span : batch.spans()) {
    spans.push_back(&span);
  }
  std::string whole;
  encode_json(spans, whole);
  EXPECT_TRUE(decode(whole).has_value());
  for (std::size_t size = 1; size < whole.size(); ++size) {
    EXPECT_TRUE(is_refused(whole.substr(0, size))) << size;
  }
}

std::vector<const Span*> pointers(const model::SpanBatch& batch) {
  std::vector<const Span*> spans;
  for (const Span& span : batch.spans()) {
    spans.push_back(&span);
  }
  return spans;
}

// From protobuf to JSON and back nothing changes, as long as the texts are UTF-8.
TEST(OtlpJson, GivesBackWhatItWroteAndAgreesWithProtobuf) {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    Random random(seed);
    const auto batch =
        model::testing::make_random_batch(random, {.text = model::testing::RandomText::Utf8});
    std::string protobuf;
    encode_protobuf(pointers(batch), protobuf);
    std::string json;
    encode_json(pointers(batch), json);
    const auto decoded = decode(json);
    ASSERT_TRUE(decoded.has_value()) << "seed " << seed << ": " << decoded.error().message;
    EXPECT_EQ(model::testing::print_batch(decoded->batch), model::testing::print_batch(batch))
        << "seed " << seed;
    std::string again;
    encode_protobuf(pointers(decoded->batch), again);
    EXPECT_EQ(again, protobuf) << "seed " << seed;
  }
}

TEST(OtlpJson, WritesTheMappingOfTheSpecification) {
  const auto decoded = decode_span(
      R"("kind":2,"startTimeUnixNano":5,"attributes":[
         {"key":"i","value":{"intValue":1}},{"key":"d","value":{"doubleValue":-0.0}},
         {"key":"n","value":{"doubleValue":"NaN"}},{"key":"b","value":{"bytesValue":"AQ=="}},
         {"key":"e","value":{}}])");
  std::string json;
  encode_json(pointers(decoded.batch), json);
  EXPECT_EQ(
      json,
      R"({"resourceSpans":[{"resource":{},"scopeSpans":[{"scope":{},"spans":[{)" +
          std::string(kIds) +
          R"(,"kind":2,"startTimeUnixNano":"5","attributes":[)"
          R"({"key":"i","value":{"intValue":"1"}},{"key":"d","value":{"doubleValue":-0.0}},)"
          R"({"key":"n","value":{"doubleValue":"NaN"}},{"key":"b","value":{"bytesValue":"AQ=="}},)"
          R"({"key":"e","value":{}}]}]}]}]})");
}

TEST(OtlpJson, WritesInvalidUtf8AsReplacementCharacters) {
  Random random(9);
  const auto batch = model::testing::make_random_batch(random);
  std::string json;
  encode_json(pointers(batch), json);
  EXPECT_TRUE(decode(json).has_value());
}

}  // namespace
}  // namespace waybill::wire::otlp
