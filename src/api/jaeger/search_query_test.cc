// SPDX-License-Identifier: Apache-2.0
#include "api/jaeger/search_query.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>
#include "base/error.h"
#include "base/result.h"
#include "base/time.h"
#include "model/ids.h"
#include "net/router.h"
#include "storage/filter.h"
#include "storage/scan.h"

namespace waybill::api::jaeger {
namespace {

constexpr UnixNanos kNow = 1'700'000'000'000'000'000;

Result<TracesQuery> parse(const std::string& query) {
  return parse_traces_query(net::QueryParams(query), kNow);
}

Result<storage::ScanRequest> parse_v3(const std::string& query) {
  return parse_v3_query(net::QueryParams(
      "query.startTimeMin=2023-11-14T00:00:00Z&query.startTimeMax=2023-11-15T00:00:00Z&" + query));
}

TEST(TracesQuery, RefusesWhatItCanNotRead) {
  for (const char* query : {"",
                            "operation=x",
                            "service=a&limit=-1",
                            "service=a&limit=10001",
                            "service=a&limit=1000000000",
                            "service=a&limit=x",
                            "service=a&start=x",
                            "service=a&start=-1",
                            "service=a&end=1.5",
                            "service=a&start=2&end=1",
                            "service=a&minDuration=5",
                            "service=a&minDuration=-1s",
                            "service=a&maxDuration=x",
                            "service=a&minDuration=2s&maxDuration=1s",
                            "service=a&tag=key",
                            "service=a&tags=x",
                            "service=a&tags=[]",
                            "service=a&tags={\"a\":null}",
                            "service=a&tags={\"a\":{}}",
                            "service=a&tags={\"a\":[]}",
                            "service=a&raw=maybe",
                            "traceID=xyz",
                            "traceID=",
                            "traceID=111111111111111111111111111111111"}) {
    const auto parsed = parse(query);
    ASSERT_FALSE(parsed.has_value()) << query;
    EXPECT_EQ(parsed.error().code, ErrorCode::InvalidArgument);
  }
  EXPECT_EQ(parse("operation=x").error().message, "parameter 'service' is required");
}

TEST(TracesQuery, TakesAThousandIdsAndNotOneMore) {
  std::string query = "traceID=1";
  for (int i = 2; i <= 1000; ++i) {
    query += "&traceID=" + std::to_string(i);
  }
  // QueryParams itself stops at a thousand, so the thousand and first is left out there.
  EXPECT_EQ(parse(query).value().trace_ids.size(), kTraceIdCountMax);
}

TEST(TracesQuery, FillsInDefaults) {
  const TracesQuery query = parse("service=a&lookback=1h&limit=0").value();
  EXPECT_EQ(query.search.time.begin, kNow - 2 * 86'400'000'000'000U);
  EXPECT_EQ(query.search.time.end, kNow + 1000);
  EXPECT_EQ(query.search.trace_count_max, 100U);
  EXPECT_FALSE(query.raw);
}

TEST(TracesQuery, ReadsTimesLimitsAndTags) {
  const TracesQuery query =
      parse(
          "service=a&operation=b&start=1000&end=2000&limit=10000&minDuration=1ms&maxDuration=1s"
          "&tag=k:v:w&tags={\"n\":1,\"f\":72.5,\"b\":true,\"s\":\"x\"}&raw=t")
          .value();
  EXPECT_EQ(query.search.time, (TimeRange{1'000'000, 2'001'000}));
  EXPECT_EQ(query.search.trace_count_max, 10'000U);
  EXPECT_TRUE(query.raw);
  const std::vector<storage::Filter>& tests = query.search.filter.children;
  ASSERT_EQ(tests.size(), 9U);
  EXPECT_EQ(tests[2].predicate.operand, storage::Operand(std::int64_t{1'000'000}));
  EXPECT_EQ(tests[4].predicate.operand, storage::Operand(storage::TextForm{"v:w"}));
  EXPECT_EQ(tests[5].predicate.operand, storage::Operand(storage::TextForm{"1"}));
  EXPECT_EQ(tests[6].predicate.operand, storage::Operand(storage::TextForm{"72.5"}));
  EXPECT_EQ(tests[7].predicate.operand, storage::Operand(storage::TextForm{"true"}));
}

TEST(TracesQuery, SurvivesTimesBeyondTheRange) {
  const TracesQuery query = parse("service=a&start=0&end=18446744073709551615").value();
  EXPECT_EQ(query.search.time.end, UINT64_MAX);
}

TEST(TracesQuery, KeepsIdsInOrderAndEachOnce) {
  const TracesQuery query = parse("traceID=2&traceID=1&traceID=0002").value();
  EXPECT_EQ(query.trace_ids, (std::vector<model::TraceId>{{0, 2}, {0, 1}}));
}

TEST(V3Query, NeedsItsTimes) {
  const auto fault = [](const std::string& query) {
    return parse_v3_query(net::QueryParams(query)).error().message;
  };
  EXPECT_EQ(fault("query.serviceName=a"), "query.startTimeMin and query.startTimeMax are required");
  EXPECT_EQ(
      fault("query.startTimeMin=x&query.startTimeMax=y"),
      "malformed parameter query.startTimeMin: expecting a time such as 2026-11-21T12:00:00Z, "
      "not 'x'");
  EXPECT_EQ(fault("query.start_time_min=2023-11-15T00:00:00Z&query.start_time_max=2023-11-15T00:00:"
                  "00Z"),
            "query.startTimeMin must be before query.startTimeMax");
}

TEST(V3Query, RefusesWhatItCanNotRead) {
  for (const char* query : {"query.searchDepth=x", "query.num_traces=-1", "query.searchDepth=10001",
                            "query.durationMin=1", "query.duration_max=-1s",
                            "query.durationMin=2s&query.durationMax=1s", "query.attributes=x",
                            "query.rawTraces=maybe", "query.filter={}"}) {
    EXPECT_FALSE(parse_v3(query).has_value()) << query;
  }
}

TEST(V3Query, TakesBothSpellings) {
  for (const char* query : {"query.serviceName=a&query.operationName=b&query.searchDepth=7",
                            "query.service_name=a&query.operation_name=b&query.search_depth=7",
                            "query.service_name=a&query.operation_name=b&query.num_traces=7"}) {
    const storage::ScanRequest scan = parse_v3(query).value();
    EXPECT_EQ(scan.trace_count_max, 7U) << query;
    EXPECT_EQ(scan.filter.children.size(), 2U) << query;
  }
  EXPECT_EQ(parse_v3("").value().filter.kind, storage::Filter::Kind::All);
}

TEST(ParseTime, TakesAnOffsetWhosePlusWasNotEncoded) {
  const UnixNanos time = parse_time("2026-11-21T12:00:00Z").value();
  EXPECT_EQ(parse_time("2026-11-21T14:00:00+02:00"), time);
  EXPECT_EQ(parse_time("2026-11-21T14:00:00 02:00"), time);
  EXPECT_EQ(parse_time("2026-11-21T14:00:00.5 02:00"), time + 500'000'000);
  for (const char* bad :
       {"", " 02:00", "2026-11-21 12:00", "2026-11-21T14:00:00  2:00", "x 02:00"}) {
    EXPECT_FALSE(parse_time(bad).has_value()) << bad;
  }
}

TEST(ParseId, TakesHexAndBase64) {
  const model::TraceId id{0x0102030405060708, 0x090a0b0c0d0e0f10};
  EXPECT_EQ(parse_id("0102030405060708090A0b0c0d0e0f10").value(), id);
  EXPECT_EQ(parse_id("AQIDBAUGBwgJCgsMDQ4PEA==").value(), id);
  EXPECT_EQ(parse_id("AQIDBAUGBwgJCgsMDQ4PEA").value(), id);
  EXPECT_EQ(parse_id("1f").value(), (model::TraceId{0, 0x1f}));
  for (const char* bad : {"", "xyz", "AQID", "AQIDBAUGBwgJCgsMDQ4PEBESExQ=", "1f "}) {
    EXPECT_FALSE(parse_id(bad).has_value()) << bad;
  }
}

}  // namespace
}  // namespace waybill::api::jaeger
