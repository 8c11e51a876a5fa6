// SPDX-License-Identifier: Apache-2.0
#include "storage/block/read/column_predicate.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/arena.h"
#include "base/hash.h"
#include "base/result.h"
#include "model/span.h"
#include "model/value.h"
#include "storage/block/block_schema.h"
#include "storage/block/codec/block_bytes.h"
#include "storage/block/codec/bloom_filter.h"
#include "storage/block/codec/value_bytes.h"
#include "storage/block/read/group_reader.h"
#include "storage/filter.h"

namespace waybill::storage {
namespace {

constexpr std::array<std::string_view, 4> kScopeTags = {
    "otel.scope.name", "otel.library.name", "otel.scope.version", "otel.library.version"};

Verdict verdict_of(bool holds) { return holds ? Verdict::Yes : Verdict::No; }

// What either of two says, where one yes is enough.
Verdict either(Verdict a, Verdict b) {
  if (a == Verdict::Yes || b == Verdict::Yes) {
    return Verdict::Yes;
  }
  return a == Verdict::Unknown || b == Verdict::Unknown ? Verdict::Unknown : Verdict::No;
}

// A span of nothing but its scope, to be tested by a matcher.
struct Probe {
  model::Resource resource;
  model::Scope scope;
  model::Span span;

  Probe() {
    scope.resource = &resource;
    span.scope = &scope;
  }
  Probe(const Probe&) = delete;
  Probe& operator=(const Probe&) = delete;
};

bool holds(Compare compare, std::int64_t left, std::int64_t right) {
  switch (compare) {
    case Compare::Equal:
      return left == right;
    case Compare::NotEqual:
      return left != right;
    case Compare::Less:
      return left < right;
    case Compare::LessEqual:
      return left <= right;
    case Compare::Greater:
      return left > right;
    default:
      return left >= right;
  }
}

}  // namespace

const ShapeColumn* GroupColumns::find(const std::vector<ShapeColumn>& columns, std::size_t place,
                                      std::size_t position) {
  const auto found = std::lower_bound(columns.begin(), columns.end(), std::pair(place, position),
                                      [](const ShapeColumn& column, const auto& wanted) {
                                        return std::pair(column.shape, column.position) < wanted;
                                      });
  const bool is_there =
      found != columns.end() && found->shape == place && found->position == position;
  return is_there ? &*found : nullptr;
}

Result<const ShapeColumn*> GroupColumns::head(std::uint32_t field, std::size_t place,
                                              std::size_t position) {
  const auto known = full_.find(field);
  if (known != full_.end()) {
    return find(known->second.columns, place, position);
  }
  const auto [found, is_new] = heads_.try_emplace(field);
  const GroupReader::FieldRef* ref = group_.find(field);
  if (is_new && ref != nullptr) {
    found->second = TRY(group_.read_heads(*ref));
  }
  return find(found->second, place, position);
}

Result<const ShapeColumn*> GroupColumns::column(std::uint32_t field, std::size_t place,
                                                std::size_t position) {
  auto found = full_.find(field);
  if (found == full_.end()) {
    const GroupReader::FieldRef* ref = group_.find(field);
    if (ref == nullptr) {
      return static_cast<const ShapeColumn*>(nullptr);
    }
    found = full_.emplace(field, TRY(group_.read_field(*ref))).first;
  }
  return find(found->second.columns, place, position);
}

Result<std::shared_ptr<const TextList>> GroupColumns::dictionary(std::uint32_t field) {
  return group_.file()->dictionary(field);
}

Result<const std::string*> GroupColumns::filter(std::uint32_t field) {
  const auto [found, is_new] = filters_.try_emplace(field);
  const GroupReader::FieldRef* ref = group_.find(field);
  if (is_new && ref != nullptr) {
    found->second = TRY(group_.read_filter(*ref));
  }
  return static_cast<const std::string*>(&found->second);
}

Result<const std::vector<GroupTrace>*> GroupColumns::traces() {
  if (!traces_) {
    traces_ = TRY(group_.read_traces());
  }
  return static_cast<const std::vector<GroupTrace>*>(&*traces_);
}

Result<const std::vector<std::uint32_t>*> GroupColumns::rows() {
  if (!rows_) {
    rows_ = TRY(group_.read_rows(RowTable::Spans));
  }
  return static_cast<const std::vector<std::uint32_t>*>(&*rows_);
}

Result<const std::vector<std::vector<std::uint32_t>>*> GroupColumns::trace_of_ranks() {
  if (!trace_of_ranks_) {
    const std::vector<GroupTrace>& traces = *TRY(this->traces());
    const std::vector<std::uint32_t>& rows = *TRY(this->rows());
    std::vector<std::vector<std::uint32_t>> made(group_.table(RowTable::Spans).shapes.size());
    for (std::uint32_t trace = 0; trace < traces.size(); ++trace) {
      for (std::size_t i = 0; i < traces[trace].row_count; ++i) {
        made[rows[traces[trace].first_row + i]].push_back(trace);
      }
    }
    trace_of_ranks_ = std::move(made);
  }
  return static_cast<const std::vector<std::vector<std::uint32_t>>*>(&*trace_of_ranks_);
}

Result<ColumnPredicate> ColumnPredicate::make(const Predicate& predicate,
                                              std::shared_ptr<const Schema> schema) {
  Predicate on_value = predicate;
  on_value.column = Column::SpanAttribute;
  SpanMatcher matcher = TRY(SpanMatcher::make(Filter::test(predicate)));
  SpanMatcher value_matcher = TRY(SpanMatcher::make(Filter::test(on_value)));
  return ColumnPredicate(predicate, std::move(matcher), std::move(value_matcher),
                         std::move(schema));
}

ColumnPredicate::ColumnPredicate(Predicate predicate, SpanMatcher matcher,
                                 SpanMatcher value_matcher, std::shared_ptr<const Schema> schema)
    : predicate_(std::move(predicate)),
      matcher_(std::move(matcher)),
      value_matcher_(std::move(value_matcher)),
      schema_(std::move(schema)),
      plans_(schema_->shapes.size()),
      origin_verdicts_(schema_->origins.size()),
      origins_tested_(schema_->origins.size()) {
  events_matter_ = items_may_matter(RowTable::Events);
  links_matter_ = items_may_matter(RowTable::Links);
}

// Whether an event, or link, of the block can have the key at all.
bool ColumnPredicate::items_may_matter(RowTable table) const {
  if (table == RowTable::Events && predicate_.key == "event") {
    return true;
  }
  return std::any_of(schema_->fields.begin(), schema_->fields.end(), [&](const Field& field) {
    return field.table == table &&
           (field.role == FieldRole::AttributeList ||
            (field.role == FieldRole::Attribute && field.key == predicate_.key));
  });
}

std::optional<std::size_t> ColumnPredicate::find_role(const Shape& shape, FieldRole role) const {
  const std::vector<std::uint32_t>& fields = schema_->layout_of(shape).fields;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (schema_->fields[fields[i]].role == role) {
      return i;
    }
  }
  return std::nullopt;
}

