// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "model/span.h"
#include "wire/json/json_writer.h"

namespace waybill::api::jaeger {

// Raw: spans as they were sent. Adjusted, as Jaeger shows them: tags sorted by key; a server half
// that shares its span id with a client half gets an id of its own; links without ids left out;
// warnings where a parent was not received or a cycle was cut. Clocks are never shifted.
enum class Adjustment : std::uint8_t { Raw, Adjusted };

// One trace in the form of Jaeger's UI: {"traceID", "spans", "processes", "warnings"}. `spans` are
// of one trace, at least one; sorted by start where they are to be adjusted.
void write_trace(std::span<const model::Span* const> spans, Adjustment adjustment,
                 wire::JsonWriter& json);

// 16 digits where the upper half is zero, else 32: Jaeger's own rule.
std::string print_id(const model::TraceId& id);

}  // namespace waybill::api::jaeger
