// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <string_view>

#include "base/error.h"
#include "wire/otlp/otlp.h"

namespace waybill::wire::otlp {
namespace {

using namespace std::string_view_literals;

TEST(OtlpResponse, IsEmptyWhereAllWasAccepted) {
  EXPECT_EQ(encode_response_protobuf(0, ""), "");
  EXPECT_EQ(encode_response_json(0, ""), "{}");
}

TEST(OtlpResponse, NamesRefusedSpans) {
  EXPECT_EQ(encode_response_protobuf(300, "bad"),
            "\x0A\x08\x08\xAC\x02\x12\x03"
            "bad"sv);
  EXPECT_EQ(encode_response_json(300, "bad"),
            R"({"partialSuccess":{"rejectedSpans":"300","errorMessage":"bad"}})");
}

TEST(OtlpResponse, CarriesAWarningAlone) {
  EXPECT_EQ(encode_response_protobuf(0, "cut"),
            "\x0A\x05\x12\x03"
            "cut"sv);
  EXPECT_EQ(encode_response_json(0, "cut"), R"({"partialSuccess":{"errorMessage":"cut"}})");
}

TEST(OtlpStatus, CarriesCodeAndMessage) {
  EXPECT_EQ(encode_status_protobuf(invalid_argument("no"), 0),
            "\x08\x03\x12\x02"
            "no"sv);
  EXPECT_EQ(encode_status_json(invalid_argument("no"), 0), R"({"code":3,"message":"no"})");
}

TEST(OtlpStatus, CarriesWhenToRetry) {
  EXPECT_EQ(encode_status_protobuf(unavailable("full"), 1500),
            "\x08\x0E\x12\x04"
            "full"
            "\x1A\x36\x0A\x28"
            "type.googleapis.com/google.rpc.RetryInfo"
            "\x12\x0A\x0A\x08\x08\x01\x10\x80\xCA\xB5\xEE\x01"sv);
  EXPECT_EQ(encode_status_json(unavailable("full"), 1500),
            R"({"code":14,"message":"full","details":[)"
            R"({"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"1.500s"}]})");
}

}  // namespace
}  // namespace waybill::wire::otlp
