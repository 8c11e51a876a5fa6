// SPDX-License-Identifier: Apache-2.0
#include "storage/block/write/group_builder.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/error.h"
#include "base/result.h"
#include "model/ids.h"
#include "model/span.h"
#include "model/value.h"
#include "storage/block/block_format.h"
#include "storage/block/block_schema.h"
#include "storage/block/codec/block_bytes.h"
#include "storage/block/codec/string_table.h"
#include "storage/block/codec/value_bytes.h"
#include "storage/block/write/schema_builder.h"
#include "storage/block/write/trace_order.h"

namespace waybill::storage {
namespace {

// A group this large is closed although it has room for more rows.
constexpr std::size_t kHeavyCells = 1 << 20;
constexpr std::size_t kHeavyItems = 1 << 18;
constexpr std::size_t kHeavyTextBytes = std::size_t{32} << 20;
// One span alone may pass these no more.
constexpr std::size_t kTextBytesMax = kPartBytesMax / 2;

// A field's dictionary takes no more than this; further texts go to the pool.
constexpr std::size_t kDictionaryTextsMax = 1 << 16;
constexpr std::size_t kDictionaryBytesMax = std::size_t{16} << 20;
// Lookups between two looks at how many were in vain, and the share at which a column gives up.
constexpr std::uint32_t kFirstCheck = 32;
constexpr std::uint32_t kNextCheck = 256;
constexpr std::uint32_t kVariedCheck = 2;

// How far back in a trace a text is looked for.
constexpr std::size_t kPoolSearchMax = 8;

constexpr std::uint32_t bit_of(FieldRole role) { return 1U << static_cast<unsigned>(role); }

constexpr std::uint32_t kSpanRoles = bit_of(FieldRole::Origin) | bit_of(FieldRole::Path) |
                                     bit_of(FieldRole::Start) | bit_of(FieldRole::Duration) |
                                     bit_of(FieldRole::SpanId) | bit_of(FieldRole::Flags);
constexpr std::uint32_t kLinkRoles = bit_of(FieldRole::SpanId) | bit_of(FieldRole::Flags) |
                                     bit_of(FieldRole::LinkTraceHigh) |
                                     bit_of(FieldRole::LinkTraceLow);

std::uint32_t roles_of(const model::Span& span) {
  std::uint32_t roles = kSpanRoles;
  const auto add = [&](FieldRole role, bool is_present) { roles |= is_present ? bit_of(role) : 0; };
  add(FieldRole::StatusMessage, !span.status_message.empty());
  add(FieldRole::TraceState, !span.trace_state.empty());
  add(FieldRole::DroppedAttributes, span.dropped_attributes_count != 0);
  add(FieldRole::DroppedEvents, span.dropped_events_count != 0);
  add(FieldRole::DroppedLinks, span.dropped_links_count != 0);
  add(FieldRole::EventCount, !span.events.empty());
  add(FieldRole::LinkCount, !span.links.empty());
  return roles;
}

// Spans of a trace come from many requests, so that each is far away in memory. What the next rows
// need is asked for while this one is worked on: lists of attributes two rows ahead, and texts,
// which lie behind one another in a request, one row ahead.
constexpr std::size_t kLineBytes = 64;
constexpr std::size_t kTextLines = 8;

void fetch(const void* begin, std::size_t size_bytes) {
  const auto* at = static_cast<const char*>(begin);
  for (std::size_t offset = 0; offset < size_bytes; offset += kLineBytes) {
    __builtin_prefetch(at + offset);
  }
}

void fetch_ahead(std::span<const OrderedSpan> rows, std::size_t index) {
  if (index + 2 < rows.size()) {
    const auto& attributes = rows[index + 2].span->attributes;
    fetch(attributes.data(), std::min<std::size_t>(attributes.size_bytes(), 1024));
  }
  if (index + 1 < rows.size() && !rows[index + 1].span->attributes.empty()) {
    fetch(rows[index + 1].span->attributes.front().key.data(), kTextLines * kLineBytes);
  }
}

bool is_odd_duration(const model::Span& span) {
  const std::uint64_t size = span.end >= span.start ? span.end - span.start : span.start - span.end;
  return size > INT64_MAX;
}

Error too_deep() { return invalid_argument("a value nests too deep"); }

}  // namespace

void GroupBuilder::begin_trace(const model::TraceId& id, UnixNanos start, UnixNanos end,
                               bool continues) {
  continues_ = traces_.empty() ? continues : continues_;
  traces_.push_back({id, start, end, 0});
  piece_begin_ = SIZE_MAX;
}

bool GroupBuilder::is_heavy() const {
  return cell_count_ >= kHeavyCells || text_bytes_ >= kHeavyTextBytes ||
         rows_[1].size() >= kHeavyItems || rows_[2].size() >= kHeavyItems ||
         span_count_ >= kGroupSpanCountMax;
}

// A parent in another group is named by its id, so that a group can be read by itself.
std::uint64_t GroupBuilder::path_of(std::span<const OrderedSpan> rows, std::size_t index) {
  const OrderedSpan& row = rows[index];
  if (row.parent != OrderedSpan::kNoParent && row.parent >= piece_begin_) {
    return 2 + rows[index - 1].depth - rows[row.parent].depth;
  }
  if (row.span->parent_span_id.is_zero()) {
    return 0;
  }
  foreign_parents_.push_back(row.span->parent_span_id.value);
  return 1;
}

Result<void> GroupBuilder::add_row(std::span<const OrderedSpan> rows, std::size_t index) {
  piece_begin_ = std::min(piece_begin_, index);
  fetch_ahead(rows, index);
  RowValues values;
  values.row = &rows[index];
  values.path = path_of(rows, index);
  const model::Span& span = *values.row->span;
  values.start =
      span.start - (values.path >= 2 ? rows[rows[index].parent].span->start : traces_.back().start);
  if (!schema_.origin_of(span.scope, values.origin)) {
    return too_deep();
  }
  TRY(add_span(values));
  for (const model::Event& event : span.events) {
    TRY(add_event(span, event));
  }
  for (const model::Link& link : span.links) {
    TRY(add_link(link));
  }
  ++traces_.back().span_count;
  ++span_count_;
  has_odd_duration_ = has_odd_duration_ || is_odd_duration(span);
  if (text_bytes_ > kTextBytesMax || cell_count_ > kGroupCellCountMax ||
      rows_[1].size() > kGroupItemCountMax || rows_[2].size() > kGroupItemCountMax) {
    return invalid_argument(fmt::format("span {} is too large for a block", span.span_id.hex()));
  }
  return {};
}

BuildShape& GroupBuilder::begin_row(const RowKey& key) {
  const std::uint32_t number = schema_.shape_of(key);
  const auto table = static_cast<std::size_t>(key.table);
  rows_[table].push_back(number);
  BuildShape& shape = schema_.shape(number);
  if (shape.row_count++ == 0) {
    shapes_[table].push_back(number);
  }
  cell_count_ += shape.columns.size();
  return shape;
}

Result<void> GroupBuilder::add_span(const RowValues& values) {
  const model::Span& span = *values.row->span;
  const RowKey key{RowTable::Spans, span.service(), span.name,      span.kind,
                   span.status,     roles_of(span), span.attributes};
  BuildShape& shape = begin_row(key);
  std::size_t next = 0;
  for (std::uint32_t roles = schema_.layout_of(shape).roles; roles != 0; roles &= roles - 1) {
    BuildColumn& column = shape.columns[next++];
    switch (static_cast<FieldRole>(std::countr_zero(roles))) {
      case FieldRole::Origin:
        push_number(column, values.origin);
        break;
      case FieldRole::Path:
        push_number(column, values.path);
        break;
      case FieldRole::Start:
        push_number(column, values.start);
        break;
      case FieldRole::Duration:
        push_number(column, span.end - span.start);
        break;
      case FieldRole::SpanId:
        push_number(column, span.span_id.value);
        break;
      case FieldRole::Flags:
        push_number(column, span.flags);
        break;
      case FieldRole::Name:
        push_text(column, span.name);
        break;
      case FieldRole::StatusMessage:
        push_text(column, span.status_message);
        break;
      case FieldRole::TraceState:
        push_text(column, span.trace_state);
        break;
      case FieldRole::DroppedAttributes:
        push_number(column, span.dropped_attributes_count);
        break;
      case FieldRole::DroppedEvents:
        push_number(column, span.dropped_events_count);
        break;
      case FieldRole::DroppedLinks:
        push_number(column, span.dropped_links_count);
        break;
      case FieldRole::EventCount:
        push_number(column, span.events.size());
        break;
      case FieldRole::LinkCount:
        push_number(column, span.links.size());
        break;
      case FieldRole::AttributeList:
        return push_attribute_list(column, span.attributes);
      default:
        CHECK(false);
    }
  }
  return push_attributes(shape, next, span.attributes);
}

Result<void> GroupBuilder::add_event(const model::Span& span, const model::Event& event) {
  RowKey key;
  key.table = RowTable::Events;
  key.name = event.name;
  key.roles = bit_of(FieldRole::Time) |
              (event.dropped_attributes_count == 0 ? 0 : bit_of(FieldRole::DroppedAttributes));
  key.attributes = event.attributes;
  BuildShape& shape = begin_row(key);
  std::size_t next = 0;
  bool is_listed = false;
  for (std::uint32_t roles = schema_.layout_of(shape).roles; roles != 0; roles &= roles - 1) {
    BuildColumn& column = shape.columns[next++];
    switch (static_cast<FieldRole>(std::countr_zero(roles))) {
      case FieldRole::Time:
        push_number(column, event.time - span.start);
        break;
      case FieldRole::Name:
        push_text(column, event.name);
        break;
      case FieldRole::DroppedAttributes:
        push_number(column, event.dropped_attributes_count);
        break;
      case FieldRole::AttributeList:
        TRY(push_attribute_list(column, event.attributes));
        is_listed = true;
        break;
      default:
        CHECK(false);
    }
  }
  return is_listed ? Result<void>() : push_attributes(shape, next, event.attributes);
}

Result<void> GroupBuilder::add_link(const model::Link& link) {
  RowKey key;
  key.table = RowTable::Links;
  key.roles = kLinkRoles | (link.trace_state.empty() ? 0 : bit_of(FieldRole::TraceState)) |
              (link.dropped_attributes_count == 0 ? 0 : bit_of(FieldRole::DroppedAttributes));
  key.attributes = link.attributes;
  BuildShape& shape = begin_row(key);
  std::size_t next = 0;
  bool is_listed = false;
  for (std::uint32_t roles = schema_.layout_of(shape).roles; roles != 0; roles &= roles - 1) {
    BuildColumn& column = shape.columns[next++];
    switch (static_cast<FieldRole>(std::countr_zero(roles))) {
      case FieldRole::SpanId:
        push_number(column, link.span_id.value);
        break;
      case FieldRole::Flags:
        push_number(column, link.flags);
        break;
      case FieldRole::TraceState:
        push_text(column, link.trace_state);
        break;
      case FieldRole::DroppedAttributes:
        push_number(column, link.dropped_attributes_count);
        break;
      case FieldRole::LinkTraceHigh:
        push_number(column, link.trace_id.high);
        break;
      case FieldRole::LinkTraceLow:
        push_number(column, link.trace_id.low);
        break;
      case FieldRole::AttributeList:
        TRY(push_attribute_list(column, link.attributes));
        is_listed = true;
        break;
      default:
        CHECK(false);
    }
  }
  return is_listed ? Result<void>() : push_attributes(shape, next, link.attributes);
}

Result<void> GroupBuilder::push_attributes(BuildShape& shape, std::size_t first,
                                           std::span<const model::Attribute> attributes) {
  for (std::size_t i = 0; i < attributes.size(); ++i) {
    TRY(push_value(shape.columns[first + i], attributes[i].value));
  }
  return {};
}

Result<void> GroupBuilder::push_attribute_list(BuildColumn& column,
                                               std::span<const model::Attribute> attributes) {
  ByteWriter bytes;
  const bool fits = write_attributes(attributes, bytes);
  return push_bytes(column, bytes, fits);
}

Result<void> GroupBuilder::push_bytes(BuildColumn& column, const ByteWriter& bytes, bool fits) {
  if (!fits) {
    return too_deep();
  }
  push_text(column, arena_.copy(std::string_view(bytes.bytes())));
  return {};
}

Result<void> GroupBuilder::push_value(BuildColumn& column, const model::Value& value) {
  switch (value.type()) {
    case model::ValueType::Empty:
      return {};
    case model::ValueType::String:
      push_text(column, value.string());
      return {};
    case model::ValueType::Bytes:
      push_text(column, value.bytes());
      return {};
    case model::ValueType::Bool:
      push_number(column, value.boolean() ? 1 : 0);
      return {};
    case model::ValueType::Int:
      push_number(column, static_cast<std::uint64_t>(value.integer()));
      return {};
    case model::ValueType::Double:
      push_number(column, std::bit_cast<std::uint64_t>(value.number()));
      return {};
    case model::ValueType::Array:
    case model::ValueType::KvList: {
      ByteWriter bytes;
      const bool fits = write_value(value, bytes);
      return push_bytes(column, bytes, fits);
    }
  }
  return {};
}

void GroupBuilder::push_number(BuildColumn& column, std::uint64_t value) {
  if (!column.has_default) [[unlikely]] {
    column.has_default = true;
    column.default_value = value;
  }
  column.values.push_back(value);
}

void GroupBuilder::push_text(BuildColumn& column, std::string_view text) {
  if (column.is_pooled) {
    column.values.push_back(push_pooled(column.field, text));
    return;
  }
  if (column.lookups > 0 && is_same_text(column.last_text, text)) {
    column.values.push_back(column.last_code);
    ++column.coded_count;
    return;
  }
  BuildField& field = schema_.field(column.field);
  const std::size_t known = field.dictionary.size();
  const std::uint32_t code = field.dictionary.add(text);
  const bool is_new = field.dictionary.size() > known;
  text_bytes_ += is_new ? text.size() : 0;
  column.last_code = code;
  column.last_text = field.dictionary.at(code);
  ++column.lookups;
  column.fresh += is_new ? 1 : 0;
  column.values.push_back(code);
  ++column.coded_count;
  if (!column.has_default) {
    column.has_default = true;
    column.default_value = code;
  }
  check_column(column, field);
}

// The text's place among those of the field in this trace. Ids that all spans of a trace share are
// stored once this way, and their places are all zero.
std::uint64_t GroupBuilder::push_pooled(std::uint32_t field, std::string_view text) {
  if (pools_.size() <= field) {
    pools_.resize(field + std::size_t{1});
  }
  Pool& pool = pools_[field];
  if (pool.counts.size() < traces_.size()) {
    pool.counts.resize(traces_.size());
    pool.trace_begin = pool.texts.size();
  }
  const std::size_t end = pool.texts.size();
  const std::size_t begin = std::max(pool.trace_begin, end - std::min(end, kPoolSearchMax));
  for (std::size_t i = end; i > begin; --i) {
    if (is_same_text(pool.texts[i - 1], text)) {
      return i - 1 - pool.trace_begin;
    }
  }
  pool.texts.push_back(text);
  text_bytes_ += text.size();
  ++pool.counts.back();
  return end - pool.trace_begin;
}

// Whether the dictionary is worth its price for this column: texts that come once each are cheaper
// in the pool, where nobody looks for them.
void GroupBuilder::check_column(BuildColumn& column, BuildField& field) {
  const bool is_full = field.dictionary.size() >= kDictionaryTextsMax ||
                       field.dictionary.text_bytes() >= kDictionaryBytesMax;
  bool is_varied = is_full;
  if (column.lookups == kVariedCheck) {
    is_varied = is_varied || (field.is_varied && column.fresh == kVariedCheck);
  } else if (column.lookups == kFirstCheck) {
    is_varied = is_varied || column.fresh * 8 >= kFirstCheck * 7;
    column.fresh = 0;
  } else if (column.lookups % kNextCheck == 0) {
    is_varied = is_varied || column.fresh * 5 >= kNextCheck * 2;
    column.fresh = 0;
  }
  column.is_pooled = is_varied;
  field.is_varied = field.is_varied || is_varied;
}

}  // namespace waybill::storage
