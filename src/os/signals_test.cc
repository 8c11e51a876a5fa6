// SPDX-License-Identifier: Apache-2.0
#include "os/signals.h"

#include <gtest/gtest.h>
#include <signal.h>  // NOLINT(modernize-deprecated-headers): POSIX's part of it
#include <unistd.h>

#include <csignal>
#include <initializer_list>
#include <stop_token>

namespace waybill::os {
namespace {

TEST(StopSignals, TellsWhoHoldsTheToken) {
  for (const int signal : {SIGTERM, SIGINT}) {
    StopSignals signals;
    const std::stop_token token = signals.token();
    EXPECT_FALSE(token.stop_requested());
    ASSERT_EQ(::kill(::getpid(), signal), 0);
    signals.wait();
    EXPECT_TRUE(token.stop_requested());
    signals.wait();  // a second wait has nothing to wait for
  }
}

TEST(StopSignals, EndsWithoutARequest) {
  std::stop_token token;
  {
    const StopSignals signals;
    token = signals.token();
    EXPECT_FALSE(token.stop_requested());
  }
  // Whoever holds the token is not left waiting either.
  EXPECT_TRUE(token.stop_requested());
}

}  // namespace
}  // namespace waybill::os
