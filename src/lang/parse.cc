// SPDX-License-Identifier: Apache-2.0
#include "lang/parse.h"

#include <fmt/format.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "lang/expression.h"
#include "lang/token.h"
#include "model/span.h"

namespace waybill::lang {
namespace {

template <typename T>
using Parsed = std::variant<T, SyntaxError>;

struct IntrinsicName {
  std::string_view name;
  Intrinsic intrinsic;
};

// The first name of each intrinsic is the one that is printed.
constexpr std::array<IntrinsicName, 18> kIntrinsics = {{
    {"name", Intrinsic::Name},
    {"span:name", Intrinsic::Name},
    {"duration", Intrinsic::Duration},
    {"span:duration", Intrinsic::Duration},
    {"status", Intrinsic::Status},
    {"span:status", Intrinsic::Status},
    {"statusMessage", Intrinsic::StatusMessage},
    {"span:statusMessage", Intrinsic::StatusMessage},
    {"kind", Intrinsic::Kind},
    {"span:kind", Intrinsic::Kind},
    {"trace:id", Intrinsic::TraceId},
    {"span:id", Intrinsic::SpanId},
    {"span:parentID", Intrinsic::ParentId},
    {"event:name", Intrinsic::EventName},
    {"instrumentation:name", Intrinsic::ScopeName},
    {"instrumentation:version", Intrinsic::ScopeVersion},
    {"status_message", Intrinsic::StatusMessage},
    {"trace_id", Intrinsic::TraceId},
}};
// The last two are common slips of the pen and are answered with the right word.
constexpr std::size_t kIntrinsicCount = 16;

constexpr std::array<std::pair<std::string_view, model::StatusCode>, 3> kStatuses = {
    {{"unset", model::StatusCode::Unset},
     {"ok", model::StatusCode::Ok},
     {"error", model::StatusCode::Error}}};
constexpr std::array<std::pair<std::string_view, model::SpanKind>, 6> kKinds = {
    {{"unspecified", model::SpanKind::Unspecified},
     {"internal", model::SpanKind::Internal},
     {"server", model::SpanKind::Server},
     {"client", model::SpanKind::Client},
     {"producer", model::SpanKind::Producer},
     {"consumer", model::SpanKind::Consumer}}};
constexpr std::array<std::pair<std::string_view, Operator>, 8> kOperators = {
    {{"=", Operator::Equal},
     {"!=", Operator::NotEqual},
     {"<", Operator::Less},
     {"<=", Operator::LessEqual},
     {">", Operator::Greater},
     {">=", Operator::GreaterEqual},
     {"=~", Operator::Matches},
     {"!~", Operator::NotMatches}}};

template <typename T, std::size_t N>
std::optional<T> find_word(const std::array<std::pair<std::string_view, T>, N>& table,
                           std::string_view word) {
  for (const auto& [name, value] : table) {
    if (name == word) {
      return value;
    }
  }
  return std::nullopt;
}

std::optional<Intrinsic> find_intrinsic(std::string_view word) {
  for (std::size_t i = 0; i < kIntrinsicCount; ++i) {
    if (kIntrinsics[i].name == word) {
      return kIntrinsics[i].intrinsic;
    }
  }
  return std::nullopt;
}

std::string_view intrinsic_name(Intrinsic intrinsic) {
  for (const IntrinsicName& entry : kIntrinsics) {
    if (entry.intrinsic == intrinsic) {
      return entry.name;
    }
  }
  return "name";
}

std::string unknown_word(std::string_view word) {
  for (std::size_t i = kIntrinsicCount; i < kIntrinsics.size(); ++i) {
    if (kIntrinsics[i].name == word) {
      return fmt::format("unknown name '{}'; write {}", word,
                         intrinsic_name(kIntrinsics[i].intrinsic));
    }
  }
  return fmt::format(
      "unknown name '{}'; attributes begin with a dot or a scope: .{}, span.{} or "
      "resource.{}",
      word, word, word, word);
}

// What kind of literal a comparison with the intrinsic takes, in words; empty where it fits.
std::string literal_fault(Intrinsic intrinsic, const Literal& literal, Operator op) {
  const bool ordered = op != Operator::Equal && op != Operator::NotEqual;
  switch (intrinsic) {
    case Intrinsic::Duration:
      if (std::holds_alternative<Duration>(literal) ||
          std::holds_alternative<std::int64_t>(literal) ||
          std::holds_alternative<double>(literal)) {
        return {};
      }
      return "duration is compared with a duration, such as 100ms or 1.5s";
    case Intrinsic::Status:
      if (!std::holds_alternative<model::StatusCode>(literal)) {
        return "status is one of unset, ok, error";
      }
      return ordered ? "status is compared with = or !=" : std::string();
    case Intrinsic::Kind:
      if (!std::holds_alternative<model::SpanKind>(literal)) {
        return "kind is one of unspecified, internal, server, client, producer, consumer";
      }
      return ordered ? "kind is compared with = or !=" : std::string();
    default:
      if (std::holds_alternative<std::string>(literal)) {
        return {};
      }
      return fmt::format("{} is compared with a text in double quotes", intrinsic_name(intrinsic));
  }
}

class Parser final {
 public:
  explicit Parser(std::string_view query) : query_(query) { advance(); }

