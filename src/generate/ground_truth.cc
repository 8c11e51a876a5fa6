// SPDX-License-Identifier: Apache-2.0
#include "generate/ground_truth.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "generate/options.h"
#include "generate/shop.h"
#include "model/span.h"
#include "wire/json/json_writer.h"

namespace waybill::generate {
namespace {

using wire::JsonWriter;

void print_notes(JsonWriter& json, std::string_view name, const Shop& shop,
                 const TraceNotes& notes) {
  json.key(name).begin_object().field("count", notes.count).key("first").begin_array();
  for (const TraceNote& note : notes.kept) {
    const Operation& operation = shop.operations()[note.operation];
    json.begin_object()
        .field("traceId", std::string_view(note.trace_id.hex()))
        .field("spanId", std::string_view(note.span_id.hex()))
        .field("service", shop.services()[operation.service].name)
        .field("operation", std::string_view(operation.name))
        .field("spanCount", note.span_count)
        .end_object();
  }
  json.end_array().end_object();
}

void print_options(JsonWriter& json, const GeneratorOptions& options) {
  json.field("seed", options.seed).key("startUnixNano").quoted(options.start);
  json.field("rate", options.rate)
      .field("requestSpanCount", std::uint64_t{options.request_span_count})
      .field("errorShare", options.error_share)
      .field("lateShare", options.late_share)
      .field("lateDelayNanos", options.late_delay_nanos)
      .key("asked")
      .begin_array();
  for (const Fault& fault : options.faults) {
    json.begin_object()
        .field("fault", fault_kind_name(fault.kind))
        .field("service", std::string_view(fault.service))
        .field("share", fault.share)
        .field("amountNanos", fault.amount_nanos)
        .end_object();
  }
  json.end_array();
}

void print_services(JsonWriter& json, const Shop& shop, const GroundTruth& truth) {
  json.key("services").begin_array();
  for (std::size_t service = 0; service < shop.services().size(); ++service) {
    OperationCount total;
    for (std::size_t i = 0; i < truth.operations.size(); ++i) {
      if (shop.operations()[i].service == service) {
        total.spans += truth.operations[i].spans;
        total.failed += truth.operations[i].failed;
      }
    }
    json.begin_object()
        .field("name", shop.services()[service].name)
        .field("spanCount", total.spans)
        .field("errorCount", total.failed)
        .key("operations")
        .begin_array();
    for (std::size_t i = 0; i < truth.operations.size(); ++i) {
      const Operation& operation = shop.operations()[i];
      if (operation.service != service || truth.operations[i].spans == 0) {
        continue;
      }
      json.begin_object()
          .field("name", std::string_view(operation.name))
          .field("kind", model::span_kind_name(operation.kind))
          .field("spanCount", truth.operations[i].spans)
          .field("errorCount", truth.operations[i].failed)
          .end_object();
    }
    json.end_array().end_object();
  }
  json.end_array();
}

}  // namespace

void TraceNotes::add(const TraceNote& note) {
  ++count;
  if (kept.size() < kKeptMax) {
    kept.push_back(note);
  }
}

std::string print_ground_truth(const Shop& shop, const GeneratorOptions& options,
                               const GroundTruth& truth) {
  std::string out;
  JsonWriter json(out);
  json.begin_object();
  print_options(json, options);
  json.field("spans", truth.spans)
      .field("traces", truth.traces)
      .field("requests", truth.requests)
      .field("bytes", truth.bytes)
      .field("failedSpans", truth.failed_spans)
      .field("events", truth.events)
      .field("lateSpans", truth.late_spans);
  if (truth.spans != 0) {
    json.key("firstStartUnixNano").quoted(truth.first_start);
    json.key("lastEndUnixNano").quoted(truth.last_end);
  }
  print_services(json, shop, truth);
  print_notes(json, "hugeTraces", shop, truth.huge);
  print_notes(json, "failedTraces", shop, truth.failed);
  print_notes(json, "slowSpans", shop, truth.faults[0]);
  print_notes(json, "retriedCalls", shop, truth.faults[1]);
  print_notes(json, "repeatedQueries", shop, truth.faults[2]);
  print_notes(json, "missingParents", shop, truth.faults[3]);
  print_notes(json, "lostContexts", shop, truth.faults[4]);
  json.end_object();
  out.push_back('\n');
  return out;
}

}  // namespace waybill::generate
