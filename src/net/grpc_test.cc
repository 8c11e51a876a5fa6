// SPDX-License-Identifier: Apache-2.0
#include "net/grpc.h"

#include <gtest/gtest.h>
#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include "base/error.h"
#include "net/http.h"

namespace waybill::net {
namespace {

using namespace std::string_literals;

Request call(std::string body, std::string encoding = {}) {
  Request request;
  request.headers = {{"content-type", "application/grpc"}};
  if (!encoding.empty()) {
    request.headers.push_back({"grpc-encoding", std::move(encoding)});
  }
  request.body = std::move(body);
  return request;
}

ErrorCode code_of(std::string body, std::string encoding = {}) {
  Request request = call(std::move(body), std::move(encoding));
  const auto message = take_unary_message(request);
  return message ? ErrorCode::Unknown : message.error().code;
}

std::string header(const Response& response, std::string_view name) {
  for (const Header& entry : response.headers) {
    if (entry.name == name) {
      return entry.value;
    }
  }
  return {};
}

TEST(Grpc, KnowsItsContentTypes) {
  const auto is = [](std::string type) {
    Request request;
    request.headers = {{"content-type", std::move(type)}};
    return is_grpc(request);
  };
  EXPECT_TRUE(is("application/grpc"));
  EXPECT_TRUE(is("application/grpc+proto"));
  EXPECT_TRUE(is("application/grpc; charset=utf-8"));
  EXPECT_FALSE(is("application/grpc-web"));
  EXPECT_FALSE(is("application/json"));
  EXPECT_FALSE(is_grpc(Request()));
}

TEST(Grpc, TakesOneMessage) {
  Request request = call("\0\0\0\0\3abc"s, "gzip");
  const auto message = take_unary_message(request);
  ASSERT_TRUE(message.has_value());
  EXPECT_EQ(message->bytes, "abc");
  EXPECT_EQ(message->encoding, "identity");
}

TEST(Grpc, TakesAMessageWhosePrefixIsSetApartWithoutCopyingIt) {
  Request request = call(std::string(1000, 'm'));
  request.grpc_prefix = "\1\0\0\3\xe8"s;
  request.headers.push_back({"grpc-encoding", "gzip"});
  const char* const bytes = request.body.data();
  const auto message = take_unary_message(request);
  ASSERT_TRUE(message.has_value());
  EXPECT_EQ(message->bytes.data(), bytes);
  EXPECT_EQ(message->encoding, "gzip");
}

TEST(Grpc, TakesAnEmptyMessage) {
  Request request = call("\0\0\0\0\0"s);
  const auto message = take_unary_message(request);
  ASSERT_TRUE(message.has_value());
  EXPECT_EQ(message->bytes, "");
}

TEST(Grpc, RefusesMalformedFraming) {
  EXPECT_EQ(code_of(""), ErrorCode::Internal);
  EXPECT_EQ(code_of("\0\0\0\0"s), ErrorCode::Internal);
  EXPECT_EQ(code_of("\2\0\0\0\1a"s), ErrorCode::Internal);
  EXPECT_EQ(code_of("\0\0\0\0\2a"s), ErrorCode::Internal);
  EXPECT_EQ(code_of("\0\xff\xff\xff\xff"s + "a"), ErrorCode::Internal);
  EXPECT_EQ(code_of("\0\0\0\0\1abcde"s), ErrorCode::Internal);
  EXPECT_EQ(code_of("\1\0\0\0\1a"s), ErrorCode::Internal);
  EXPECT_EQ(code_of("\1\0\0\0\1a"s, "identity"), ErrorCode::Internal);
}

TEST(Grpc, RefusesASecondMessage) {
  EXPECT_EQ(code_of("\0\0\0\0\1a\0\0\0\0\0"s), ErrorCode::Unimplemented);
}

TEST(Grpc, PercentEncodesMessages) {
  const Response response = grpc_error({ErrorCode::NotFound, "a%b\n\xc3\xa4 ~"});
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(header(response, "grpc-status"), "5");
  EXPECT_EQ(header(response, "grpc-message"), "a%25b%0A%C3%A4 ~");
  EXPECT_TRUE(response.body.empty());
  EXPECT_TRUE(response.trailers.empty());
}

TEST(Grpc, CutsLongMessages) {
  const auto size = [](std::size_t length) {
    return header(grpc_error({ErrorCode::Internal, std::string(length, 'm')}), "grpc-message")
        .size();
  };
  EXPECT_EQ(size(kGrpcMessageBytesMax), kGrpcMessageBytesMax);
  EXPECT_EQ(size(kGrpcMessageBytesMax + 1), kGrpcMessageBytesMax);
}

TEST(Grpc, SendsDetailsInBase64WithoutPadding) {
  const Response response = grpc_error({ErrorCode::Unavailable, ""}, {.status_proto = "\x08\x0e"});
  EXPECT_EQ(header(response, "grpc-status-details-bin"), "CA4");
  EXPECT_EQ(header(response, "grpc-message"), "");
}

TEST(Grpc, ReadsTimeouts) {
  const auto timeout = [](std::string text) {
    Request request;
    request.headers = {{"grpc-timeout", std::move(text)}};
    return grpc_timeout(request);
  };
  EXPECT_EQ(timeout("2H"), std::chrono::hours(2));
  EXPECT_EQ(timeout("3M"), std::chrono::minutes(3));
  EXPECT_EQ(timeout("4S"), std::chrono::seconds(4));
  EXPECT_EQ(timeout("5m"), std::chrono::milliseconds(5));
  EXPECT_EQ(timeout("6u"), std::chrono::microseconds(6));
  EXPECT_EQ(timeout("7n"), std::chrono::nanoseconds(7));
  EXPECT_TRUE(timeout("99999999H").has_value());
  for (const char* const malformed : {"", "S", "5", "5x", "-5S", "999999999S"}) {
    EXPECT_FALSE(timeout(malformed).has_value()) << malformed;
  }
}

}  // namespace
}  // namespace waybill::net
