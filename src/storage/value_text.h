// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "model/value.h"

namespace waybill::storage {

// Appends a value as text, as Jaeger's tag search and TextForm see it (the rules of OpenTelemetry's
// mapping to non-OTLP formats): strings as they are, numbers in JSON's form, true and false, bytes
// in base64, arrays and lists as JSON, empty as "".
void append_value_text(const model::Value& value, std::string& out);

}  // namespace waybill::storage
