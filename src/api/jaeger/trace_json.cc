// SPDX-License-Identifier: Apache-2.0
#include "api/jaeger/trace_json.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/hash.h"
#include "base/text.h"
#include "model/ids.h"
#include "model/span.h"
#include "model/value.h"
#include "query/trace_tree.h"
#include "storage/value_text.h"
#include "wire/json/json_writer.h"

namespace waybill::api::jaeger {
namespace {

constexpr std::uint64_t kMicro = 1000;
// Integers beyond it are not exact in JavaScript, so they are sent as text.
constexpr std::int64_t kSafeIntegerMax = (std::int64_t{1} << 53) - 1;

struct Tag {
  std::string_view key;
  model::Value value;
};

std::vector<Tag> tags_of(std::span<const model::Attribute> attributes) {
  std::vector<Tag> tags;
  tags.reserve(attributes.size());
  for (const model::Attribute& attribute : attributes) {
    tags.push_back({attribute.key, attribute.value});
  }
  return tags;
}

void add_text(std::vector<Tag>& tags, std::string_view key, std::string_view text) {
  if (!text.empty()) {
    tags.push_back({key, model::Value::of_string(text)});
  }
}

// What OTLP keeps in fields and Jaeger in tags.
std::vector<Tag> span_tags(const model::Span& span) {
  std::vector<Tag> tags;
  add_text(tags, "otel.scope.name", span.scope->name);
  add_text(tags, "otel.scope.version", span.scope->version);
  for (const Tag& tag : tags_of(span.attributes)) {
    tags.push_back(tag);
  }
  const std::string_view kind = model::span_kind_name(span.kind);
  if (span.kind != model::SpanKind::Unspecified && kind != "unknown") {
    add_text(tags, "span.kind", kind);
  }
  if (span.is_error()) {
    add_text(tags, "otel.status_code", "ERROR");
    tags.push_back({"error", model::Value::of_bool(true)});
  } else if (span.status == model::StatusCode::Ok) {
    add_text(tags, "otel.status_code", "OK");
  }
  add_text(tags, "otel.status_description", span.status_message);
  add_text(tags, "w3c.tracestate", span.trace_state);
  return tags;
}

std::vector<Tag> process_tags(const model::Resource& resource) {
  std::vector<Tag> tags = tags_of(resource.attributes);
  std::erase_if(tags, [](const Tag& tag) { return tag.key == "service.name"; });
  return tags;
}

void write_tag(const Tag& tag, wire::JsonWriter& json) {
  json.begin_object().field("key", tag.key);
  switch (tag.value.type()) {
    case model::ValueType::Bool:
      json.field("type", "bool").field("value", tag.value.boolean());
      break;
    case model::ValueType::Int: {
      const std::int64_t number = tag.value.integer();
      json.field("type", "int64").key("value");
      if (number > kSafeIntegerMax || number < -kSafeIntegerMax) {
        json.quoted(number);
      } else {
        json.value(number);
      }
      break;
    }
    case model::ValueType::Double:
      json.field("type", "float64").field("value", tag.value.number());
      break;
    case model::ValueType::Bytes: {
      std::string text;
      append_base64(text, as_bytes(tag.value.bytes()));
      json.field("type", "binary").field("value", text);
      break;
    }
    default: {
      std::string text;
      storage::append_value_text(tag.value, text);
      json.field("type", "string").field("value", text);
    }
  }
  json.end_object();
}

// Prints the spans of one trace. One thread at a time; lives for one call.
class TracePrinter final {
 public:
  TracePrinter(std::span<const model::Span* const> spans, Adjustment adjustment,
               wire::JsonWriter& json)
      : spans_(spans), is_adjusted_(adjustment == Adjustment::Adjusted), json_(json) {
    if (is_adjusted_) {
      tree_ = query::make_trace_tree(spans);
      choose_ids();
    }
  }

  void print() {
    json_.begin_object().field("traceID", print_id(spans_.front()->trace_id));
    json_.key("spans").begin_array();
    for (std::size_t row = 0; row < spans_.size(); ++row) {
      write_span(row);
    }
    json_.end_array().key("processes").begin_object();
    for (std::size_t number = 0; number < processes_.size(); ++number) {
      json_.key("p" + std::to_string(number + 1)).raw(processes_[number]);
    }
    json_.end_object().key("warnings").null().end_object();
  }

 private:
  // The server half of two that share an id gets one that no other span has, the same each time.
  void choose_ids() {
    std::unordered_set<std::uint64_t> taken;
    for (const model::Span* span : spans_) {
      ids_.push_back(span->span_id);
      taken.insert(span->span_id.value);
    }
    for (std::size_t row = 0; row < spans_.size(); ++row) {
      const std::int32_t parent = tree_.parent[row];
      const bool is_server_half = parent >= 0 &&
                                  spans_[static_cast<std::size_t>(parent)]->span_id == ids_[row] &&
                                  spans_[row]->kind == model::SpanKind::Server;
      std::uint64_t id = ids_[row].value;
      while (is_server_half && (id == 0 || !taken.insert(id).second)) {
        id = mix64(id + 1);
      }
      ids_[row].value = id;
    }
  }

