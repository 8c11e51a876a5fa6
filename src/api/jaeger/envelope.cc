// SPDX-License-Identifier: Apache-2.0
#include "api/jaeger/envelope.h"

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "api/answer.h"
#include "base/error.h"
#include "net/http.h"
#include "net/router.h"
#include "wire/json/json_writer.h"

namespace waybill::api::jaeger {
namespace {

constexpr std::size_t kIndent = 4;

void write_errors(const std::vector<EnvelopeError>& errors, wire::JsonWriter& json) {
  json.key("errors");
  if (errors.empty()) {
    json.null();
    return;
  }
  json.begin_array();
  for (const EnvelopeError& error : errors) {
    json.begin_object();
    if (error.code != 0) {
      json.field("code", error.code);
    }
    json.field("msg", error.message);
    if (!error.trace_id.empty()) {
      json.field("traceID", error.trace_id);
    }
    json.end_object();
  }
  json.end_array();
}

void break_line(std::string& out, std::size_t depth) {
  out += '\n';
  out.append(depth * kIndent, ' ');
}

// The text that begins at `at`, with its quotes.
std::string_view text_at(std::string_view json, std::size_t at) {
  std::size_t end = at + 1;
  while (end < json.size() && json[end] != '"') {
    end += json[end] == '\\' ? 2 : 1;
  }
  return json.substr(at, end + 1 - at);
}

}  // namespace

std::string wrap(std::string_view data, std::uint64_t total,
                 const std::vector<EnvelopeError>& errors) {
  std::string out;
  out.reserve(data.size() + 128);
  wire::JsonWriter json(out);
  json.begin_object().key("data").raw(data).field("total", total).field("limit", 0);
  json.field("offset", 0);
  write_errors(errors, json);
  json.end_object();
  return out;
}

net::Response error_answer(int status, const Error& error) {
  return json_answer(status, wrap("null", 0, {{status, error.message, ""}}));
}

std::string indent_json(std::string_view json) {
  std::string out;
  std::size_t depth = 0;
  for (std::size_t at = 0; at < json.size(); ++at) {
    const char c = json[at];
    if (c == '"') {
      const std::string_view text = text_at(json, at);
      out += text;
      at += text.size() - 1;
    } else if (c == '{' || c == '[') {
      out += c;
      // Empty ones stay on one line.
      if (at + 1 < json.size() && (json[at + 1] == '}' || json[at + 1] == ']')) {
        out += json[++at];
      } else {
        break_line(out, ++depth);
      }
    } else if (c == '}' || c == ']') {
      break_line(out, --depth);
      out += c;
    } else {
      out += c;
      if (c == ',') {
        break_line(out, depth);
      } else if (c == ':') {
        out += ' ';
      }
    }
  }
  return out;
}

net::Response envelope_answer(const net::Request& request, std::string json) {
  const net::QueryParams parameters(request.query);
  const std::string_view pretty = parameters.get("prettyPrint").value_or("");
  if (!pretty.empty() && pretty != "false") {
    json = indent_json(json);
  }
  return json_answer(200, std::move(json));
}

}  // namespace waybill::api::jaeger
