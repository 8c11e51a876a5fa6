// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "base/check.h"
#include "wire/otlp/otlp.h"

// Any bytes are a request or InvalidArgument, with the limits as they are and with small ones.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto body = std::make_shared<const std::string>(reinterpret_cast<const char*>(data), size);
  waybill::wire::DecodeLimits small;
  small.span_count_max = 3;
  small.attribute_count_max = 2;
  small.inner_attribute_count_max = 1;
  small.event_count_max = 2;
  small.link_count_max = 2;
  small.key_bytes_max = 4;
  small.value_bytes_max = 5;
  small.name_bytes_max = 3;
  small.value_depth_max = 2;
  small.value_node_count_max = 4;
  for (const auto& limits : {waybill::wire::DecodeLimits{}, small}) {
    const auto decoded = waybill::wire::otlp::decode_protobuf(body, limits);
    if (!decoded.has_value()) {
      CHECK(decoded.error().code == waybill::ErrorCode::InvalidArgument);
      continue;
    }
    for (const auto& span : decoded->batch.spans()) {
      CHECK(span.scope != nullptr && span.scope->resource != nullptr);
      CHECK(!span.trace_id.is_zero() && !span.span_id.is_zero() && !span.service().empty());
      CHECK(span.attributes.size() <= limits.attribute_count_max);
      CHECK(span.events.size() <= limits.event_count_max);
      CHECK(span.links.size() <= limits.link_count_max);
      CHECK(span.name.size() <= limits.name_bytes_max);
    }
  }
  return 0;
}