bool ColumnPredicate::items_matter(const Shape& shape) const {
  return (events_matter_ && find_role(shape, FieldRole::EventCount)) ||
         (links_matter_ && find_role(shape, FieldRole::LinkCount));
}

const ColumnPredicate::Plan& ColumnPredicate::plan_of(std::uint32_t shape) {
  Plan& plan = plans_[shape];
  if (!plan.is_made) {
    plan = make_plan(schema_->shapes[shape]);
    plan.is_made = true;
  }
  return plan;
}

ColumnPredicate::Plan ColumnPredicate::make_plan(const Shape& shape) const {
  using storage::ShapeColumn;
  Plan plan;
  switch (predicate_.column) {
    case Column::Attribute:
    case Column::SpanAttribute:
      return plan_attribute(shape);
    case Column::AnyAttribute:
      return plan_anywhere(shape);
    case Column::ResourceAttribute:
    case Column::ScopeAttribute:
    case Column::ScopeName:
    case Column::ScopeVersion:
      plan.uses_origin = true;
      return plan;
    case Column::Service:
    case Column::Kind:
    case Column::Status:
      plan.fixed = test_shape(shape);
      return plan;
    case Column::Name:
      return plan_role(shape, FieldRole::Name);
    case Column::StatusMessage:
      return plan_role(shape, FieldRole::StatusMessage);
    case Column::Duration:
      return plan_role(shape, FieldRole::Duration);
    case Column::SpanId:
      return plan_role(shape, FieldRole::SpanId);
    case Column::EventAttribute:
      plan.fixed = events_matter_ && find_role(shape, FieldRole::EventCount) ? Verdict::Unknown
                                                                             : test_shape(shape);
      return plan;
    case Column::LinkAttribute:
      plan.fixed = links_matter_ && find_role(shape, FieldRole::LinkCount) ? Verdict::Unknown
                                                                           : test_shape(shape);
      return plan;
    case Column::EventName:
      plan.fixed = find_role(shape, FieldRole::EventCount) ? Verdict::Unknown : test_shape(shape);
      return plan;
    case Column::TraceId:
    case Column::ParentId:
    case Column::AnyText:
      break;
  }
  plan.fixed = Verdict::Unknown;
  return plan;
}