  void write_tags(std::vector<Tag> tags, wire::JsonWriter& json) const {
    if (is_adjusted_) {
      std::stable_sort(tags.begin(), tags.end(),
                       [](const Tag& left, const Tag& right) { return left.key < right.key; });
    }
    json.begin_array();
    for (const Tag& tag : tags) {
      write_tag(tag, json);
    }
    json.end_array();
  }

  void write_reference(std::string_view kind, const model::TraceId& trace_id,
                       const model::SpanId& span_id) {
    json_.begin_object().field("refType", kind).field("traceID", print_id(trace_id));
    json_.field("spanID", span_id.hex()).end_object();
  }

  void write_references(std::size_t row) {
    const model::Span& span = *spans_[row];
    json_.key("references").begin_array();
    if (is_adjusted_ && tree_.parent[row] >= 0) {
      write_reference("CHILD_OF", span.trace_id, ids_[static_cast<std::size_t>(tree_.parent[row])]);
    } else if (!span.parent_span_id.is_zero() && !(is_adjusted_ && tree_.cuts_cycle[row])) {
      write_reference("CHILD_OF", span.trace_id, span.parent_span_id);
    }
    for (const model::Link& link : span.links) {
      if (is_adjusted_ && link.trace_id.is_zero() && link.span_id.is_zero()) {
        continue;
      }
      const model::Value* kind = model::find_attribute(link.attributes, "opentracing.ref_type");
      const bool is_child = kind != nullptr && kind->type() == model::ValueType::String &&
                            kind->string() == "child_of";
      write_reference(is_child ? "CHILD_OF" : "FOLLOWS_FROM", link.trace_id, link.span_id);
    }
    json_.end_array();
  }

  void write_logs(const model::Span& span) {
    json_.key("logs").begin_array();
    for (const model::Event& event : span.events) {
      std::vector<Tag> fields;
      if (model::find_attribute(event.attributes, "event") == nullptr) {
        add_text(fields, "event", event.name);
      }
      for (const Tag& tag : tags_of(event.attributes)) {
        fields.push_back(tag);
      }
      json_.begin_object().field("timestamp", event.time / kMicro).key("fields");
      write_tags(std::move(fields), json_);
      json_.end_object();
    }
    json_.end_array();
  }

  void write_warnings(std::size_t row) {
    const model::Span& span = *spans_[row];
    std::vector<std::string> warnings;
    if (span.duration() < 0) {
      warnings.push_back("the span ends before it starts; its duration is shown as 0");
    }
    if (is_adjusted_ && tree_.is_orphan(row)) {
      warnings.push_back("the parent span " + span.parent_span_id.hex() + " was not received");
    }
    if (is_adjusted_ && tree_.cuts_cycle[row]) {
      warnings.push_back("the parent span " + span.parent_span_id.hex() +
                         " descends from this span; the cycle is cut here");
    }
    if (is_adjusted_ && ids_[row] != span.span_id) {
      warnings.push_back("the span shares its id " + span.span_id.hex() +
                         " with the client's; it is shown with an id of its own");
    }
    json_.key("warnings");
    if (warnings.empty()) {
      json_.null();
      return;
    }
    json_.begin_array();
    for (const std::string& warning : warnings) {
      json_.value(warning);
    }
    json_.end_array();
  }

  // Resources that print the same are one process, whichever request they came in.
  std::string process_id(const model::Resource& resource) {
    const auto [known, is_new] = numbers_by_resource_.try_emplace(&resource, 0);
    if (is_new) {
      std::string text;
      wire::JsonWriter json(text);
      json.begin_object().field("serviceName", resource.service).key("tags");
      write_tags(process_tags(resource), json);
      json.end_object();
      const auto [number, is_new_text] = numbers_by_text_.try_emplace(text, processes_.size() + 1);
      if (is_new_text) {
        processes_.push_back(std::move(text));
      }
      known->second = number->second;
    }
    return "p" + std::to_string(known->second);
  }

  void write_span(std::size_t row) {
    const model::Span& span = *spans_[row];
    json_.begin_object().field("traceID", print_id(span.trace_id));
    json_.field("spanID", (is_adjusted_ ? ids_[row] : span.span_id).hex());
    json_.field("operationName", span.name);
    write_references(row);
    json_.field("startTime", span.start / kMicro);
    json_.field("duration",
                span.duration() < 0 ? 0 : span.duration() / static_cast<std::int64_t>(kMicro));
    json_.key("tags");
    write_tags(span_tags(span), json_);
    write_logs(span);
    json_.field("processID", process_id(span.resource()));
    write_warnings(row);
    json_.end_object();
  }

  std::span<const model::Span* const> spans_;
  const bool is_adjusted_;
  wire::JsonWriter& json_;
  query::TraceTree tree_;
  std::vector<model::SpanId> ids_;
  std::vector<std::string> processes_;
  std::map<const model::Resource*, std::size_t> numbers_by_resource_;
  std::map<std::string, std::size_t> numbers_by_text_;
};

}  // namespace

std::string print_id(const model::TraceId& id) {
  return id.high == 0 ? id.hex().substr(16) : id.hex();
}

void write_trace(std::span<const model::Span* const> spans, Adjustment adjustment,
                 wire::JsonWriter& json) {
  TracePrinter(spans, adjustment, json).print();
}

}  // namespace waybill::api::jaeger
