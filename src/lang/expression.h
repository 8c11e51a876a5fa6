// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "model/span.h"

// TraceQL as trees. The part of the language that is read so far is one span filter, `{ ... }`
// (docs/guide/query.md).
namespace waybill::lang {

enum class Scope : std::uint8_t { Any, Span, Resource, Event, Link, Instrumentation };

enum class Intrinsic : std::uint8_t {
  Name,
  Duration,
  Status,
  StatusMessage,
  Kind,
  TraceId,
  SpanId,
  ParentId,
  EventName,
  ScopeName,
  ScopeVersion,
};

// `.key`, `span.key`, `resource.key` ...
struct AttributeField {
  Scope scope = Scope::Any;
  std::string key;
  friend bool operator==(const AttributeField&, const AttributeField&) = default;
};

using Field = std::variant<AttributeField, Intrinsic>;

struct Nil {
  friend bool operator==(const Nil&, const Nil&) = default;
};
struct Duration {
  std::int64_t nanos = 0;
  friend bool operator==(const Duration&, const Duration&) = default;
};
using Literal = std::variant<Nil, std::string, std::int64_t, double, Duration, bool,
                             model::StatusCode, model::SpanKind>;

enum class Operator : std::uint8_t {
  Equal,
  NotEqual,
  Less,
  LessEqual,
  Greater,
  GreaterEqual,
  Matches,
  NotMatches,
};

// `field operator literal`. A bare attribute stands for `attribute = true`.
struct Comparison {
  Field field;
  Operator op = Operator::Equal;
  Literal literal;
  std::size_t position = 0;  // of the field, in bytes of the query
};

// A condition on one span.
struct Expression {
  enum class Kind : std::uint8_t { Constant, Compare, And, Or };
  Kind kind = Kind::Constant;
  bool constant = true;              // of Constant
  Comparison comparison;             // of Compare
  std::vector<Expression> operands;  // two, of And and Or
};

}  // namespace waybill::lang
