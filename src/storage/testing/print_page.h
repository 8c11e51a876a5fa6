// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "storage/scan.h"

namespace waybill::storage {

// Everything that an answer says of its traces, a line each.
inline std::string print_traces(const ScanPage& page) {
  std::string out;
  for (const Trace& trace : page.traces) {
    out +=
        trace.id.hex() + " " + std::to_string(trace.start) + "-" + std::to_string(trace.end) + ":";
    for (const model::Span* span : trace.spans) {
      out += " " + span->span_id.hex() + "/" + std::string(span->name);
    }
    out += " matched";
    for (const std::uint32_t row : trace.matched) {
      out += " " + std::to_string(row);
    }
    out += "\n";
  }
  return out;
}

}  // namespace waybill::storage
