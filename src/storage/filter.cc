// SPDX-License-Identifier: Apache-2.0
#include "storage/filter.h"

#include <re2/re2.h>

#include <cmath>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/error.h"
#include "base/result.h"
#include "base/text.h"
#include "model/span.h"
#include "model/value.h"
#include "storage/value_text.h"

namespace waybill::storage {
namespace {

constexpr int kFilterDepthMax = 200;
constexpr std::int64_t kRegexMemoryBytesMax = 1 << 20;

// A value of a span as predicates see it, whichever column it came from.
using Subject = std::variant<std::monostate, std::string_view, std::int64_t, double, bool,
                             model::SpanKind, model::StatusCode>;

std::optional<std::partial_ordering> order(const Subject& left, const Operand& right) {
  const auto* left_text = std::get_if<std::string_view>(&left);
  const auto* right_text = std::get_if<std::string>(&right);
  if (left_text != nullptr && right_text != nullptr) {
    return left_text->compare(*right_text) <=> 0;
  }
  const auto* left_int = std::get_if<std::int64_t>(&left);
  const auto* right_int = std::get_if<std::int64_t>(&right);
  if (left_int != nullptr && right_int != nullptr) {
    return *left_int <=> *right_int;
  }
  const auto number = [](const std::int64_t* integer, const double* real) -> std::optional<double> {
    if (integer != nullptr) {
      return static_cast<double>(*integer);
    }
    return real != nullptr ? std::optional(*real) : std::nullopt;
  };
  const auto left_number = number(left_int, std::get_if<double>(&left));
  const auto right_number = number(right_int, std::get_if<double>(&right));
  if (left_number && right_number) {
    return *left_number <=> *right_number;
  }
  const auto equality = [](bool same) {
    return same ? std::partial_ordering::equivalent : std::partial_ordering::unordered;
  };
  if (std::holds_alternative<bool>(left) && std::holds_alternative<bool>(right)) {
    return equality(std::get<bool>(left) == std::get<bool>(right));
  }
  if (std::holds_alternative<model::SpanKind>(left) &&
      std::holds_alternative<model::SpanKind>(right)) {
    return equality(std::get<model::SpanKind>(left) == std::get<model::SpanKind>(right));
  }
  if (std::holds_alternative<model::StatusCode>(left) &&
      std::holds_alternative<model::StatusCode>(right)) {
    return equality(std::get<model::StatusCode>(left) == std::get<model::StatusCode>(right));
  }
  return std::nullopt;
}

bool holds(Compare compare, std::partial_ordering ordering) {
  switch (compare) {
    case Compare::Equal:
      return ordering == 0;
    case Compare::NotEqual:
      return ordering != 0;
    case Compare::Less:
      return ordering < 0;
    case Compare::LessEqual:
      return ordering <= 0;
    case Compare::Greater:
      return ordering > 0;
    case Compare::GreaterEqual:
      return ordering >= 0;
    default:
      return false;
  }
}

bool is_negative(Compare compare) {
  return compare == Compare::NotEqual || compare == Compare::NotMatches;
}

bool contains_ignoring_case(std::string_view text, std::string_view lower_needle) {
  if (lower_needle.empty()) {
    return true;
  }
  const auto lower = [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  };
  for (std::size_t i = 0; i + lower_needle.size() <= text.size(); ++i) {
    std::size_t j = 0;
    while (j < lower_needle.size() && lower(text[i + j]) == lower_needle[j]) {
      ++j;
    }
    if (j == lower_needle.size()) {
      return true;
    }
  }
  return false;
}

// One predicate with what it needs to be tested quickly.
class Test final {
 public:
  static Result<Test> make(Predicate predicate) {
    Test test(std::move(predicate));
    const Compare compare = test.predicate_.compare;
    if (compare == Compare::Matches || compare == Compare::NotMatches) {
      const auto* pattern = std::get_if<std::string>(&test.predicate_.operand);
      if (pattern == nullptr) {
        return invalid_argument("a regular expression must be a text");
      }
      RE2::Options options;
      options.set_log_errors(false);
      options.set_max_mem(kRegexMemoryBytesMax);
      options.set_encoding(RE2::Options::EncodingUTF8);
      test.regex_ = std::make_shared<const RE2>(*pattern, options);
      if (!test.regex_->ok()) {
        return invalid_argument("regular expression: " + test.regex_->error());
      }
    }
    if (test.predicate_.column == Column::AnyText) {
      const auto* needle = std::get_if<std::string>(&test.predicate_.operand);
      if (needle == nullptr) {
        return invalid_argument("a text search needs a text");
      }
      test.lower_needle_ = to_lower(*needle);
    }
    return test;
  }

