// SPDX-License-Identifier: Apache-2.0
#include "os/entropy.h"

#include <gtest/gtest.h>

#include <cstdint>

#include "base/result.h"

namespace waybill::os {
namespace {

// That 64 numbers leave one of their 64 bits alone happens by chance once in 2^57 runs.
TEST(SystemEntropy, LeavesNoBitAlone) {
  std::uint64_t ever_set = 0;
  std::uint64_t ever_clear = 0;
  for (int i = 0; i < 64; ++i) {
    const Result<std::uint64_t> number = system_entropy();
    ASSERT_TRUE(number.has_value()) << number.error().message;
    ever_set |= *number;
    ever_clear |= ~*number;
  }
  EXPECT_EQ(ever_set, UINT64_MAX);
  EXPECT_EQ(ever_clear, UINT64_MAX);
}

}  // namespace
}  // namespace waybill::os
