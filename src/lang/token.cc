// SPDX-License-Identifier: Apache-2.0
#include "lang/token.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

#include "base/text.h"
#include "base/time.h"
#include "lang/expression.h"

namespace waybill::lang {
namespace {

constexpr std::string_view kNameEnds = " \t\r\n{}()=~!<>&|^,\"`";
constexpr std::string_view kDigits = "0123456789";

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

// Reads one token; holds the query and how far it has come.
class Lexer final {
 public:
  Lexer(std::string_view query, std::size_t position) : query_(query), at_(position) {}

  Token next() {
    if (!skip_space()) {
      return invalid("this comment is not closed; write */");
    }
    start_ = at_;
    if (at_ >= query_.size()) {
      return make(TokenKind::End);
    }
    const char c = query_[at_];
    if (c == '"' || c == '`') {
      return string_token();
    }
    if (is_digit(c) || (c == '-' && at_ + 1 < query_.size() && is_digit(query_[at_ + 1]))) {
      return number_token();
    }
    if (c == '.') {
      ++at_;
      return attribute_token(Scope::Any);
    }
    if (is_letter(c)) {
      return word_token();
    }
    return symbol_token();
  }

 private:
  bool starts_with(std::string_view text) const { return query_.substr(at_).starts_with(text); }

  // False where a comment has no end.
  bool skip_space() {
    while (at_ < query_.size()) {
      if (std::string_view(" \t\r\n").find(query_[at_]) != std::string_view::npos) {
        ++at_;
      } else if (starts_with("//")) {
        at_ = std::min(query_.find('\n', at_), query_.size());
      } else if (starts_with("/*")) {
        const std::size_t end = query_.find("*/", at_ + 2);
        if (end == std::string_view::npos) {
          start_ = at_;
          return false;
        }
        at_ = end + 2;
      } else {
        return true;
      }
    }
    return true;
  }

  Token make(TokenKind kind) const {
    Token token;
    token.kind = kind;
    token.position = start_;
    token.size = at_ - start_;
    return token;
  }

  Token invalid(std::string message) const {
    Token token = make(TokenKind::Invalid);
    token.text = std::move(message);
    return token;
  }

  Token symbol_token() {
    struct Symbol {
      std::string_view text;
      TokenKind kind;
      Operator op;
    };
    // Longer symbols first where one begins another.
    static constexpr std::array<Symbol, 14> kSymbols = {{
        {"&&", TokenKind::And, Operator::Equal},
        {"||", TokenKind::Or, Operator::Equal},
        {"=~", TokenKind::Compare, Operator::Matches},
        {"!~", TokenKind::Compare, Operator::NotMatches},
        {"!=", TokenKind::Compare, Operator::NotEqual},
        {"<=", TokenKind::Compare, Operator::LessEqual},
        {">=", TokenKind::Compare, Operator::GreaterEqual},
        {"=", TokenKind::Compare, Operator::Equal},
        {"<", TokenKind::Compare, Operator::Less},
        {">", TokenKind::Compare, Operator::Greater},
        {"{", TokenKind::OpenBrace, Operator::Equal},
        {"}", TokenKind::CloseBrace, Operator::Equal},
        {"(", TokenKind::OpenParen, Operator::Equal},
        {")", TokenKind::CloseParen, Operator::Equal},
    }};
    if (starts_with("==")) {
      return invalid("'==' is no operator; write '='");
    }
    for (const Symbol& symbol : kSymbols) {
      if (starts_with(symbol.text)) {
        at_ += symbol.text.size();
        Token token = make(symbol.kind);
        token.op = symbol.op;
        return token;
      }
    }
    if (query_[at_] == '\'') {
      return invalid("texts stand in double quotes or backquotes");
    }
    std::string shown;
    append_valid_utf8(shown, query_.substr(at_, 1));
    return invalid(fmt::format("'{}' means nothing here", shown));
  }

  Token string_token() {
    std::string text;
    if (query_[at_] == '`') {
      const std::size_t end = query_.find('`', at_ + 1);
      if (end == std::string_view::npos) {
        return invalid("this text is not closed; write `");
      }
      text = query_.substr(at_ + 1, end - at_ - 1);
      at_ = end + 1;
    } else if (auto error = quoted_text(text, Escapes::Go)) {
      return invalid(*error);
    }
    Token token = make(TokenKind::Constant);
    token.literal = std::move(text);
    return token;
  }

  enum class Escapes : std::uint8_t { Go, QuoteAndBackslash };

  // Reads from the opening quote to behind the closing one. Gives a message where it is malformed.
  std::optional<std::string> quoted_text(std::string& out, Escapes escapes) {
    ++at_;
    while (at_ < query_.size() && query_[at_] != '"') {
      if (query_[at_] != '\\') {
        out += query_[at_++];
        continue;
      }
      if (++at_ >= query_.size()) {
        break;
      }
      const char c = query_[at_++];
      if (c == '"' || c == '\\') {
        out += c;
      } else if (escapes == Escapes::QuoteAndBackslash || !go_escape(c, out)) {
        return fmt::format("unknown escape '\\{}'; write \\\\ for a backslash", c);
      }
    }
    if (at_ >= query_.size()) {
      return "this text is not closed; write \"";
    }
    ++at_;
    return std::nullopt;
  }

