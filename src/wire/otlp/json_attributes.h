// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <simdjson.h>

#include <cstddef>
#include <string_view>
#include <vector>

#include "model/value.h"
#include "wire/attribute_list.h"
#include "wire/cutter.h"
#include "wire/decode_arena.h"
#include "wire/otlp/json_scalars.h"

namespace waybill::wire::otlp {

// Reads OTLP/JSON's lists of KeyValue, and AnyValue. Texts are copied into the arena, so nothing
// points into the parsed document. Borrows the arena, the cutter and the fault. One thread at a
// time.
//
// Where several members of an AnyValue are set, the last counts. Recursion is bounded as in
// AttributeReader.
class JsonAttributeReader final {
 public:
  JsonAttributeReader(DecodeArena& arena, Cutter& cutter, JsonFault& fault);

  // Appends a list of attributes; null: none.
  void read(const simdjson::dom::element* list, std::string_view field, AttributeList& into);

 private:
  model::Attribute read_attribute(simdjson::dom::element key_value, int depth);
  model::Value read_value(simdjson::dom::element any_value, int depth);
  model::Value read_array(simdjson::dom::element array_value, int depth);
  model::Value read_list(simdjson::dom::element key_value_list, int depth);
  model::Value read_bytes(simdjson::dom::element base64);
  bool takes_node();
  bool takes_depth(int depth);

  DecodeArena& arena_;
  Cutter& cutter_;
  JsonFault& fault_;
  int depth_max_;
  std::vector<model::Value> values_;
  std::vector<model::Attribute> entries_;
  std::size_t node_count_ = 0;
};

}  // namespace waybill::wire::otlp