  Parsed<Expression> parse() {
    if (token_.kind != TokenKind::OpenBrace) {
      return fault("a query begins with '{', as in { duration > 1s }");
    }
    advance();
    Parsed<Expression> body = Expression{};
    if (token_.kind != TokenKind::CloseBrace) {
      body = parse_chain(0);
    }
    if (std::holds_alternative<SyntaxError>(body)) {
      return body;
    }
    if (token_.kind != TokenKind::CloseBrace) {
      return fault("expected '&&', '||' or '}'");
    }
    advance();
    if (token_.kind != TokenKind::End) {
      return fault("expected the end of the query behind '}'");
    }
    return body;
  }

 private:
  void advance() { token_ = next_token(query_, token_.position + token_.size); }

  SyntaxError fault(std::string message) const {
    return token_.kind == TokenKind::Invalid ? SyntaxError{token_.text, token_.position}
                                             : SyntaxError{std::move(message), token_.position};
  }

  // `&&` and `||` have one precedence and bind to the left.
  Parsed<Expression> parse_chain(int depth) {
    Parsed<Expression> left = parse_term(depth);
    int length = 0;
    while (std::holds_alternative<Expression>(left) &&
           (token_.kind == TokenKind::And || token_.kind == TokenKind::Or)) {
      if (++length > kQueryDepthMax) {
        return fault(fmt::format("more than {} conditions", kQueryDepthMax));
      }
      const bool is_and = token_.kind == TokenKind::And;
      advance();
      Parsed<Expression> right = parse_term(depth);
      if (std::holds_alternative<SyntaxError>(right)) {
        return right;
      }
      Expression both;
      both.kind = is_and ? Expression::Kind::And : Expression::Kind::Or;
      both.operands.push_back(std::get<Expression>(std::move(left)));
      both.operands.push_back(std::get<Expression>(std::move(right)));
      left = std::move(both);
    }
    return left;
  }

  Parsed<Expression> parse_term(int depth) {
    if (token_.kind == TokenKind::OpenParen) {
      if (depth >= kQueryDepthMax) {
        return fault(fmt::format("parentheses nest deeper than {}", kQueryDepthMax));
      }
      advance();
      Parsed<Expression> inner = parse_chain(depth + 1);
      if (std::holds_alternative<SyntaxError>(inner)) {
        return inner;
      }
      if (token_.kind != TokenKind::CloseParen) {
        return fault("expected '&&', '||' or ')'");
      }
      advance();
      return inner;
    }
    if (token_.kind == TokenKind::Word && (token_.text == "true" || token_.text == "false")) {
      Expression constant;
      constant.constant = token_.text == "true";
      advance();
      return constant;
    }
    return parse_comparison();
  }

  Parsed<Expression> parse_comparison() {
    Expression expression;
    expression.kind = Expression::Kind::Compare;
    Comparison& comparison = expression.comparison;
    comparison.position = token_.position;
    if (token_.kind == TokenKind::Attribute) {
      comparison.field = token_.field;
    } else if (token_.kind == TokenKind::Word) {
      const auto intrinsic = find_intrinsic(token_.text);
      if (!intrinsic) {
        return fault(unknown_word(token_.text));
      }
      comparison.field = *intrinsic;
    } else {
      return fault("expected a condition, such as duration > 100ms or .http.route = \"/cart\"");
    }
    advance();
    if (token_.kind == TokenKind::Compare) {
      comparison.op = token_.op;
      advance();
      return finish_comparison(std::move(expression));
    }
    if (std::holds_alternative<Intrinsic>(comparison.field) ||
        (token_.kind != TokenKind::And && token_.kind != TokenKind::Or &&
         token_.kind != TokenKind::CloseBrace && token_.kind != TokenKind::CloseParen)) {
      return fault("expected an operator: one of = != < <= > >= =~ !~");
    }
    comparison.literal = true;
    return expression;
  }

  Parsed<Expression> finish_comparison(Expression expression) {
    Comparison& comparison = expression.comparison;
    const bool is_regex =
        comparison.op == Operator::Matches || comparison.op == Operator::NotMatches;
    if (token_.kind == TokenKind::Constant) {
      comparison.literal = token_.literal;
    } else if (token_.kind == TokenKind::Word) {
      Parsed<Literal> literal = word_literal(comparison.field);
      if (std::holds_alternative<SyntaxError>(literal)) {
        return std::get<SyntaxError>(std::move(literal));
      }
      comparison.literal = std::get<Literal>(std::move(literal));
    } else {
      return fault(
          "expected a value: a text in double quotes, a number, a duration, true or false");
    }
    if (is_regex && !std::holds_alternative<std::string>(comparison.literal)) {
      return fault("a regular expression stands in double quotes");
    }
    if (const auto* intrinsic = std::get_if<Intrinsic>(&comparison.field)) {
      if (std::string text = literal_fault(*intrinsic, comparison.literal, comparison.op);
          !text.empty()) {
        return fault(std::move(text));
      }
    }
    if (std::holds_alternative<Nil>(comparison.literal) && comparison.op != Operator::Equal &&
        comparison.op != Operator::NotEqual) {
      return fault("nil is compared with = or !=");
    }
    advance();
    return expression;
  }

