// SPDX-License-Identifier: Apache-2.0
#include "lang/parse.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/random.h"
#include "lang/expression.h"

namespace waybill::lang {
namespace {

std::string printed(std::string_view query) {
  const auto parsed = parse_filter(query);
  if (const auto* error = std::get_if<SyntaxError>(&parsed)) {
    return std::to_string(error->position) + ": " + error->message;
  }
  return print(std::get<Expression>(parsed));
}

TEST(ParseFilter, ReadsWhatItPrints) {
  const std::vector<std::string> canonical = {
      "{ }",
      "{ false }",
      "{ name = \"GET /\" }",
      "{ duration > 1500000000ns }",
      "{ (status = error && kind != server) }",
      "{ ((.a = 1 || span.b >= 2.5) && resource.service.name =~ \"pay.*\") }",
      "{ span.\"user tier\" = nil }",
      "{ event.exception.type !~ \"a|b\" }",
      "{ instrumentation.x = true }",
      "{ trace:id = \"0af7\" }",
      "{ link.\"a\\\"b\\\\c \" = -3 }",
  };
  for (const std::string& query : canonical) {
    EXPECT_EQ(printed(query), query);
  }
}

TEST(ParseFilter, ReadsEverySpellingOfLiterals) {
  EXPECT_EQ(printed("{ duration >= 1d2h }"), "{ duration >= 93600000000000ns }");
  EXPECT_EQ(printed("{duration<1.5s}"), "{ duration < 1500000000ns }");
  EXPECT_EQ(printed("{ duration < 5\xC2\xB5s }"), "{ duration < 5000ns }");
  EXPECT_EQ(printed("{ .a = `raw \"text\\n` }"), "{ .a = \"raw \\\"text\\\\n\" }");
  EXPECT_EQ(printed("{ .a = \"\\u00e4\\x41\\t\" }"), "{ .a = \"\xC3\xA4\x41\\x09\" }");
  EXPECT_EQ(printed("{ .flag }"), "{ .flag = true }");
  EXPECT_EQ(printed("{ /* all */ span:kind = client // yes\n}"), "{ kind = client }");
  EXPECT_EQ(printed("{ .foo.\"bar baz\".x = 1e3 }"), "{ .\"foo.bar baz.x\" = 1000.0 }");
}

TEST(ParseFilter, BindsAndAndOrToTheLeft) {
  EXPECT_EQ(printed("{ .a || .b && .c }"), "{ ((.a = true || .b = true) && .c = true) }");
  EXPECT_EQ(printed("{ .a || (.b && .c) }"), "{ (.a = true || (.b = true && .c = true)) }");
}

TEST(ParseFilter, PointsAtTheFaultAndSaysWhatIsRight) {
  EXPECT_EQ(printed(""), "0: a query begins with '{', as in { duration > 1s }");
  EXPECT_EQ(printed("{ status = eror }"), "11: unknown status 'eror'; one of unset, ok, error");
  EXPECT_EQ(printed("{ .a == 1 }"), "5: '==' is no operator; write '='");
  EXPECT_EQ(printed("{ foo = 1 }"),
            "2: unknown name 'foo'; attributes begin with a dot or a scope: .foo, span.foo or "
            "resource.foo");
  EXPECT_EQ(printed("{ .a = bar }"), "7: 'bar' is no value; texts stand in double quotes: \"bar\"");
  EXPECT_EQ(printed("{ .a = \"x }"), "7: this text is not closed; write \"");
  EXPECT_EQ(printed("{ .a = 'x' }"), "7: texts stand in double quotes or backquotes");
  EXPECT_EQ(printed("{ span. = 1 }"), "2: the name of the attribute is missing behind the dot");
  EXPECT_EQ(printed("{ .a = 1 "), "9: expected '&&', '||' or '}'");
  EXPECT_EQ(printed("{ .a = 1 } | count() > 2"), "11: '|' means nothing here");
  EXPECT_EQ(printed("{ duration > \"1s\" }"),
            "13: duration is compared with a duration, such as 100ms or 1.5s");
  EXPECT_EQ(printed("{ duration > 1parsec }"),
            "13: '1parsec' is no number and no duration; durations are like 1.5s, 300ms or 2h30m");
  EXPECT_EQ(printed("{ name = 5 }"), "9: name is compared with a text in double quotes");
  EXPECT_EQ(printed("{ .a =~ 5 }"), "8: a regular expression stands in double quotes");
  EXPECT_EQ(printed("{ status > ok }"), "11: status is compared with = or !=");
  EXPECT_EQ(printed("{ .a > nil }"), "7: nil is compared with = or !=");
  EXPECT_EQ(printed("{ name }"), "7: expected an operator: one of = != < <= > >= =~ !~");
  EXPECT_EQ(printed("{ /* }"), "2: this comment is not closed; write */");
}

TEST(ParseFilter, RefusesDepthAndLengthPastItsLimits) {
  const auto nested = [](int depth) {
    return "{ " + std::string(static_cast<std::size_t>(depth), '(') + ".a = 1" +
           std::string(static_cast<std::size_t>(depth), ')') + " }";
  };
  EXPECT_EQ(printed(nested(kQueryDepthMax)), "{ .a = 1 }");
  EXPECT_EQ(printed(nested(kQueryDepthMax + 1)), "102: parentheses nest deeper than 100");
  std::string chain = "{ .a";
  for (int i = 0; i < kQueryDepthMax; ++i) {
    chain += " && .a";
  }
  EXPECT_EQ(printed(chain + " }").substr(0, 2), "{ ");
  EXPECT_NE(printed(chain + " && .a }").find("more than 100 conditions"), std::string::npos);
  EXPECT_NE(printed(std::string(kQueryBytesMax + 1, ' ')).find("longer than"), std::string::npos);
}

// Random bytes of the language's own alphabet: never a crash, and what parses prints as something
// that parses to the same.
TEST(ParseFilter, SurvivesRandomTexts) {
  const std::vector<std::string_view> pieces = {
      "{",    "}",  "(", ")",  "&&",   "||",    "=",      "!=", "=~", ".a", "span.b",
      "name", "1s", "5", "\"", "true", "error", "server", "`",  " ",  "nil"};
  Random random(7);
  int parsed_count = 0;
  for (int round = 0; round < 20'000; ++round) {
    std::string query = random.below(2) == 0 ? "{ .a = 1 " : "{";
    const std::uint64_t length = random.below(8);
    for (std::uint64_t i = 0; i < length; ++i) {
      query += pieces[random.below(pieces.size())];
    }
    query += random.below(2) == 0 ? " }" : "";
    const auto parsed = parse_filter(query);
    if (std::holds_alternative<Expression>(parsed)) {
      ++parsed_count;
      const std::string text = print(std::get<Expression>(parsed));
      EXPECT_EQ(printed(text), text) << query;
    } else {
      EXPECT_LE(std::get<SyntaxError>(parsed).position, query.size());
    }
  }
  EXPECT_GT(parsed_count, 100);
}

}  // namespace
}  // namespace waybill::lang