ColumnPredicate::Plan ColumnPredicate::plan_role(const Shape& shape, FieldRole role) const {
  Plan plan;
  plan.position = find_role(shape, role);
  if (!plan.position) {
    plan.fixed = test_shape(shape);
  }
  return plan;
}

// The span's own attribute decides where it has the key; else the resource, events, links, scope.
ColumnPredicate::Plan ColumnPredicate::plan_attribute(const Shape& shape) const {
  Plan plan;
  const std::vector<std::uint32_t>& fields = schema_->layout_of(shape).fields;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const Field& field = schema_->fields[fields[i]];
    if (field.role == FieldRole::AttributeList) {
      plan.fixed = Verdict::Unknown;
      return plan;
    }
    if (field.role == FieldRole::Attribute && field.key == predicate_.key) {
      plan.position = i;
      return plan;
    }
  }
  if (predicate_.column == Column::SpanAttribute) {
    plan.fixed = test_shape(shape);
    return plan;
  }
  plan.uses_origin = true;
  plan.needs_span = items_matter(shape);
  return plan;
}

// Any holder of the key may satisfy it, and tags that Jaeger derives from other fields.
ColumnPredicate::Plan ColumnPredicate::plan_anywhere(const Shape& shape) const {
  Plan plan;
  const bool is_scope_tag =
      std::find(kScopeTags.begin(), kScopeTags.end(), predicate_.key) != kScopeTags.end();
  if (!is_scope_tag && test_shape(shape) == Verdict::Yes) {
    plan.fixed = Verdict::Yes;
    return plan;
  }
  plan.uses_origin = true;
  plan.needs_span = items_matter(shape);
  const std::vector<std::uint32_t>& fields = schema_->layout_of(shape).fields;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const Field& field = schema_->fields[fields[i]];
    const bool is_derived =
        (field.role == FieldRole::StatusMessage && predicate_.key == "otel.status_description") ||
        (field.role == FieldRole::TraceState && predicate_.key == "w3c.tracestate");
    const bool is_attribute = field.role == FieldRole::Attribute && field.key == predicate_.key;
    if (field.role == FieldRole::AttributeList || is_derived || (is_attribute && plan.position)) {
      plan.needs_span = true;
    } else if (is_attribute) {
      plan.position = i;
    }
  }
  return plan;
}

