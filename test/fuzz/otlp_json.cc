// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "batches.h"

namespace otlp = waybill::wire::otlp;
namespace fuzz = waybill::fuzz;

// What is read from JSON is written as JSON and as protobuf and reads back as the same.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto decoded =
      otlp::decode_json(fuzz::body_of({reinterpret_cast<const char*>(data), size}));
  if (!decoded.has_value()) {
    CHECK(decoded.error().code == waybill::ErrorCode::InvalidArgument);
    return 0;
  }
  const auto from_json = otlp::decode_json(fuzz::body_of(fuzz::to_json(decoded->batch)));
  CHECK(from_json.has_value() && fuzz::same_spans(decoded->batch, from_json->batch));
  const auto from_protobuf =
      otlp::decode_protobuf(fuzz::body_of(fuzz::to_protobuf(decoded->batch)));
  CHECK(from_protobuf.has_value() && fuzz::same_spans(decoded->batch, from_protobuf->batch));
  return 0;
}
