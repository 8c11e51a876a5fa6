// SPDX-License-Identifier: Apache-2.0
#include "cmd/query_fault.h"

#include <gtest/gtest.h>

#include <string>

namespace waybill::cmd {
namespace {

TEST(PointAt, PutsTheCaretUnderTheCharacter) {
  EXPECT_EQ(point_at("{ status = eror }", 11),
            "  { status = eror }\n"
            "             ^\n");
  EXPECT_EQ(point_at("x", 0), "  x\n  ^\n");
  EXPECT_EQ(point_at("{ .a", 4), "  { .a\n      ^\n");  // behind the end
  EXPECT_EQ(point_at("{ .a", 99), "  { .a\n      ^\n");
  EXPECT_EQ(point_at("", 0), "  \n  ^\n");
}

TEST(PointAt, CountsCharactersAndNotBytes) {
  EXPECT_EQ(point_at("{ .é = ü }", 8), "  { .é = ü }\n         ^\n");
  EXPECT_EQ(point_at("é", 1), "  é\n  ^\n");  // within a character
}

TEST(PointAt, ShowsTheLineOfTheFault) {
  EXPECT_EQ(point_at("{ .a = 1\n  && .b == 2\n}", 17), "    && .b == 2\n          ^\n");
  EXPECT_EQ(point_at("a\nb", 1), "  a\n   ^\n");  // the end of the first line
}

TEST(PointAt, ShowsWhatCouldSteerTheTerminalAsQuestionMarks) {
  EXPECT_EQ(point_at("a\x1b[31m\tb\xff\x7f", 7), "  a?[31m?b??\n         ^\n");
}

TEST(PointAt, CutsLongLines) {
  const std::string before(60, 'b');
  const std::string behind(29, 'a');
  EXPECT_EQ(point_at(before + "x" + behind, 60),
            "  " + before + "x" + behind + "\n  " + std::string(60, ' ') + "^\n");
  EXPECT_EQ(point_at("b" + before + "x" + behind + "a", 61),
            "  ..." + before + "x" + behind + "...\n  " + std::string(63, ' ') + "^\n");
}

}  // namespace
}  // namespace waybill::cmd