Verdict ColumnPredicate::test_shape(const Shape& shape) const {
  Probe probe;
  probe.resource.service = shape.service;
  probe.span.name = shape.name;
  probe.span.kind = shape.kind;
  probe.span.status = shape.status;
  return verdict_of(matcher_.matches(probe.span));
}

Verdict ColumnPredicate::test_origin(std::uint64_t number, const Plan& plan) {
  if (number >= schema_->origins.size()) {
    return Verdict::Unknown;  // damage, which the whole span's reader reports
  }
  const auto origin = static_cast<std::size_t>(number);
  if (!origins_tested_[origin]) {
    Probe probe;
    probe.span.scope = schema_->origins[origin];
    origin_verdicts_[origin] = verdict_of(matcher_.matches(probe.span));
    origins_tested_[origin] = true;
  }
  const Verdict verdict = origin_verdicts_[origin];
  if (!plan.needs_span) {
    return verdict;
  }
  // An attribute of the resource hides those of events and links; that of the scope does not.
  const auto& resource = schema_->origins[origin]->resource->attributes;
  const bool is_decided = predicate_.column == Column::Attribute
                              ? model::find_attribute(resource, predicate_.key) != nullptr
                              : verdict == Verdict::Yes;
  return is_decided ? verdict : Verdict::Unknown;
}

Verdict ColumnPredicate::test_number(const Field& field, std::uint64_t value) const {
  const auto number = static_cast<std::int64_t>(value);
  Probe probe;
  if (field.role == FieldRole::Duration) {
    probe.span.start = number < 0 ? 0 - value : 0;
    probe.span.end = number < 0 ? 0 : value;
    return verdict_of(matcher_.matches(probe.span));
  }
  if (field.role == FieldRole::SpanId) {
    probe.span.span_id = {value};
    return verdict_of(matcher_.matches(probe.span));
  }
  model::Attribute attribute{predicate_.key, model::Value::of_int(number)};
  if (field.type == model::ValueType::Bool) {
    attribute.value = model::Value::of_bool(value != 0);
  } else if (field.type == model::ValueType::Double) {
    attribute.value = model::Value::of_double(std::bit_cast<double>(value));
  }
  probe.span.attributes = {&attribute, 1};
  return verdict_of(value_matcher_.matches(probe.span));
}

Verdict ColumnPredicate::test_text(const Field& field, std::string_view text) const {
  Probe probe;
  if (field.role == FieldRole::Name || field.role == FieldRole::StatusMessage) {
    (field.role == FieldRole::Name ? probe.span.name : probe.span.status_message) = text;
    return verdict_of(matcher_.matches(probe.span));
  }
  Arena arena(256);
  model::Attribute attribute{predicate_.key, model::Value::of_string(text)};
  if (field.type == model::ValueType::Bytes) {
    attribute.value = model::Value::of_bytes(text);
  } else if (field.type != model::ValueType::String) {
    ByteCursor in(text);
    attribute.value = read_value(in, arena);
    if (!in.ok()) {
      return Verdict::Unknown;
    }
  }
  probe.span.attributes = {&attribute, 1};
  return verdict_of(value_matcher_.matches(probe.span));
}

bool ColumnPredicate::is_text_equality(const Field& field) const {
  return predicate_.compare == Compare::Equal && field.type == model::ValueType::String &&
         (std::holds_alternative<std::string>(predicate_.operand) ||
          (std::holds_alternative<TextForm>(predicate_.operand) &&
           field.role == FieldRole::Attribute));
}

bool ColumnPredicate::is_integer_comparison(const Field& field) const {
  const bool is_comparison = predicate_.compare <= Compare::GreaterEqual;
  const bool is_integer =
      field.role == FieldRole::Duration ||
      (field.role == FieldRole::Attribute && field.type == model::ValueType::Int);
  return is_comparison && is_integer && std::holds_alternative<std::int64_t>(predicate_.operand);
}

