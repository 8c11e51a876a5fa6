// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "wire/otlp/otlp.h"

// What the OTLP targets have in common.
namespace waybill::fuzz {

inline std::vector<const model::Span*> pointers(const model::SpanBatch& batch) {
  std::vector<const model::Span*> spans;
  for (const model::Span& span : batch.spans()) {
    spans.push_back(&span);
  }
  return spans;
}

inline std::string to_protobuf(const model::SpanBatch& batch) {
  std::string out;
  wire::otlp::encode_protobuf(pointers(batch), out);
  return out;
}

inline std::string to_json(const model::SpanBatch& batch) {
  std::string out;
  wire::otlp::encode_json(pointers(batch), out);
  return out;
}

inline std::shared_ptr<const std::string> body_of(std::string_view bytes) {
  return std::make_shared<const std::string>(bytes);
}

inline bool same_spans(const model::SpanBatch& left, const model::SpanBatch& right) {
  return std::equal(left.spans().begin(), left.spans().end(), right.spans().begin(),
                    right.spans().end(),
                    [](const model::Span& a, const model::Span& b) { return model::equal(a, b); });
}

}  // namespace waybill::fuzz
