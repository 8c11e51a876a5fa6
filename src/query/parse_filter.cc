// SPDX-License-Identifier: Apache-2.0
#include "query/parse_filter.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/text.h"
#include "lang/expression.h"
#include "lang/parse.h"
#include "model/span.h"
#include "storage/filter.h"

namespace waybill::query {
namespace {

storage::Column column_of(lang::Scope scope) {
  switch (scope) {
    case lang::Scope::Any:
      return storage::Column::Attribute;
    case lang::Scope::Span:
      return storage::Column::SpanAttribute;
    case lang::Scope::Resource:
      return storage::Column::ResourceAttribute;
    case lang::Scope::Event:
      return storage::Column::EventAttribute;
    case lang::Scope::Link:
      return storage::Column::LinkAttribute;
    case lang::Scope::Instrumentation:
      return storage::Column::ScopeAttribute;
  }
  return storage::Column::Attribute;
}

storage::Column column_of(lang::Intrinsic intrinsic) {
  switch (intrinsic) {
    case lang::Intrinsic::Name:
      return storage::Column::Name;
    case lang::Intrinsic::Duration:
      return storage::Column::Duration;
    case lang::Intrinsic::Status:
      return storage::Column::Status;
    case lang::Intrinsic::StatusMessage:
      return storage::Column::StatusMessage;
    case lang::Intrinsic::Kind:
      return storage::Column::Kind;
    case lang::Intrinsic::TraceId:
      return storage::Column::TraceId;
    case lang::Intrinsic::SpanId:
      return storage::Column::SpanId;
    case lang::Intrinsic::ParentId:
      return storage::Column::ParentId;
    case lang::Intrinsic::EventName:
      return storage::Column::EventName;
    case lang::Intrinsic::ScopeName:
      return storage::Column::ScopeName;
    case lang::Intrinsic::ScopeVersion:
      return storage::Column::ScopeVersion;
  }
  return storage::Column::Name;
}

storage::Compare compare_of(lang::Operator op) {
  static constexpr std::array<storage::Compare, 8> kCompares = {
      storage::Compare::Equal,     storage::Compare::NotEqual,  storage::Compare::Less,
      storage::Compare::LessEqual, storage::Compare::Greater,   storage::Compare::GreaterEqual,
      storage::Compare::Matches,   storage::Compare::NotMatches};
  return kCompares[static_cast<std::size_t>(op)];
}

storage::Operand operand_of(const lang::Literal& literal) {
  struct Lower {
    storage::Operand operator()(lang::Nil) const { return std::monostate(); }
    storage::Operand operator()(const std::string& text) const { return text; }
    storage::Operand operator()(std::int64_t number) const { return number; }
    storage::Operand operator()(double number) const { return number; }
    storage::Operand operator()(lang::Duration duration) const { return duration.nanos; }
    storage::Operand operator()(bool flag) const { return flag; }
    storage::Operand operator()(model::StatusCode code) const { return code; }
    storage::Operand operator()(model::SpanKind kind) const { return kind; }
  };
  return std::visit(Lower{}, literal);
}

storage::Predicate lower(const lang::Comparison& comparison) {
  storage::Predicate predicate;
  if (const auto* attribute = std::get_if<lang::AttributeField>(&comparison.field)) {
    // The service column holds a name where the attribute is missing too, so only a text may go
    // there.
    const bool is_service = attribute->scope == lang::Scope::Resource &&
                            attribute->key == "service.name" &&
                            std::holds_alternative<std::string>(comparison.literal);
    predicate.column = is_service ? storage::Column::Service : column_of(attribute->scope);
    predicate.key = is_service ? std::string() : attribute->key;
  } else {
    predicate.column = column_of(std::get<lang::Intrinsic>(comparison.field));
  }
  predicate.compare = compare_of(comparison.op);
  predicate.operand = operand_of(comparison.literal);
  if (std::holds_alternative<lang::Nil>(comparison.literal)) {
    predicate.compare = comparison.op == lang::Operator::Equal ? storage::Compare::NotExists
                                                               : storage::Compare::Exists;
  }
  // Ids are compared as lower-case text, however they were typed.
  const bool is_id = predicate.column == storage::Column::TraceId ||
                     predicate.column == storage::Column::SpanId ||
                     predicate.column == storage::Column::ParentId;
  if (auto* text = std::get_if<std::string>(&predicate.operand); is_id && text != nullptr) {
    *text = to_lower(*text);
  }
  return predicate;
}

std::optional<storage::Filter> lower(const lang::Expression& expression, QueryError& error);

std::optional<std::vector<storage::Filter>> lower_all(
    const std::vector<lang::Expression>& expressions, QueryError& error) {
  std::vector<storage::Filter> filters;
  filters.reserve(expressions.size());
  for (const lang::Expression& expression : expressions) {
    auto filter = lower(expression, error);
    if (!filter) {
      return std::nullopt;
    }
    filters.push_back(*std::move(filter));
  }
  return filters;
}

// Depth is bounded by the parser. Gives no value, and sets `error`, where a regular expression is
// bad.
std::optional<storage::Filter> lower(const lang::Expression& expression, QueryError& error) {
  switch (expression.kind) {
    case lang::Expression::Kind::Constant:
      return expression.constant ? storage::Filter{} : storage::Filter::any_of({});
    case lang::Expression::Kind::Compare: {
      storage::Filter filter = storage::Filter::test(lower(expression.comparison));
      if (const auto matcher = storage::SpanMatcher::make(filter); !matcher) {
        error = {matcher.error().message, expression.comparison.position};
        return std::nullopt;
      }
      return filter;
    }
    case lang::Expression::Kind::And:
    case lang::Expression::Kind::Or: {
      auto operands = lower_all(expression.operands, error);
      if (!operands) {
        return std::nullopt;
      }
      return expression.kind == lang::Expression::Kind::And
                 ? storage::Filter::all_of(*std::move(operands))
                 : storage::Filter::any_of(*std::move(operands));
    }
  }
  return storage::Filter{};
}

}  // namespace

std::variant<storage::Filter, QueryError> parse_filter(std::string_view query) {
  if (trim(query).empty()) {
    return storage::Filter{};
  }
  const auto parsed = lang::parse_filter(query);
  if (const auto* fault = std::get_if<lang::SyntaxError>(&parsed)) {
    return QueryError{fault->message, fault->position};
  }
  QueryError error;
  auto filter = lower(std::get<lang::Expression>(parsed), error);
  if (!filter) {
    return error;
  }
  return *std::move(filter);
}

}  // namespace waybill::query
