// SPDX-License-Identifier: Apache-2.0
#include "storage/catalog/disk_guard.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>

namespace waybill::storage {
namespace {

constexpr std::uint64_t kTotal = 100'000;

// A reserve of 1,000 bytes, and 1,250 to go on.
DiskGuardOptions small_reserve() {
  DiskGuardOptions options;
  options.reserve_bytes = 1000;
  return options;
}

TEST(DiskGuard, AcceptsDownToTheReserve) {
  DiskGuard guard(small_reserve());
  EXPECT_EQ(guard.verdict(), DiskVerdict::Accept);
  EXPECT_EQ(guard.update(1000, kTotal), DiskVerdict::Accept);
  EXPECT_EQ(guard.retry_after().count(), 0);
  EXPECT_EQ(guard.update(999, kTotal), DiskVerdict::Refuse);
  EXPECT_EQ(guard.retry_after(), std::chrono::seconds(1));
}

TEST(DiskGuard, GoesOnByItselfOnceThereIsClearlyMoreRoom) {
  DiskGuard guard(small_reserve());
  guard.update(0, kTotal);
  EXPECT_EQ(guard.update(1000, kTotal), DiskVerdict::Refuse);
  EXPECT_EQ(guard.update(1249, kTotal), DiskVerdict::Refuse);
  EXPECT_EQ(guard.update(1250, kTotal), DiskVerdict::Accept);
  EXPECT_EQ(guard.update(1000, kTotal), DiskVerdict::Accept);
}

TEST(DiskGuard, DoesNotFlickerAtTheEdge) {
  DiskGuard guard(small_reserve());
  int changes = 0;
  DiskVerdict last = guard.verdict();
  for (int i = 0; i < 1000; ++i) {
    const DiskVerdict now = guard.update(i % 2 == 0 ? 990 : 1010, kTotal);
    changes += now != last ? 1 : 0;
    last = now;
  }
  EXPECT_EQ(changes, 1);
}

TEST(DiskGuard, AsksForLongerDelaysUpToALimitAndBeginsAnew) {
  DiskGuard guard(small_reserve());
  for (const int seconds : {1, 2, 4, 8, 16, 30, 30}) {
    guard.update(0, kTotal);
    EXPECT_EQ(guard.retry_after(), std::chrono::seconds(seconds));
  }
  guard.update(kTotal, kTotal);
  EXPECT_EQ(guard.retry_after().count(), 0);
  guard.update(0, kTotal);
  EXPECT_EQ(guard.retry_after(), std::chrono::seconds(1));
}

TEST(DiskGuard, TakesNoMoreThanItsShareOfASmallDevice) {
  DiskGuard guard(small_reserve());
  guard.update(500, 5000);
  EXPECT_EQ(guard.reserve_bytes(), 500U);
  EXPECT_EQ(guard.verdict(), DiskVerdict::Accept);
  EXPECT_EQ(guard.update(499, 5000), DiskVerdict::Refuse);
}

TEST(DiskGuard, AcceptsWhereTheDeviceDoesNotSay) {
  DiskGuard guard(small_reserve());
  EXPECT_EQ(guard.update(0, 0), DiskVerdict::Accept);
  EXPECT_TRUE(guard.has_room_for(UINT64_MAX / 2));
}

TEST(DiskGuard, LeavesTheReserveAloneForWork) {
  DiskGuard guard(small_reserve());
  guard.update(2250, kTotal);
  EXPECT_TRUE(guard.has_room_for(1000));
  EXPECT_FALSE(guard.has_room_for(1001));
  guard.update(1100, kTotal);
  EXPECT_EQ(guard.verdict(), DiskVerdict::Accept);
  EXPECT_FALSE(guard.has_room_for(0));
}

TEST(DiskGuard, BearsTheLargestNumbers) {
  DiskGuardOptions options;
  options.reserve_bytes = UINT64_MAX;
  DiskGuard guard(options);
  EXPECT_EQ(guard.update(UINT64_MAX, UINT64_MAX), DiskVerdict::Accept);
  EXPECT_EQ(guard.update(UINT64_MAX / 11, UINT64_MAX), DiskVerdict::Refuse);
  EXPECT_EQ(guard.update(UINT64_MAX / 2, UINT64_MAX), DiskVerdict::Accept);
}

}  // namespace
}  // namespace waybill::storage
