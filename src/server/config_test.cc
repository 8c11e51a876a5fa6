// SPDX-License-Identifier: Apache-2.0
#include "server/config.h"

#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include "base/result.h"

namespace waybill::server {
namespace {

Result<Config> load(std::string_view yaml, std::map<std::string, std::string> variables = {}) {
  VariableNames names;
  for (const auto& [name, value] : variables) {
    names.push_back(name);
  }
  const Environment environment = [&](const std::string& name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    return found == variables.end() ? std::nullopt : std::optional(found->second);
  };
  return load_config(yaml, "waybill.yaml", environment, names);
}

std::string fault(std::string_view yaml, std::map<std::string, std::string> variables = {}) {
  const auto config = load(yaml, std::move(variables));
  return config ? "accepted" : config.error().message;
}

TEST(Config, NeedsNothing) {
  const auto config = load("");
  ASSERT_TRUE(config);
  EXPECT_EQ(config->listen_otlp_grpc.value_or(Address{}).port, 4317);
  EXPECT_EQ(config->listen_otlp_grpc.value_or(Address{}).host, "127.0.0.1");
}

TEST(Config, TakesTheEnvironmentOverTheFileOverTheDefaults) {
  const auto config = load("data: /a\nlimits:\n  head_bytes: 3MiB\n  queries: 7\n",
                           {{"WAYBILL_DATA", "/b"}, {"WAYBILL_LIMITS_QUERIES", "8"}});
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->data, "/b");
  EXPECT_EQ(config->head_bytes_max, 3 << 20);
  EXPECT_EQ(config->query_count_max, 8);
}

TEST(Config, ReadsAddresses) {
  const auto config =
      load("listen:\n  otlp_grpc: off\n  otlp_http: \"[::1]:0\"\n  web: \"0.0.0.0:80\"\n");
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_FALSE(config->listen_otlp_grpc);
  EXPECT_EQ(config->listen_otlp_http.value_or(Address{}).host, "::1");
  EXPECT_EQ(config->listen_web.value_or(Address{}).port, 80);
}

TEST(Config, SaysFileLineAndWhatToWriteInstead) {
  EXPECT_EQ(fault("data: /a\nlimits:\n  head_bytes: 5 apples\n"),
            "waybill.yaml:3: limits.head_bytes: '5 apples' is no size of at least 1MiB; write a "
            "number of bytes, or 512MiB, 2GiB");
  EXPECT_EQ(fault("listen:\n  otlp_grpc: 4317\n"),
            "waybill.yaml:2: listen.otlp_grpc: '4317' is no address; write host:port, such as "
            "127.0.0.1:4317, or off");
  EXPECT_EQ(fault("\nlimits:\n  head_byte: 1\n"),
            "waybill.yaml:3: unknown setting limits.head_byte; did you mean limits.head_bytes?");
  EXPECT_EQ(fault("durability: yes\n"),
            "waybill.yaml:1: durability: 'yes' is not known; write one of disk, process, none");
  EXPECT_EQ(fault("limits: 5\n"),
            "waybill.yaml:1: limits is a group of settings; indent them below it");
  EXPECT_EQ(fault("data: /a\ndata: /b\n"), "waybill.yaml:2: data is set twice");
  EXPECT_EQ(fault("data: \"abc\nlimits:\n  head_bytes: 1GiB\n\""),
            "waybill.yaml:1: data: this text is not closed on its line; write the quote");
  EXPECT_EQ(
      fault("- a\n"),
      "waybill.yaml:1: the file must be settings with values, such as 'data: ./waybill-data'");
  EXPECT_EQ(fault("a: [1\n").substr(0, 32), "waybill.yaml:2: this is no YAML:");
}

TEST(Config, WantsRoomForASegmentOfTheLog) {
  EXPECT_EQ(fault("limits:\n  log_bytes: 67108863\n"),
            "waybill.yaml:2: limits.log_bytes: '67108863' is no size of at least 64MiB; write a "
            "number of bytes, or 512MiB, 2GiB");
  EXPECT_EQ(fault("", {{"WAYBILL_LIMITS_LOG_BYTES", "63MiB"}}),
            "environment: WAYBILL_LIMITS_LOG_BYTES: '63MiB' is no size of at least 64MiB; write a "
            "number of bytes, or 512MiB, 2GiB");
  const auto config = load("limits:\n  log_bytes: 64MiB\n");
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->log_bytes_max, 64 << 20);
}

TEST(Config, ReportsAllFaultsTogether) {
  EXPECT_EQ(
      fault("threads: many\nlog:\n  level: loud\n", {{"WAYBILL_THREAD", "1"}}),
      "waybill.yaml:1: threads: 'many' is no whole number from 0 to 1024\n"
      "waybill.yaml:3: log.level: 'loud' is not known; write one of debug, info, warn, error\n"
      "environment: unknown variable WAYBILL_THREAD; did you mean WAYBILL_THREADS?");
}

TEST(Config, PrintsWhatReadsBackTheSame) {
  const auto config = load(
      "data: \"/a \\\"b\\\"\"\notlp:\n  cors_origins: [https://a.example, https://b.example]\n"
      "limits:\n  query_time: 1500ms\nlisten:\n  web: \"off\"\n");
  ASSERT_TRUE(config) << config.error().message;
  const std::string printed = print_config(*config);
  const auto again = load(printed);
  ASSERT_TRUE(again) << again.error().message << printed;
  EXPECT_EQ(print_config(*again), printed);
  EXPECT_EQ(again->data, "/a \"b\"");
  EXPECT_EQ(again->cors_origins.size(), 2U);
  EXPECT_EQ(again->query_time_max_nanos, 1'500'000'000);
}

}  // namespace
}  // namespace waybill::server