  bool matches(const model::Span& span) const {
    switch (predicate_.column) {
      case Column::Attribute:
        return test_first({span.attributes, span.resource().attributes}, span);
      case Column::SpanAttribute:
        return test_value(model::find_attribute(span.attributes, predicate_.key));
      case Column::ResourceAttribute:
        return test_value(model::find_attribute(span.resource().attributes, predicate_.key));
      case Column::ScopeAttribute:
        return test_value(model::find_attribute(span.scope->attributes, predicate_.key));
      case Column::EventAttribute:
        return test_each(span.events);
      case Column::LinkAttribute:
        return test_each(span.links);
      case Column::AnyAttribute:
        return test_anywhere(span);
      case Column::EventName:
        return test_event_names(span);
      case Column::AnyText:
        return test_text(span);
      case Column::TraceId:
        return test_subject(std::string_view(span.trace_id.hex()));
      case Column::SpanId:
        return test_subject(std::string_view(span.span_id.hex()));
      case Column::ParentId:
        return test_subject(span.parent_span_id.is_zero()
                                ? Subject(std::string_view())
                                : Subject(std::string_view(span.parent_span_id.hex())));
      default:
        return test_subject(plain_column(span));
    }
  }

 private:
  explicit Test(Predicate predicate) : predicate_(std::move(predicate)) {}

  Subject plain_column(const model::Span& span) const {
    switch (predicate_.column) {
      case Column::Service:
        return span.service();
      case Column::Name:
        return span.name;
      case Column::Kind:
        return span.kind;
      case Column::Status:
        return span.status;
      case Column::StatusMessage:
        return span.status_message;
      case Column::Duration:
        return span.duration();
      case Column::ScopeName:
        return span.scope->name;
      case Column::ScopeVersion:
        return span.scope->version;
      default:
        return std::monostate();
    }
  }

  bool test_subject(const Subject& subject) const {
    if (predicate_.compare == Compare::Exists) {
      return !std::holds_alternative<std::monostate>(subject);
    }
    if (predicate_.compare == Compare::NotExists) {
      return std::holds_alternative<std::monostate>(subject);
    }
    if (regex_ != nullptr) {
      const auto* text = std::get_if<std::string_view>(&subject);
      return text != nullptr && test_regex(*text);
    }
    const auto ordering = order(subject, predicate_.operand);
    return ordering.has_value() && holds(predicate_.compare, *ordering);
  }

  bool test_regex(std::string_view text) const {
    const bool full = RE2::FullMatch(re2::StringPiece(text.data(), text.size()), *regex_);
    return full == (predicate_.compare == Compare::Matches);
  }

  bool test_value(const model::Value* value) const {
    if (predicate_.compare == Compare::Exists) {
      return value != nullptr;
    }
    if (predicate_.compare == Compare::NotExists) {
      return value == nullptr;
    }
    if (value == nullptr) {
      return false;
    }
    if (const auto* text_form = std::get_if<TextForm>(&predicate_.operand)) {
      std::string text;
      append_value_text(*value, text);
      return holds(predicate_.compare, text <=> text_form->text);
    }
    if (value->type() == model::ValueType::Array) {
      return test_array(value->array());
    }
    return test_subject(subject_of(*value));
  }

  // Any element satisfies `=`; all of them must satisfy `!=` and `!~` (TraceQL's rule).
  bool test_array(std::span<const model::Value> items) const {
    const bool negative = is_negative(predicate_.compare);
    for (const model::Value& item : items) {
      if (test_subject(subject_of(item)) != negative) {
        return !negative;
      }
    }
    return negative && !items.empty();
  }

  static Subject subject_of(const model::Value& value) {
    switch (value.type()) {
      case model::ValueType::String:
        return value.string();
      case model::ValueType::Bool:
        return value.boolean();
      case model::ValueType::Int:
        return value.integer();
      case model::ValueType::Double:
        return value.number();
      default:
        return std::monostate();
    }
  }

  // The key's first holder decides: span, resource, then events, links and scope.
  bool test_first(std::initializer_list<std::span<const model::Attribute>> lists,
                  const model::Span& span) const {
    for (const auto& list : lists) {
      if (const model::Value* value = model::find_attribute(list, predicate_.key)) {
        return test_value(value);
      }
    }
    for (const model::Event& event : span.events) {
      if (model::find_attribute(event.attributes, predicate_.key) != nullptr) {
        return test_each(span.events);
      }
    }
    for (const model::Link& link : span.links) {
      if (model::find_attribute(link.attributes, predicate_.key) != nullptr) {
        return test_each(span.links);
      }
    }
    return test_value(model::find_attribute(span.scope->attributes, predicate_.key));
  }

  // Holds when it does for any event or link; absence when none has the key.
  template <typename T>
  bool test_each(std::span<const T> items) const {
    bool found = false;
    for (const T& item : items) {
      const model::Value* value = model::find_attribute(item.attributes, predicate_.key);
      found = found || value != nullptr;
      if (value != nullptr && predicate_.compare != Compare::NotExists && test_value(value)) {
        return true;
      }
    }
    return predicate_.compare == Compare::NotExists && !found;
  }

  bool test_list(std::span<const model::Attribute> list) const {
    for (const model::Attribute& attribute : list) {
      if (attribute.key == predicate_.key && test_value(&attribute.value)) {
        return true;
      }
    }
    return false;
  }

