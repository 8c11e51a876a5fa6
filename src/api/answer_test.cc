// SPDX-License-Identifier: Apache-2.0
#include "api/answer.h"

#include <gtest/gtest.h>
#include <string>
#include "base/error.h"

namespace waybill::api {
namespace {

TEST(Etag, IsNamedAloneInAListAndByStar) {
  const std::string tag = make_etag(0x1f, "bin");
  EXPECT_EQ(tag, "\"000000000000001f-bin\"");
  EXPECT_TRUE(names_etag(tag, tag));
  EXPECT_TRUE(names_etag("W/" + tag, tag));
  EXPECT_TRUE(names_etag("\"x\" , " + tag, tag));
  EXPECT_TRUE(names_etag("*", tag));
  EXPECT_FALSE(names_etag("", tag));
  EXPECT_FALSE(names_etag("\"000000000000001f-otlp\"", tag));
}

TEST(AcceptEncoding, LetsGzipThroughUnlessItIsRefused) {
  for (const char* yes :
       {"gzip", "br, GZIP;q=0.5", "*", "deflate, *;q=0.1", "x-gzip", "gzip;q=1"}) {
    EXPECT_TRUE(accepts_gzip(yes)) << yes;
  }
  for (const char* no : {"", "br", "gzip;q=0", "gzip; q=0.0, *", "*;q=0", "identity"}) {
    EXPECT_FALSE(accepts_gzip(no)) << no;
  }
}

TEST(HttpStatus, TellsWhoCanMendIt) {
  EXPECT_EQ(http_status(ErrorCode::InvalidArgument), 400);
  EXPECT_EQ(http_status(ErrorCode::NotFound), 404);
  EXPECT_EQ(http_status(ErrorCode::ResourceExhausted), 413);
  EXPECT_EQ(http_status(ErrorCode::Internal), 500);
  EXPECT_EQ(http_status(ErrorCode::Unavailable), 503);
}

}  // namespace
}  // namespace waybill::api
