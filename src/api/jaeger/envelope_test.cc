// SPDX-License-Identifier: Apache-2.0
#include "api/jaeger/envelope.h"

#include <gtest/gtest.h>
#include "net/http.h"

namespace waybill::api::jaeger {
namespace {

TEST(Envelope, WrapsDataAndErrors) {
  EXPECT_EQ(wrap("[1]", 1), R"({"data":[1],"total":1,"limit":0,"offset":0,"errors":null})");
  EXPECT_EQ(wrap("null", 0, {{400, "bad", ""}, {0, "trace not found", "1f"}}),
            R"({"data":null,"total":0,"limit":0,"offset":0,"errors":[{"code":400,"msg":"bad"},)"
            R"({"msg":"trace not found","traceID":"1f"}]})");
}

TEST(Envelope, IndentsWhenAsked) {
  net::Request request;
  request.query = "prettyPrint=true";
  EXPECT_EQ(envelope_answer(request, R"({"a":[1,{"b":"x:{\"},"}],"c":[],"d":{}})").body,
            "{\n    \"a\": [\n        1,\n        {\n            \"b\": \"x:{\\\"},\"\n        }\n"
            "    ],\n    \"c\": [],\n    \"d\": {}\n}");
  for (const char* query : {"", "prettyPrint=", "prettyPrint=false"}) {
    request.query = query;
    EXPECT_EQ(envelope_answer(request, "[1,2]").body, "[1,2]") << query;
  }
}

}  // namespace
}  // namespace waybill::api::jaeger
