// SPDX-License-Identifier: Apache-2.0
#include "wire/json/json_writer.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

namespace waybill::wire {
namespace {

std::string print(std::string_view text) {
  std::string out;
  JsonWriter(out).value(text);
  return out;
}

TEST(JsonWriter, PutsCommasBetweenNeighboursOnly) {
  std::string out;
  JsonWriter json(out);
  json.begin_object();
  json.field("a", 1).key("b").begin_array().value(1).value("x").begin_object().end_object();
  json.begin_array().end_array().null().end_array();
  json.key("c").begin_object().field("d", true).field("e", false).end_object().field("f", 2U);
  json.end_object();
  EXPECT_EQ(out, R"({"a":1,"b":[1,"x",{},[],null],"c":{"d":true,"e":false},"f":2})");
}

TEST(JsonWriter, AppendsBehindWhatIsThere) {
  std::string out = "head ";
  JsonWriter(out).begin_array().raw("{\"x\":1}").raw("2").end_array();
  EXPECT_EQ(out, "head [{\"x\":1},2]");
}

TEST(JsonWriter, EscapesQuotesControlsAndWhatHtmlMinds) {
  EXPECT_EQ(print("a\"b\\c\n\r\t"), R"("a\"b\\c\n\r\t")");
  EXPECT_EQ(print(std::string_view("\0\x1F\x7F", 3)), R"("\u0000\u001f\u007f")");
  EXPECT_EQ(print("</script>&"), R"("\u003c/script\u003e\u0026")");
  EXPECT_EQ(print("a\xE2\x80\xA8\xE2\x80\xA9z"), R"("a\u2028\u2029z")");
  EXPECT_EQ(print("\xE2\x82\xAC\xE2\x80\xA6"), "\"\xE2\x82\xAC\xE2\x80\xA6\"");
}

TEST(JsonWriter, EscapesKeysToo) {
  std::string out;
  JsonWriter(out).begin_object().field("a\"<", "").end_object();
  EXPECT_EQ(out, R"({"a\"\u003c":""})");
}

TEST(JsonWriter, ShowsInvalidUtf8AsReplacementCharacters) {
  EXPECT_EQ(print("a\xFF<\xE2\x80"), "\"a\xEF\xBF\xBD\\u003c\xEF\xBF\xBD\xEF\xBF\xBD\"");
}

TEST(JsonWriter, WritesNumbersAtTheirLimits) {
  std::string out;
  JsonWriter json(out);
  json.begin_array();
  json.value(std::numeric_limits<std::int64_t>::min());
  json.value(std::numeric_limits<std::uint64_t>::max());
  json.quoted(std::int64_t{-5}).quoted(std::numeric_limits<std::uint64_t>::max());
  json.value(0.1).value(1e300).value(-0.0);
  json.end_array();
  EXPECT_EQ(out,
            "[-9223372036854775808,18446744073709551615,\"-5\",\"18446744073709551615\",0.1,1e+300,"
            "-0]");
}

TEST(JsonWriter, WritesNumbersThatJsonLacksAsText) {
  std::string out;
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  JsonWriter json(out);
  json.begin_array().value(std::numeric_limits<double>::quiet_NaN());
  json.value(kInfinity).value(-kInfinity).end_array();
  EXPECT_EQ(out, R"(["NaN","Infinity","-Infinity"])");
}

}  // namespace
}  // namespace waybill::wire
