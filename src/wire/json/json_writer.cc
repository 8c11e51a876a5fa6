// SPDX-License-Identifier: Apache-2.0
#include "wire/json/json_writer.h"

#include <array>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "base/text.h"

namespace waybill::wire {
namespace {

constexpr std::string_view kHexDigits = "0123456789abcdef";

// True where a byte can not stand for itself. U+2028 and U+2029 begin with E2.
constexpr std::array<bool, 256> make_needs_look() {
  std::array<bool, 256> table{};
  for (std::size_t byte = 0; byte < 0x20; ++byte) {
    table[byte] = true;
  }
  for (const unsigned char byte : {'"', '\\', '<', '>', '&', '\x7F'}) {
    table[byte] = true;
  }
  table[0xE2] = true;
  return table;
}
constexpr std::array<bool, 256> kNeedsLook = make_needs_look();

void append_ascii_escape(std::string& out, unsigned char byte) {
  switch (byte) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    default:
      out += "\\u00";
      out += kHexDigits[byte >> 4];
      out += kHexDigits[byte & 0xF];
  }
}

// Requires: valid UTF-8. Copies runs that need nothing in one piece.
void append_escaped(std::string& out, std::string_view text) {
  std::size_t copied = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const auto byte = static_cast<unsigned char>(text[at]);
    if (!kNeedsLook[byte]) {
      continue;
    }
    // These two end a line in JavaScript, though not in JSON.
    const bool separator =
        text.substr(at, 3) == "\xE2\x80\xA8" || text.substr(at, 3) == "\xE2\x80\xA9";
    if (byte == 0xE2 && !separator) {
      continue;
    }
    out += text.substr(copied, at - copied);
    if (separator) {
      out += text[at + 2] == '\xA8' ? "\\u2028" : "\\u2029";
      at += 2;
    } else {
      append_ascii_escape(out, byte);
    }
    copied = at + 1;
  }
  out += text.substr(copied);
}

template <typename T>
void append_integer(std::string& out, T number) {
  std::array<char, 24> buffer;
  const auto [end, error] = std::to_chars(buffer.data(), buffer.data() + buffer.size(), number);
  out.append(buffer.data(), end);
}

}  // namespace

void JsonWriter::separate() {
  if (needs_comma_) {
    out_ += ',';
  }
  needs_comma_ = true;
}

void JsonWriter::append_string(std::string_view text) {
  out_ += '"';
  if (is_valid_utf8(text)) {
    append_escaped(out_, text);
  } else {
    std::string valid;
    append_valid_utf8(valid, text);
    append_escaped(out_, valid);
  }
  out_ += '"';
}

JsonWriter& JsonWriter::open(char bracket) {
  separate();
  out_ += bracket;
  needs_comma_ = false;
  ++depth_;
  return *this;
}

JsonWriter& JsonWriter::close(char bracket) {
  DCHECK(depth_ > 0);
  --depth_;
  out_ += bracket;
  needs_comma_ = true;
  return *this;
}

JsonWriter& JsonWriter::begin_object() { return open('{'); }
JsonWriter& JsonWriter::end_object() { return close('}'); }
JsonWriter& JsonWriter::begin_array() { return open('['); }
JsonWriter& JsonWriter::end_array() { return close(']'); }

JsonWriter& JsonWriter::key(std::string_view name) {
  separate();
  append_string(name);
  out_ += ':';
  needs_comma_ = false;
  return *this;
}

JsonWriter& JsonWriter::value(std::string_view text) {
  separate();
  append_string(text);
  return *this;
}

JsonWriter& JsonWriter::value(bool flag) {
  separate();
  out_ += flag ? "true" : "false";
  return *this;
}

JsonWriter& JsonWriter::value(std::int64_t number) {
  separate();
  append_integer(out_, number);
  return *this;
}

JsonWriter& JsonWriter::value(std::uint64_t number) {
  separate();
  append_integer(out_, number);
  return *this;
}

JsonWriter& JsonWriter::value(double number) {
  separate();
  const bool finite = std::isfinite(number);
  if (!finite) {
    out_ += '"';
  }
  append_double(out_, number);
  if (!finite) {
    out_ += '"';
  }
  return *this;
}

JsonWriter& JsonWriter::null() {
  separate();
  out_ += "null";
  return *this;
}

JsonWriter& JsonWriter::quoted(std::int64_t number) {
  separate();
  out_ += '"';
  append_integer(out_, number);
  out_ += '"';
  return *this;
}

JsonWriter& JsonWriter::quoted(std::uint64_t number) {
  separate();
  out_ += '"';
  append_integer(out_, number);
  out_ += '"';
  return *this;
}

JsonWriter& JsonWriter::raw(std::string_view json) {
  separate();
  out_ += json;
  return *this;
}

}  // namespace waybill::wire
