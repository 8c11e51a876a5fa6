// SPDX-License-Identifier: Apache-2.0
#include "net/server/body_buffer.h"

#include <gtest/gtest.h>

namespace waybill::net {
namespace {

// Longer than what a string holds without allocating.
constexpr std::string_view kPart = "a part of a body, as it comes in one frame";

TEST(BodyBuffer, ReservesWhatIsAnnouncedAtOnce) {
  std::string body;
  append_body(body, kPart, 267'000);
  EXPECT_EQ(body, kPart);
  EXPECT_EQ(body.capacity(), 267'000u);
}

TEST(BodyBuffer, BelievesNoMoreThanTheLimit) {
  std::string body;
  append_body(body, kPart, std::size_t{1} << 62);
  EXPECT_EQ(body.capacity(), kBodyReserveBytesMax + kPart.size());
}

TEST(BodyBuffer, NeverHoldsMoreThanTwiceWhatHasArrivedBeyondTheLimit) {
  std::string body;
  const std::string part(std::size_t{100} << 10, 'p');
  while (body.size() < std::size_t{10} << 20) {
    append_body(body, part, std::size_t{1} << 62);
    EXPECT_LE(body.capacity(), 2 * body.size() + kBodyReserveBytesMax);
  }
}

TEST(BodyBuffer, GrowsWithoutAnAnnouncement) {
  std::string body;
  for (int i = 0; i < 1000; ++i) {
    append_body(body, "0123456789", 0);
  }
  EXPECT_EQ(body.size(), 10'000u);
  EXPECT_LE(body.capacity(), 20'000u);
}

}  // namespace
}  // namespace waybill::net
