// SPDX-License-Identifier: Apache-2.0
#include "cmd/trace_file.h"

#include <gtest/gtest.h>
#include <string>
#include <utility>
#include <vector>

#include "compress/decompress.h"

namespace waybill::cmd {
namespace {

std::vector<std::string> bodies(std::string content) {
  const auto parts = split_trace_file(std::move(content));
  if (!parts) {
    return {"error: " + parts.error().message};
  }
  std::vector<std::string> texts;
  for (const TraceFilePart& part : *parts) {
    texts.push_back((part.is_json ? "json " : "protobuf ") + std::to_string(part.line) + " " +
                    part.body);
  }
  return texts;
}

using Texts = std::vector<std::string>;

TEST(SplitTraceFile, TakesJsonLinesPlainAndGzip) {
  const std::string lines = "{\"a\": 1}\n\n{\"b\": {}}\n";
  const Texts expected = {"json 1 {\"a\": 1}", "json 3 {\"b\": {}}"};
  EXPECT_EQ(bodies(lines), expected);
  EXPECT_EQ(bodies(compress::compress(compress::Encoding::Gzip, lines)), expected);
}

TEST(SplitTraceFile, TakesOneDocumentOverSeveralLines) {
  EXPECT_EQ(bodies("{\n \"a\": 1\n}\n"), Texts{"json 1 {\n \"a\": 1\n}"});
  EXPECT_EQ(bodies("{\"a\": {\n}}"), Texts{"json 1 {\"a\": {\n}}"});
}

TEST(SplitTraceFile, TakesTheAnswerOfJaegersApi) {
  EXPECT_EQ(bodies("{\"result\": {\"resourceSpans\": []}}"),
            Texts{"json 1 {\"resourceSpans\": []}"});
}

TEST(SplitTraceFile, KeepsProtobufWholeWhereItIsSmall) {
  const std::string two("\x0a\x01x\x0a\x02yz", 7);
  EXPECT_EQ(bodies(two), Texts{"protobuf 1 " + two});
}

TEST(SplitTraceFile, CutsLargeProtobufBetweenResources) {
  // Length 3 MiB as a varint.
  const std::string part = std::string("\x0a\x80\x80\xc0\x01", 5) + std::string(3 << 20, 'x');
  const auto parts = split_trace_file(part + part + part);
  ASSERT_TRUE(parts);
  ASSERT_EQ(parts->size(), 2U);
  EXPECT_EQ((*parts)[0].body, part + part);
  EXPECT_EQ((*parts)[1].body, part);
}

TEST(SplitTraceFile, RefusesWhatIsNeither) {
  EXPECT_EQ(bodies(""), Texts{});
  EXPECT_EQ(bodies("hello").front().substr(0, 6), "error:");
  EXPECT_EQ(bodies(std::string("\x0a\x05x", 3)).front(),
            "error: the protobuf message is cut short");
}

}  // namespace
}  // namespace waybill::cmd