Verdict ColumnPredicate::test_code(std::uint32_t field, const TextList& dictionary,
                                   std::uint64_t code) {
  if (code >= dictionary.size()) {
    return Verdict::Unknown;
  }
  if (is_text_equality(schema_->fields[field])) {
    return verdict_of(code == wanted_code(field, dictionary));
  }
  CodeVerdicts& known = code_verdicts_[field];
  known.verdicts.resize(dictionary.size());
  known.is_tested.resize(dictionary.size());
  const auto index = static_cast<std::size_t>(code);
  if (!known.is_tested[index]) {
    known.verdicts[index] = test_text(schema_->fields[field], dictionary.at(index));
    known.is_tested[index] = true;
  }
  return known.verdicts[index];
}

const std::string& ColumnPredicate::wanted_text() const {
  const auto* text = std::get_if<std::string>(&predicate_.operand);
  return text != nullptr ? *text : std::get<TextForm>(predicate_.operand).text;
}

std::uint64_t ColumnPredicate::wanted_code(std::uint32_t field, const TextList& dictionary) {
  const auto [found, is_new] = wanted_codes_.try_emplace(field, kNoCode);
  for (std::size_t code = 0; is_new && code < dictionary.size(); ++code) {
    if (dictionary.at(code) == wanted_text()) {
      found->second = code;
      break;
    }
  }
  return found->second;
}

// Integers between two bounds are all alike to a comparison that both bounds lie on one side of.
Verdict ColumnPredicate::test_bounds(const Field& field, const IntRun& run) const {
  if (run.size() == 0) {
    return Verdict::No;
  }
  if (run.is_constant()) {
    return test_number(field, static_cast<std::uint64_t>(run.least()));
  }
  if (!is_integer_comparison(field)) {
    return Verdict::Unknown;
  }
  const std::int64_t operand = std::get<std::int64_t>(predicate_.operand);
  const bool is_inside = run.least() <= operand && operand <= run.greatest();
  if (predicate_.compare == Compare::Equal || predicate_.compare == Compare::NotEqual) {
    return is_inside ? Verdict::Unknown : verdict_of(predicate_.compare == Compare::NotEqual);
  }
  const bool least = holds(predicate_.compare, run.least(), operand);
  const bool greatest = holds(predicate_.compare, run.greatest(), operand);
  return least == greatest ? verdict_of(least) : Verdict::Unknown;
}

Result<bool> ColumnPredicate::may_be_pooled(GroupColumns& columns, std::uint32_t field) const {
  if (!is_text_equality(schema_->fields[field])) {
    return true;
  }
  const auto* text = std::get_if<std::string>(&predicate_.operand);
  const std::string& wanted = text != nullptr ? *text : std::get<TextForm>(predicate_.operand).text;
  const std::string& filter = *TRY(columns.filter(field));
  return filter.empty() || may_contain(filter, checksum64(wanted));
}

Result<Verdict> ColumnPredicate::head_of_origin(GroupColumns& columns, std::size_t place,
                                                const Plan& plan) {
  const Shape& shape = columns.group().shape(RowTable::Spans, place);
  const auto position = find_role(shape, FieldRole::Origin);
  if (!position) {
    return Verdict::Unknown;
  }
  const std::uint32_t field = schema_->layout_of(shape).fields[*position];
  const ShapeColumn* column = TRY(columns.head(field, place, *position));
  if (column == nullptr) {
    return Verdict::Unknown;
  }
  if (column->numbers.is_constant()) {
    return test_origin(static_cast<std::uint64_t>(column->numbers.least()), plan);
  }
  std::optional<Verdict> all;
  for (const std::uint64_t origin : column->numbers.listed()) {
    const Verdict verdict = test_origin(origin, plan);
    if (all && *all != verdict) {
      return Verdict::Unknown;
    }
    all = verdict;
  }
  return all.value_or(Verdict::Unknown);
}