  // The escape behind a backslash, as in Go's string literals.
  bool go_escape(char c, std::string& out) {
    static constexpr std::array<std::pair<char, char>, 7> kSimple = {{{'n', '\n'},
                                                                      {'t', '\t'},
                                                                      {'r', '\r'},
                                                                      {'a', '\a'},
                                                                      {'b', '\b'},
                                                                      {'f', '\f'},
                                                                      {'v', '\v'}}};
    for (const auto& [name, value] : kSimple) {
      if (c == name) {
        out += value;
        return true;
      }
    }
    const std::size_t digits = c == 'x' ? 2 : c == 'u' ? 4 : c == 'U' ? 8 : 0;
    if (digits == 0 || at_ + digits > query_.size()) {
      return false;
    }
    const auto value = parse_hex(query_.substr(at_, digits));
    if (!value || *value > 0x10FFFF) {
      return false;
    }
    at_ += digits;
    if (c == 'x') {
      out += static_cast<char>(*value);
    } else {
      append_character(static_cast<std::uint32_t>(*value), out);
    }
    return true;
  }

  static void append_character(std::uint32_t code, std::string& out) {
    const auto byte = [&](std::uint32_t bits) { out += static_cast<char>(bits); };
    if (code < 0x80) {
      byte(code);
    } else if (code < 0x800) {
      byte(0xC0 | (code >> 6));
      byte(0x80 | (code & 0x3F));
    } else if (code < 0x10000) {
      byte(0xE0 | (code >> 12));
      byte(0x80 | ((code >> 6) & 0x3F));
      byte(0x80 | (code & 0x3F));
    } else {
      byte(0xF0 | (code >> 18));
      byte(0x80 | ((code >> 12) & 0x3F));
      byte(0x80 | ((code >> 6) & 0x3F));
      byte(0x80 | (code & 0x3F));
    }
  }

  Token number_token() {
    const std::size_t end = std::min(query_.find_first_of(kNameEnds, at_), query_.size());
    const std::string_view text = query_.substr(at_, end - at_);
    at_ = end;
    Token token = make(TokenKind::Constant);
    if (const auto integer = parse_int64(text)) {
      token.literal = *integer;
      return token;
    }
    if (const auto nanos = parse_query_duration(text)) {
      token.literal = Duration{*nanos};
      return token;
    }
    if (const auto number = parse_double(text)) {
      token.literal = *number;
      return token;
    }
    return invalid(
        fmt::format("'{}' is no number and no duration; durations are like 1.5s, 300ms or 2h30m",
                    text.substr(0, 40)));
  }

  // Go's durations, and days, weeks and years of whole numbers as Prometheus has them.
  static std::optional<std::int64_t> parse_query_duration(std::string_view text) {
    constexpr std::int64_t kDay = 86'400'000'000'000;
    static constexpr std::array<std::pair<char, std::int64_t>, 3> kLong = {
        {{'y', 365 * kDay}, {'w', 7 * kDay}, {'d', kDay}}};
    const bool negative = text.starts_with('-');
    text.remove_prefix(negative ? 1 : 0);
    std::int64_t total = 0;
    for (const auto& [unit, nanos] : kLong) {
      const std::size_t digits = std::min(text.find_first_not_of(kDigits), text.size());
      if (digits == 0 || digits >= text.size() || text[digits] != unit) {
        continue;
      }
      const auto count = parse_int64(text.substr(0, digits));
      if (!count || *count > INT64_MAX / 4 / nanos) {
        return std::nullopt;
      }
      total += *count * nanos;
      text.remove_prefix(digits + 1);
    }
    if (!text.empty() || total == 0) {
      const auto rest = parse_duration(text);
      if (!rest || *rest > INT64_MAX - total) {
        return std::nullopt;
      }
      total += *rest;
    }
    return negative ? -total : total;
  }

  Token word_token() {
    static constexpr std::array<std::pair<std::string_view, Scope>, 5> kScopes = {
        {{"span.", Scope::Span},
         {"resource.", Scope::Resource},
         {"event.", Scope::Event},
         {"link.", Scope::Link},
         {"instrumentation.", Scope::Instrumentation}}};
    for (const auto& [prefix, scope] : kScopes) {
      if (starts_with(prefix)) {
        at_ += prefix.size();
        return attribute_token(scope);
      }
    }
    const std::size_t end = std::min(query_.find_first_of(kNameEnds, at_), query_.size());
    Token token;
    token.text = query_.substr(at_, end - at_);
    at_ = end;
    Token made = make(TokenKind::Word);
    made.text = std::move(token.text);
    return made;
  }

  Token attribute_token(Scope scope) {
    AttributeField field;
    field.scope = scope;
    while (at_ < query_.size()) {
      if (query_[at_] == '"') {
        if (auto error = quoted_text(field.key, Escapes::QuoteAndBackslash)) {
          return invalid(*error);
        }
        continue;
      }
      if (kNameEnds.find(query_[at_]) != std::string_view::npos) {
        break;
      }
      field.key += query_[at_++];
    }
    if (field.key.empty()) {
      return invalid("the name of the attribute is missing behind the dot");
    }
    Token token = make(TokenKind::Attribute);
    token.field = std::move(field);
    return token;
  }

  std::string_view query_;
  std::size_t at_;
  std::size_t start_ = 0;
};

}  // namespace

Token next_token(std::string_view query, std::size_t position) {
  return Lexer(query, position).next();
}

}  // namespace waybill::lang
