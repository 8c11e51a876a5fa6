// SPDX-License-Identifier: Apache-2.0
#include "base/nearest.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace waybill {
namespace {

TEST(Nearest, NeedsTheFewestEdits) {
  const std::vector<std::string> words = {"serve", "search", "generate", "import"};
  EXPECT_EQ(nearest("serch", words), "search");   // one is missing
  EXPECT_EQ(nearest("sserve", words), "serve");   // one too many
  EXPECT_EQ(nearest("imqort", words), "import");  // one changed
  EXPECT_EQ(nearest("", words), "serve");
  EXPECT_EQ(nearest("import", words), "import");
}

TEST(Nearest, GivesTheFirstOfThoseThatAreAsNear) {
  EXPECT_EQ(nearest("c", std::vector<std::string>{"a", "b"}), "a");
  EXPECT_EQ(nearest("c", {}), "");
}

TEST(Nearest, LooksAtTheBeginningOfLongTexts) {
  const std::string same(100, 'x');
  EXPECT_EQ(nearest(same + "b", std::vector<std::string>{same + "a", same + "b"}), same + "a");
  const std::string less(99, 'x');
  EXPECT_EQ(nearest(less + "b", std::vector<std::string>{less + "a", less + "b"}), less + "b");
}

}  // namespace
}  // namespace waybill
