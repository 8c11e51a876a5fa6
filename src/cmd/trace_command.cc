// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/result.h"
#include "cmd/api_client.h"
#include "cmd/commands.h"
#include "cmd/waterfall.h"
#include "model/span.h"
#include "os/environment.h"
#include "wire/decode_limits.h"
#include "wire/otlp/otlp.h"

namespace waybill::cmd {
namespace {

// Limits of what came from our own server: it has applied its own already.
wire::DecodeLimits open_limits() {
  wire::DecodeLimits limits;
  limits.span_count_max = 100'000'000;
  limits.attribute_count_max = 100'000'000;
  limits.inner_attribute_count_max = 100'000'000;
  limits.event_count_max = 100'000'000;
  limits.link_count_max = 100'000'000;
  return limits;
}

Result<void> run(const TraceOptions& options) {
  ApiClient client = TRY(ApiClient::make(options.client.server));
  std::string body =
      TRY(client.get("/api/w1/traces/" + url_encode(options.trace_id) + "?format=otlp"));
  if (options.as_json) {
    fmt::print("{}\n", body);
    return {};
  }
  const auto decoded = TRY(
      wire::otlp::decode_json(std::make_shared<const std::string>(std::move(body)), open_limits()));
  std::vector<const model::Span*> spans;
  for (const model::Span& span : decoded.batch.spans()) {
    spans.push_back(&span);
  }
  if (spans.empty()) {
    return not_found("the trace has no spans");
  }
  std::stable_sort(spans.begin(), spans.end(), [](const model::Span* a, const model::Span* b) {
    return std::tie(a->start, a->span_id) < std::tie(b->start, b->span_id);
  });
  WaterfallOptions drawing;
  drawing.width = options.width > 0 ? options.width : os::terminal_columns();
  drawing.ascii = options.ascii;
  drawing.color = os::is_terminal() && !os::environment_variable("NO_COLOR");
  fmt::print("{}", draw_waterfall(spans, drawing));
  return {};
}

}  // namespace

int show_trace(const TraceOptions& options) {
  if (const auto done = run(options); !done) {
    fmt::print(stderr, "waybill trace: {}\n", done.error().message);
    return 1;
  }
  return 0;
}

}  // namespace waybill::cmd