  Parsed<Literal> word_literal(const Field& field) const {
    const std::string& word = token_.text;
    if (word == "true" || word == "false") {
      return Literal(word == "true");
    }
    if (word == "nil" && std::holds_alternative<AttributeField>(field)) {
      return Literal(Nil{});
    }
    const auto status = find_word(kStatuses, word);
    if (status && field == Field(Intrinsic::Status)) {
      return Literal(*status);
    }
    const auto kind = find_word(kKinds, word);
    if (kind && field == Field(Intrinsic::Kind)) {
      return Literal(*kind);
    }
    if (field == Field(Intrinsic::Status)) {
      return fault(fmt::format("unknown status '{}'; one of unset, ok, error", word));
    }
    if (field == Field(Intrinsic::Kind)) {
      return fault(fmt::format(
          "unknown kind '{}'; one of unspecified, internal, server, client, producer, consumer",
          word));
    }
    return fault(fmt::format("'{}' is no value; texts stand in double quotes: \"{}\"", word, word));
  }

  std::string_view query_;
  Token token_;
};

}  // namespace

std::variant<Expression, SyntaxError> parse_filter(std::string_view query) {
  if (query.size() > kQueryBytesMax) {
    return SyntaxError{fmt::format("the query is longer than {} bytes", kQueryBytesMax),
                       kQueryBytesMax};
  }
  return Parser(query).parse();
}

namespace {

std::string quote(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
    }
    if (static_cast<unsigned char>(c) < 0x20) {
      out += fmt::format("\\x{:02x}", c);
    } else {
      out += c;
    }
  }
  return out += '"';
}

template <typename T, std::size_t N>
std::string_view word_of(const std::array<std::pair<std::string_view, T>, N>& table, T value) {
  for (const auto& [name, candidate] : table) {
    if (candidate == value) {
      return name;
    }
  }
  return table.front().first;
}

std::string print_literal(const Literal& literal) {
  struct Printer {
    std::string operator()(Nil) const { return "nil"; }
    std::string operator()(const std::string& text) const { return quote(text); }
    std::string operator()(std::int64_t number) const { return std::to_string(number); }
    std::string operator()(double number) const {
      const std::string text = fmt::format("{}", number);
      return text.find_first_of(".e") == std::string::npos ? text + ".0" : text;
    }
    std::string operator()(Duration duration) const { return fmt::format("{}ns", duration.nanos); }
    std::string operator()(bool flag) const { return flag ? "true" : "false"; }
    std::string operator()(model::StatusCode code) const {
      return std::string(word_of(kStatuses, code));
    }
    std::string operator()(model::SpanKind kind) const {
      return std::string(word_of(kKinds, kind));
    }
  };
  return std::visit(Printer{}, literal);
}

std::string print_condition(const Expression& expression) {
  switch (expression.kind) {
    case Expression::Kind::Constant:
      return expression.constant ? "true" : "false";
    case Expression::Kind::Compare:
      return fmt::format("{} {} {}", print(expression.comparison.field),
                         word_of(kOperators, expression.comparison.op),
                         print_literal(expression.comparison.literal));
    case Expression::Kind::And:
    case Expression::Kind::Or:
      return fmt::format("({} {} {})", print_condition(expression.operands[0]),
                         expression.kind == Expression::Kind::And ? "&&" : "||",
                         print_condition(expression.operands[1]));
  }
  return "true";
}

}  // namespace

std::string print(const Field& field) {
  if (const auto* intrinsic = std::get_if<Intrinsic>(&field)) {
    return std::string(intrinsic_name(*intrinsic));
  }
  static constexpr std::array<std::string_view, 6> kPrefixes = {
      ".", "span.", "resource.", "event.", "link.", "instrumentation."};
  const auto& attribute = std::get<AttributeField>(field);
  std::string out(kPrefixes[static_cast<std::size_t>(attribute.scope)]);
  if (attribute.key.find_first_of(" \t\r\n{}()=~!<>&|^,\"`") == std::string::npos) {
    return out + attribute.key;
  }
  out += '"';
  for (const char c : attribute.key) {
    if (c == '"' || c == '\\') {
      out += '\\';
    }
    out += c;
  }
  return out += '"';
}

std::string print(const Expression& expression) {
  if (expression.kind == Expression::Kind::Constant && expression.constant) {
    return "{ }";
  }
  return fmt::format("{{ {} }}", print_condition(expression));
}

}  // namespace waybill::lang
