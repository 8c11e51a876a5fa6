// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <simdjson.h>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "model/value.h"

namespace waybill::wire::otlp {

// The first thing that is wrong with a document; what comes after it changes nothing. A decoder
// reads on with defaults and looks once, at the end of each message.
class JsonFault final {
 public:
  bool is_set() const { return !message_.empty(); }
  void set(std::string_view field, std::string_view what);
  const std::string& message() const { return message_; }

 private:
  std::string message_;
};

// The scalars of OTLP/JSON. `element` is null where the member is absent: the answer is the default
// then. A wrong type sets the fault, naming the field, and gives the default too. Any thread.
//
// 64-bit and 32-bit integers come as numbers or as decimal strings; a number with a fraction of
// zero or an exponent is fine where its value is an integer.
std::string_view json_text(const simdjson::dom::element* element, std::string_view field,
                           JsonFault& fault);
std::uint64_t json_uint64(const simdjson::dom::element* element, std::string_view field,
                          JsonFault& fault);
std::int64_t json_int64(const simdjson::dom::element* element, std::string_view field,
                        JsonFault& fault);
// An attribute's `intValue`. JavaScript SDKs write every whole number so, also those that only a
// double can hold: such a number is kept as a double.
model::Value json_int_value(const simdjson::dom::element* element, std::string_view field,
                            JsonFault& fault);
std::uint32_t json_uint32(const simdjson::dom::element* element, std::string_view field,
                          JsonFault& fault);
bool json_bool(const simdjson::dom::element* element, std::string_view field, JsonFault& fault);
// A number, or text that is one: "1.5", "NaN", "Infinity", "-Infinity".
double json_double(const simdjson::dom::element* element, std::string_view field, JsonFault& fault);

// An enum: a number, or one of the names, which stand at the index of their number.
std::int32_t json_enum(const simdjson::dom::element* element, std::string_view field,
                       std::span<const std::string_view> names, JsonFault& fault);

}  // namespace waybill::wire::otlp
