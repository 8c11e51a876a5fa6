// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/clock.h"
#include "generate/load.h"

namespace waybill::generate {

// How one attempt ended, in the terms of the OTLP specification.
struct ExportOutcome {
  enum class Kind : std::uint8_t { Accepted, Refused, TryLater };

  Kind kind = Kind::Accepted;
  std::uint64_t refused_spans = 0;  // of an accepted request: partial success
  std::optional<std::chrono::milliseconds> retry_after;
  std::string message;
};

// Carries requests to a server. One thread at a time; `done` is called from inside run(), once for
// each attempt that was started.
class Exporter {
 public:
  using Done = std::function<void(ExportOutcome)>;

  virtual ~Exporter() = default;
  // `body` is encoded, and compressed as the options say.
  virtual void start(const std::string& body, Done done) = 0;
  virtual std::size_t in_flight() const = 0;
  virtual void run(std::chrono::milliseconds patience) = 0;
};

std::unique_ptr<Exporter> make_exporter(const LoadOptions& options, const Clock& clock);

// Which gRPC codes and HTTP statuses are sent again (docs/design/generator.md).
bool is_retryable_grpc(int code, bool has_delay);
bool is_retryable_http(int status);

// Reads ExportTraceServiceResponse; bytes that are malformed count as success without a word.
ExportOutcome read_export_response(std::string_view bytes);

}  // namespace waybill::generate