// A dictionary is an exact filter: a text that it lacks no row has by code.
Result<Verdict> ColumnPredicate::head_of_codes(GroupColumns& columns, std::uint32_t field,
                                               const ShapeColumn& column) {
  const auto dictionary = TRY(columns.dictionary(field));
  const IntRun& codes = column.numbers;
  if (is_text_equality(schema_->fields[field])) {
    const auto code = static_cast<std::int64_t>(wanted_code(field, *dictionary));
    if (code < codes.least() || code > codes.greatest()) {
      return Verdict::No;
    }
  }
  if (codes.is_constant()) {
    return test_code(field, *dictionary, static_cast<std::uint64_t>(codes.least()));
  }
  std::optional<Verdict> all;
  for (const std::uint64_t code : codes.listed()) {
    const Verdict verdict = test_code(field, *dictionary, code);
    if (all.value_or(verdict) != verdict) {
      return Verdict::Unknown;
    }
    all = verdict;
  }
  return all.value_or(Verdict::Unknown);
}

Result<Verdict> ColumnPredicate::head_of_value(GroupColumns& columns, std::size_t place,
                                               const Plan& plan) {
  const Shape& shape = columns.group().shape(RowTable::Spans, place);
  const std::uint32_t number = schema_->layout_of(shape).fields[*plan.position];
  const Field& field = schema_->fields[number];
  if (!field.has_values()) {
    Probe probe;
    const model::Attribute attribute{predicate_.key, {}};
    probe.span.attributes = {&attribute, 1};
    return verdict_of(value_matcher_.matches(probe.span));
  }
  if (predicate_.compare == Compare::Exists || predicate_.compare == Compare::NotExists) {
    return verdict_of(predicate_.compare == Compare::Exists);
  }
  const ShapeColumn* column = TRY(columns.head(number, place, *plan.position));
  if (column == nullptr) {
    return Verdict::Unknown;
  }
  if (!field.is_text()) {
    return test_bounds(field, column->numbers);
  }
  const Verdict verdict =
      column->coded == 0 ? Verdict::No : TRY(head_of_codes(columns, number, *column));
  if (column->coded == column->row_count || verdict == Verdict::Unknown) {
    return verdict;
  }
  const bool may_be = TRY(may_be_pooled(columns, number));
  return may_be || verdict != Verdict::No ? Verdict::Unknown : Verdict::No;
}

Result<Verdict> ColumnPredicate::test_head(GroupColumns& columns, std::size_t place) {
  const std::uint32_t shape = columns.group().table(RowTable::Spans).shapes[place];
  const Plan& plan = plan_of(shape);
  if (plan.fixed) {
    return *plan.fixed;
  }
  if (predicate_.column == Column::Duration && columns.group().has_odd_duration()) {
    return Verdict::Unknown;
  }
  Verdict verdict = Verdict::No;
  if (plan.uses_origin) {
    verdict = TRY(head_of_origin(columns, place, plan));
  }
  if (plan.position && verdict != Verdict::Yes) {
    verdict = either(verdict, TRY(head_of_value(columns, place, plan)));
  }
  return verdict;
}

Result<void> ColumnPredicate::add_origins(GroupColumns& columns, std::size_t place,
                                          const Plan& plan, std::vector<Verdict>& verdicts) {
  const Shape& shape = columns.group().shape(RowTable::Spans, place);
  const auto position = find_role(shape, FieldRole::Origin);
  const ShapeColumn* column =
      position ? TRY(columns.column(schema_->layout_of(shape).fields[*position], place, *position))
               : nullptr;
  for (std::size_t rank = 0; rank < verdicts.size(); ++rank) {
    const Verdict verdict =
        column == nullptr ? Verdict::Unknown : test_origin(column->numbers.at(rank), plan);
    verdicts[rank] = either(verdicts[rank], verdict);
  }
  return {};
}

