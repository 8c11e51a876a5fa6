// SPDX-License-Identifier: Apache-2.0
#include "server/server.h"

#include <gtest/gtest.h>

#include <optional>
#include <stop_token>

#include "base/error.h"
#include "base/result.h"
#include "os/testing/fault_file_system.h"
#include "os/testing/manual_clock.h"
#include "server/config.h"

namespace waybill::server {
namespace {

Config quiet_config() {
  Config config;
  config.data = "/data";
  config.threads = 1;
  config.listen_otlp_grpc = std::nullopt;
  config.listen_otlp_http = std::nullopt;
  config.listen_web = Address{"127.0.0.1", 0};
  return config;
}

TEST(Server, DoesNotListenOnceItIsAskedToStop) {
  os::FaultFileSystem files(1);
  const os::ManualClock clock;
  std::stop_source stop;
  {
    const auto opened = Server::open(quiet_config(), files, clock, {stop.get_token(), 1});
    ASSERT_TRUE(opened.has_value()) << opened.error().message;
    EXPECT_EQ((*opened)->listeners().size(), 1U);
  }
  stop.request_stop();
  const auto opened = Server::open(quiet_config(), files, clock, {stop.get_token(), 1});
  ASSERT_FALSE(opened.has_value());
  EXPECT_EQ(opened.error().code, ErrorCode::Cancelled);
}

}  // namespace
}  // namespace waybill::server
