// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "batches.h"

namespace otlp = waybill::wire::otlp;
namespace fuzz = waybill::fuzz;

// What is read from protobuf is written and reads back as the same. Its JSON is always readable;
// invalid UTF-8 is replaced in the first writing, so it is the second that must equal the first.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto decoded =
      otlp::decode_protobuf(fuzz::body_of({reinterpret_cast<const char*>(data), size}));
  if (!decoded.has_value()) {
    return 0;
  }
  const std::string protobuf = fuzz::to_protobuf(decoded->batch);
  const auto again = otlp::decode_protobuf(fuzz::body_of(protobuf));
  CHECK(again.has_value() && fuzz::same_spans(decoded->batch, again->batch));
  CHECK(fuzz::to_protobuf(again->batch) == protobuf);
  const std::string json = fuzz::to_json(decoded->batch);
  const auto from_json = otlp::decode_json(fuzz::body_of(json));
  CHECK(from_json.has_value());
  CHECK(fuzz::to_json(from_json->batch) == json);
  return 0;
}
