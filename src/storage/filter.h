// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "model/span.h"

// What a scan tests spans with: columns, operators and constants; no query language.
namespace waybill::storage {

// What a predicate looks at.
enum class Column : std::uint8_t {
  Attribute,          // .key: of the span, else of its resource
  SpanAttribute,      // span.key
  ResourceAttribute,  // resource.key
  ScopeAttribute,     // instrumentation.key
  EventAttribute,     // event.key: any event
  LinkAttribute,      // link.key: any link
  AnyAttribute,       // span, resource, scope, events or links: any value of that key
  Service,            // resource.service.name, "unknown_service" where missing
  Name,
  Kind,
  Status,
  StatusMessage,
  Duration,  // nanoseconds
  TraceId,
  SpanId,
  ParentId,
  ScopeName,
  ScopeVersion,
  EventName,  // any event
  AnyText,    // names, service, keys and values as text, event names, status message: contains,
              // ignoring case
};

enum class Compare : std::uint8_t {
  Equal,
  NotEqual,
  Less,
  LessEqual,
  Greater,
  GreaterEqual,
  Matches,
  NotMatches,
  Exists,
  NotExists
};

// A constant. Text comparisons against `TextForm` compare the value printed as text
// (docs/guide/query.md), whatever its type.
struct TextForm {
  std::string text;
  friend bool operator==(const TextForm&, const TextForm&) = default;
};
using Operand = std::variant<std::monostate, std::string, std::int64_t, double, bool,
                             model::SpanKind, model::StatusCode, TextForm>;

struct Predicate {
  Column column = Column::Attribute;
  std::string key;  // of attribute columns
  Compare compare = Compare::Equal;
  Operand operand;
};

// A condition on one span. A missing value satisfies no comparison but NotExists (TraceQL's rule:
// `!=` needs a value).
struct Filter {
  enum class Kind : std::uint8_t { All, Test, And, Or };
  Kind kind = Kind::All;
  Predicate predicate;           // of Test
  std::vector<Filter> children;  // of And and Or

  static Filter test(Predicate predicate);
  static Filter all_of(std::vector<Filter> children);
  static Filter any_of(std::vector<Filter> children);
};

// A filter made ready: regular expressions compiled, texts folded. Immutable; any thread.
class SpanMatcher final {
 public:
  // InvalidArgument for a regular expression that RE2 refuses or that passes its memory limit, and
  // for trees deeper than 100.
  static Result<SpanMatcher> make(const Filter& filter);

  bool matches(const model::Span& span) const;
  bool matches_everything() const;

 private:
  struct Node;
  explicit SpanMatcher(std::shared_ptr<const Node> root);
  static Result<std::shared_ptr<const Node>> compile(const Filter& filter, int depth);

  std::shared_ptr<const Node> root_;
};

}  // namespace waybill::storage