  // Every place where Jaeger looks for a tag. `otel.scope.name` and the like are tags there too.
  bool test_anywhere(const model::Span& span) const {
    if (test_list(span.attributes) || test_list(span.resource().attributes) ||
        test_list(span.scope->attributes)) {
      return true;
    }
    for (const model::Event& event : span.events) {
      if (test_list(event.attributes) || (predicate_.key == "event" && test_derived(event.name))) {
        return true;
      }
    }
    for (const model::Link& link : span.links) {
      if (test_list(link.attributes)) {
        return true;
      }
    }
    return test_derived_tags(span);
  }

  bool test_derived(std::string_view text) const {
    const model::Value value = model::Value::of_string(text);
    return test_value(&value);
  }

  bool test_derived_tags(const model::Span& span) const {
    const std::string& key = predicate_.key;
    if (key == "otel.scope.name" || key == "otel.library.name") {
      return test_derived(span.scope->name);
    }
    if (key == "otel.scope.version" || key == "otel.library.version") {
      return test_derived(span.scope->version);
    }
    if (key == "span.kind" && span.kind != model::SpanKind::Unspecified) {
      return test_derived(model::span_kind_name(span.kind));
    }
    if (key == "error" && span.is_error()) {
      return test_derived("true");
    }
    if (key == "otel.status_code" && span.status != model::StatusCode::Unset) {
      return test_derived(span.is_error() ? "ERROR" : "OK");
    }
    if (key == "otel.status_description" && !span.status_message.empty()) {
      return test_derived(span.status_message);
    }
    if (key == "w3c.tracestate" && !span.trace_state.empty()) {
      return test_derived(span.trace_state);
    }
    return false;
  }

  bool test_event_names(const model::Span& span) const {
    for (const model::Event& event : span.events) {
      if (test_subject(event.name)) {
        return true;
      }
    }
    return false;
  }

  bool text_in(std::string_view text) const { return contains_ignoring_case(text, lower_needle_); }

  bool text_in(std::span<const model::Attribute> attributes) const {
    std::string text;
    for (const model::Attribute& attribute : attributes) {
      if (text_in(attribute.key)) {
        return true;
      }
      text.clear();
      append_value_text(attribute.value, text);
      if (text_in(std::string_view(text))) {
        return true;
      }
    }
    return false;
  }

  bool test_text(const model::Span& span) const {
    if (text_in(span.name) || text_in(span.service()) || text_in(span.status_message) ||
        text_in(span.attributes) || text_in(span.resource().attributes)) {
      return true;
    }
    for (const model::Event& event : span.events) {
      if (text_in(event.name) || text_in(event.attributes)) {
        return true;
      }
    }
    return false;
  }

  Predicate predicate_;
  std::shared_ptr<const RE2> regex_;
  std::string lower_needle_;
};

}  // namespace

struct SpanMatcher::Node {
  Filter::Kind kind = Filter::Kind::All;
  std::optional<Test> test;
  std::vector<std::shared_ptr<const Node>> children;

  bool matches(const model::Span& span) const {
    switch (kind) {
      case Filter::Kind::All:
        return true;
      case Filter::Kind::Test:
        return test->matches(span);
      case Filter::Kind::And:
        for (const auto& child : children) {
          if (!child->matches(span)) {
            return false;
          }
        }
        return true;
      case Filter::Kind::Or:
        for (const auto& child : children) {
          if (child->matches(span)) {
            return true;
          }
        }
        return false;
    }
    return false;
  }
};

Filter Filter::test(Predicate predicate) {
  Filter filter;
  filter.kind = Kind::Test;
  filter.predicate = std::move(predicate);
  return filter;
}

Filter Filter::all_of(std::vector<Filter> children) {
  Filter filter;
  filter.kind = Kind::And;
  filter.children = std::move(children);
  return filter;
}

Filter Filter::any_of(std::vector<Filter> children) {
  Filter filter;
  filter.kind = Kind::Or;
  filter.children = std::move(children);
  return filter;
}

SpanMatcher::SpanMatcher(std::shared_ptr<const Node> root) : root_(std::move(root)) {}

Result<std::shared_ptr<const SpanMatcher::Node>> SpanMatcher::compile(const Filter& filter,
                                                                      int depth) {
  if (depth > kFilterDepthMax) {
    return invalid_argument("the filter nests too deep");
  }
  auto node = std::make_shared<Node>();
  node->kind = filter.kind;
  if (filter.kind == Filter::Kind::Test) {
    node->test = TRY(Test::make(filter.predicate));
  }
  for (const Filter& child : filter.children) {
    node->children.push_back(TRY(compile(child, depth + 1)));
  }
  return std::shared_ptr<const Node>(std::move(node));
}

Result<SpanMatcher> SpanMatcher::make(const Filter& filter) {
  return SpanMatcher(TRY(compile(filter, 0)));
}

bool SpanMatcher::matches(const model::Span& span) const { return root_->matches(span); }

bool SpanMatcher::matches_everything() const { return root_->kind == Filter::Kind::All; }

}  // namespace waybill::storage
