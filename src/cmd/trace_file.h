// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "base/result.h"

namespace waybill::cmd {

// A piece of a file that can be posted as one OTLP request.
struct TraceFilePart {
  std::string body;
  bool is_json = false;
  std::size_t line = 0;  // where it begins in a file of lines; 1 otherwise
};

// Splits what a file of traces holds, plain or gzip: OTLP/JSON lines (the file exporter's form),
// one OTLP/JSON document, such a document inside {"result": ...} as Jaeger's API answers it, or
// protobuf (TracesData, cut between its resources so that no part passes a few MiB where resources
// allow). An empty file has no parts. InvalidArgument for anything else.
Result<std::vector<TraceFilePart>> split_trace_file(std::string content);

}  // namespace waybill::cmd
