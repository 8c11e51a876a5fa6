// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"

namespace waybill::wire {

// Appends JSON to a string, with the commas in the right places. Output is always valid UTF-8
// (invalid bytes become U+FFFD) and safe inside HTML (`<`, `>`, `&`, U+2028 and U+2029 are
// escaped). The caller balances begin and end; that is checked in debug builds. One thread at a
// time. Borrows the string.
//
//   JsonWriter json(out);
//   json.begin_object().key("spans").begin_array().value(1).end_array().end_object();
class JsonWriter final {
 public:
  explicit JsonWriter(std::string& out) : out_(out) {}
  ~JsonWriter() { DCHECK(depth_ == 0); }
  JsonWriter(const JsonWriter&) = delete;
  JsonWriter& operator=(const JsonWriter&) = delete;

  JsonWriter& begin_object();
  JsonWriter& end_object();
  JsonWriter& begin_array();
  JsonWriter& end_array();
  JsonWriter& key(std::string_view name);

  JsonWriter& value(std::string_view text);
  JsonWriter& value(const char* text) { return value(std::string_view(text)); }
  JsonWriter& value(bool flag);
  JsonWriter& value(int number) { return value(static_cast<std::int64_t>(number)); }
  JsonWriter& value(std::int64_t number);
  JsonWriter& value(std::uint64_t number);
  JsonWriter& value(std::uint32_t number) { return value(static_cast<std::uint64_t>(number)); }
  // Not-a-number and infinities are written as the strings "NaN", "Infinity" and "-Infinity".
  JsonWriter& value(double number);
  JsonWriter& null();
  // A 64-bit integer as a decimal string, as JSON's 2^53 asks for.
  JsonWriter& quoted(std::int64_t number);
  JsonWriter& quoted(std::uint64_t number);
  // Text that is one JSON value already.
  JsonWriter& raw(std::string_view json);

  template <typename T>
  JsonWriter& field(std::string_view name, T&& content) {
    return key(name).value(static_cast<T&&>(content));
  }

 private:
  void separate();
  void append_string(std::string_view text);
  JsonWriter& open(char bracket);
  JsonWriter& close(char bracket);

  std::string& out_;
  int depth_ = 0;
  bool needs_comma_ = false;
};

}  // namespace waybill::wire