Result<void> ColumnPredicate::add_texts(GroupColumns& columns, std::uint32_t field,
                                        const ShapeColumn& column, std::vector<Verdict>& verdicts) {
  const FieldColumns& full = columns.field(field);
  const bool is_equality = is_text_equality(schema_->fields[field]);
  const std::uint64_t wanted = is_equality ? wanted_code(field, *full.dictionary) : kNoCode;
  const bool has_code = !is_equality || wanted != kNoCode;
  for (std::size_t rank = 0; has_code && rank < column.coded; ++rank) {
    const std::uint64_t code = column.numbers.at(rank);
    const Verdict verdict =
        is_equality ? verdict_of(code == wanted) : test_code(field, *full.dictionary, code);
    verdicts[rank] = either(verdicts[rank], verdict);
  }
  if (column.coded == column.row_count || !full.pool || !TRY(may_be_pooled(columns, field))) {
    return {};
  }
  const std::vector<std::uint32_t>& traces = (*TRY(columns.trace_of_ranks()))[column.shape];
  std::size_t last = SIZE_MAX;
  Verdict verdict = Verdict::Unknown;
  std::string scratch;
  for (std::size_t rank = column.coded; rank < column.row_count; ++rank) {
    const std::size_t begin = full.pool->begin(traces[rank]);
    const std::uint64_t at = column.places.at(rank - column.coded);
    const bool is_there = at < full.pool->begin(traces[rank] + std::size_t{1}) - begin;
    const std::size_t index = begin + static_cast<std::size_t>(at);
    if (!is_there) {
      verdicts[rank] = Verdict::Unknown;
      continue;
    }
    if (index != last) {
      const std::string_view text = full.pool->view(index, scratch);
      verdict =
          is_equality ? verdict_of(text == wanted_text()) : test_text(schema_->fields[field], text);
      last = index;
    }
    verdicts[rank] = either(verdicts[rank], verdict);
  }
  return {};
}

Result<void> ColumnPredicate::add_values(GroupColumns& columns, std::size_t place, const Plan& plan,
                                         std::vector<Verdict>& verdicts) {
  const Verdict head = TRY(head_of_value(columns, place, plan));
  const Shape& shape = columns.group().shape(RowTable::Spans, place);
  const std::uint32_t number = schema_->layout_of(shape).fields[*plan.position];
  const Field& field = schema_->fields[number];
  const ShapeColumn* column =
      head == Verdict::Unknown ? TRY(columns.column(number, place, *plan.position)) : nullptr;
  if (column == nullptr) {
    for (Verdict& verdict : verdicts) {
      verdict = either(verdict, head);
    }
    return {};
  }
  columns.count_tested(verdicts.size());
  if (field.is_text()) {
    return add_texts(columns, number, *column, verdicts);
  }
  if (is_integer_comparison(field)) {
    const std::int64_t operand = std::get<std::int64_t>(predicate_.operand);
    for (std::size_t rank = 0; rank < verdicts.size(); ++rank) {
      const auto value = static_cast<std::int64_t>(column->numbers.at(rank));
      const Verdict verdict = verdict_of(holds(predicate_.compare, value, operand));
      verdicts[rank] = either(verdicts[rank], verdict);
    }
    return {};
  }
  for (std::size_t rank = 0; rank < verdicts.size(); ++rank) {
    verdicts[rank] = either(verdicts[rank], test_number(field, column->numbers.at(rank)));
  }
  return {};
}

Result<Verdicts> ColumnPredicate::test_rows(GroupColumns& columns, std::size_t place) {
  const GroupReader::Table& table = columns.group().table(RowTable::Spans);
  const Plan& plan = plan_of(table.shapes[place]);
  if (plan.fixed) {
    return Verdicts{*plan.fixed, {}};
  }
  if (predicate_.column == Column::Duration && columns.group().has_odd_duration()) {
    return Verdicts{Verdict::Unknown, {}};
  }
  Verdicts made;
  made.rows.assign(table.counts[place], Verdict::No);
  if (plan.uses_origin) {
    TRY(add_origins(columns, place, plan, made.rows));
  }
  if (plan.position) {
    TRY(add_values(columns, place, plan, made.rows));
  }
  return made;
}

}  // namespace waybill::storage
