// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "model/span_batch.h"

namespace waybill::storage {

// Makes batches for tests, a span in a line:
//
//   BatchBuilder batch;
//   batch.service("cart").span(1, 2, 0, "GET /", 100, 250).error("boom");
//   reader.append(batch.take());
//
// One thread at a time.
class BatchBuilder final {
 public:
  using Attributes = std::vector<std::pair<std::string, model::Value>>;

  BatchBuilder() { service(""); }

  // Resource and an unnamed scope of the spans that follow; an empty name: no service.name.
  BatchBuilder& service(std::string_view name, const Attributes& resource_attributes = {});
  // Scope of the spans that follow, in the same resource.
  BatchBuilder& scope(std::string_view name, std::string_view version,
                      const Attributes& attributes = {});
  // Appends a span; what follows changes it. A parent of zero: none.
  BatchBuilder& span(std::uint64_t trace_id, std::uint64_t span_id, std::uint64_t parent_id,
                     std::string_view name, UnixNanos start, UnixNanos end);
  BatchBuilder& kind(model::SpanKind kind);
  BatchBuilder& error(std::string_view message = "");
  BatchBuilder& attribute(std::string_view key, model::Value value);
  BatchBuilder& event(UnixNanos time, std::string_view name, const Attributes& attributes = {});
  BatchBuilder& link(std::uint64_t trace_id, std::uint64_t span_id,
                     const Attributes& attributes = {});
  // The span that was appended last, for what has no verb.
  model::Span& last() { return spans_.back(); }

  // Everything so far. The builder is empty afterwards and must not be used again.
  model::SpanBatch take();

 private:
  std::span<const model::Attribute> keep(const Attributes& attributes);
  model::Value keep(const model::Value& value);

  model::SpanBatch batch_;
  std::vector<model::Span> spans_;
  const model::Scope* scope_ = nullptr;
  const model::Resource* resource_ = nullptr;
};

}  // namespace waybill::storage
