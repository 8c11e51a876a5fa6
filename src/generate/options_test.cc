// SPDX-License-Identifier: Apache-2.0
#include "generate/options.h"

#include <gtest/gtest.h>
#include "base/error.h"

namespace waybill::generate {
namespace {

Fault valid_fault() { return {FaultKind::SlowService, "bank", 0.5, 1}; }

bool is_refused(const GeneratorOptions& options) { return !check_options(options).has_value(); }

TEST(GeneratorOptions, RefuseARateThatIsNotPositiveOrPassesABillion) {
  GeneratorOptions options;
  options.rate = 0;
  EXPECT_TRUE(is_refused(options));
  options.rate = 1e9;
  EXPECT_FALSE(is_refused(options));
  options.rate = 1e9 + 1;
  EXPECT_TRUE(is_refused(options));
}

TEST(GeneratorOptions, RefuseRequestsWithoutSpansAndWithTooMany) {
  GeneratorOptions options;
  options.request_span_count = 0;
  EXPECT_TRUE(is_refused(options));
  options.request_span_count = 100'000;
  EXPECT_FALSE(is_refused(options));
  options.request_span_count = 100'001;
  EXPECT_TRUE(is_refused(options));
}

TEST(GeneratorOptions, RefuseSharesOutsideOfOne) {
  GeneratorOptions options;
  options.error_share = 1.01;
  EXPECT_TRUE(is_refused(options));
  options.error_share = 1;
  options.late_share = -0.01;
  EXPECT_TRUE(is_refused(options));
  options.late_share = 0;
  EXPECT_FALSE(is_refused(options));
}

TEST(GeneratorOptions, RefuseNegativeDurations) {
  GeneratorOptions options;
  options.duration_nanos = -1;
  EXPECT_TRUE(is_refused(options));
  options = {};
  options.export_delay_nanos = -1;
  EXPECT_TRUE(is_refused(options));
  options = {};
  options.late_delay_nanos = -1;
  EXPECT_TRUE(is_refused(options));
}

TEST(GeneratorOptions, RefuseHugeTracesThatAreTooSmallTooLargeOrPassTheCount) {
  GeneratorOptions options;
  options.huge_trace_count = 1;
  options.huge_trace_span_count = 49;
  EXPECT_TRUE(is_refused(options));
  options.huge_trace_span_count = 50;
  EXPECT_FALSE(is_refused(options));
  options.huge_trace_span_count = 10'000'000;
  EXPECT_FALSE(is_refused(options));
  options.huge_trace_span_count = 10'000'001;
  EXPECT_TRUE(is_refused(options));
  options.huge_trace_span_count = 50;
  options.huge_trace_count = 2;
  options.span_count = 100;
  EXPECT_FALSE(is_refused(options));
  options.span_count = 99;
  EXPECT_TRUE(is_refused(options));
  options.span_count = 0;
  options.huge_trace_count = 10'000;
  EXPECT_FALSE(is_refused(options));
  options.huge_trace_count = 10'001;
  EXPECT_TRUE(is_refused(options));
}

TEST(GeneratorOptions, RefuseFaultsOfUnknownServicesAndTooMany) {
  GeneratorOptions options;
  options.faults.assign(32, valid_fault());
  EXPECT_FALSE(is_refused(options));
  options.faults.push_back(valid_fault());
  EXPECT_TRUE(is_refused(options));
  options.faults.assign(1, valid_fault());
  options.faults[0].service = "casino";
  const auto checked = check_options(options);
  ASSERT_FALSE(checked.has_value());
  EXPECT_EQ(checked.error(), invalid_argument("fault slow: no service is called 'casino'"));
}

TEST(ParseFault, ReadsAllFields) {
  const auto fault = parse_fault("slow:bank:0.25:1.5s");
  ASSERT_TRUE(fault.has_value());
  EXPECT_EQ(fault->kind, FaultKind::SlowService);
  EXPECT_EQ(fault->service, "bank");
  EXPECT_EQ(fault->share, 0.25);
  EXPECT_EQ(fault->amount_nanos, 1'500'000'000);
}

TEST(ParseFault, KeepsDefaultsOfWhatIsLeftOut) {
  const auto fault = parse_fault("missing-parent:order");
  ASSERT_TRUE(fault.has_value());
  EXPECT_EQ(fault->kind, FaultKind::MissingParent);
  EXPECT_EQ(fault->share, Fault().share);
  const auto skew = parse_fault("clock-skew:cart::-2s");
  ASSERT_TRUE(skew.has_value());
  EXPECT_EQ(skew->share, Fault().share);
  EXPECT_EQ(skew->amount_nanos, -2'000'000'000);
}

TEST(ParseFault, ReadsBackTheNameOfEveryKind) {
  for (int kind = 0; kind < 6; ++kind) {
    const auto expected = static_cast<FaultKind>(kind);
    const auto fault = parse_fault(std::string(fault_kind_name(expected)) + ":bank");
    ASSERT_TRUE(fault.has_value());
    EXPECT_EQ(fault->kind, expected);
  }
}

TEST(ParseFault, RefusesWhatItCanNotRead) {
  for (const char* text : {"", "slow", "slow:", "fast:bank", "slow:bank:2", "slow:bank:x",
                           "slow:bank:0.1:5", "slow:bank:0.1:5s:more"}) {
    EXPECT_FALSE(parse_fault(text).has_value()) << text;
  }
}

}  // namespace
}  // namespace waybill::generate
