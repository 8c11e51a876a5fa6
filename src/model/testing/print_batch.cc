// SPDX-License-Identifier: Apache-2.0
#include "model/testing/print_batch.h"

#include <fmt/format.h>

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/text.h"
#include "model/span.h"
#include "model/span_batch.h"
#include "model/value.h"

namespace waybill::model::testing {
namespace {

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c >= 0x20 && c < 0x7F) {
      out += c;
    } else {
      out += fmt::format("\\x{:02X}", static_cast<std::uint8_t>(c));
    }
  }
  return out + '"';
}

void print_double(std::string& out, double number) {
  append_double(out, number);
  if (std::isnan(number)) {
    out += fmt::format("({:x})", std::bit_cast<std::uint64_t>(number));
  }
}

void print(std::string& out, const Value& value) {
  switch (value.type()) {
    case ValueType::Empty:
      out += "empty";
      break;
    case ValueType::String:
      out += quoted(value.string());
      break;
    case ValueType::Bool:
      out += value.boolean() ? "true" : "false";
      break;
    case ValueType::Int:
      out += fmt::format("int {}", value.integer());
      break;
    case ValueType::Double:
      out += "double ";
      print_double(out, value.number());
      break;
    case ValueType::Bytes:
      out += "bytes ";
      append_hex(out, as_bytes(value.bytes()));
      break;
    case ValueType::Array: {
      std::string_view separator;
      out += '[';
      for (const Value& item : value.array()) {
        out += separator;
        print(out, item);
        separator = ", ";
      }
      out += ']';
      break;
    }
    case ValueType::KvList: {
      std::string_view separator;
      out += '{';
      for (const Attribute& item : value.kvlist()) {
        out += separator;
        out += quoted(item.key) + ": ";
        print(out, item.value);
        separator = ", ";
      }
      out += '}';
      break;
    }
  }
}

// Prints lines of `name value` at one depth.
class Printer final {
 public:
  explicit Printer(std::string& out) : out_(out) {}

  void title(int depth, std::string_view line) {
    out_.append(static_cast<std::size_t>(depth) * 2, ' ');
    out_ += line;
    out_ += '\n';
    depth_ = depth + 1;
  }
  void text(std::string_view name, std::string_view value) {
    if (!value.empty()) {
      line(name, quoted(value));
    }
  }
  template <typename T>
  void number(std::string_view name, T value) {
    if (value != 0) {
      line(name, fmt::format("{}", value));
    }
  }
  void attributes(std::span<const Attribute> list, std::uint32_t dropped) {
    for (const Attribute& attribute : list) {
      std::string value;
      print(value, attribute.value);
      line("attribute", quoted(attribute.key) + ' ' + value);
    }
    number("dropped_attributes_count", dropped);
  }

 private:
  void line(std::string_view name, std::string_view value) {
    out_.append(static_cast<std::size_t>(depth_) * 2, ' ');
    out_ += name;
    out_ += ' ';
    out_ += value;
    out_ += '\n';
  }

  std::string& out_;
  int depth_ = 0;
};

void print_resource(Printer& printer, const Resource& resource) {
  printer.title(0, "resource " + quoted(resource.service));
  printer.text("schema_url", resource.schema_url);
  printer.attributes(resource.attributes, resource.dropped_attributes_count);
}

void print_scope(Printer& printer, const Scope& scope) {
  printer.title(1, "scope");
  printer.text("name", scope.name);
  printer.text("version", scope.version);
  printer.text("schema_url", scope.schema_url);
  printer.attributes(scope.attributes, scope.dropped_attributes_count);
}

void print_span(Printer& printer, const Span& span) {
  printer.title(2, fmt::format("span {} {}", span.trace_id.hex(), span.span_id.hex()));
  if (!span.parent_span_id.is_zero()) {
    printer.text("parent", span.parent_span_id.hex());
  }
  printer.text("name", span.name);
  printer.number("kind", static_cast<std::int32_t>(span.kind));
  printer.number("start", span.start);
  printer.number("end", span.end);
  printer.number("status", static_cast<std::int32_t>(span.status));
  printer.text("status_message", span.status_message);
  printer.text("trace_state", span.trace_state);
  printer.number("flags", span.flags);
  printer.attributes(span.attributes, span.dropped_attributes_count);
  printer.number("dropped_events_count", span.dropped_events_count);
  printer.number("dropped_links_count", span.dropped_links_count);
  for (const Event& event : span.events) {
    printer.title(3, "event");
    printer.number("time", event.time);
    printer.text("name", event.name);
    printer.attributes(event.attributes, event.dropped_attributes_count);
  }
  for (const Link& link : span.links) {
    printer.title(3, fmt::format("link {} {}", link.trace_id.hex(), link.span_id.hex()));
    printer.text("trace_state", link.trace_state);
    printer.number("flags", link.flags);
    printer.attributes(link.attributes, link.dropped_attributes_count);
  }
}

}  // namespace

std::string print_batch(const SpanBatch& batch) {
  std::string out;
  Printer printer(out);
  const Scope* scope = nullptr;
  for (const Span& span : batch.spans()) {
    if (scope == nullptr || !equal(*scope->resource, span.resource())) {
      print_resource(printer, span.resource());
    }
    if (scope == nullptr || !equal(*scope, *span.scope)) {
      print_scope(printer, *span.scope);
    }
    scope = span.scope;
    print_span(printer, span);
  }
  return out;
}

std::string print_value(const Value& value) {
  std::string out;
  print(out, value);
  return out;
}

}  // namespace waybill::model::testing
