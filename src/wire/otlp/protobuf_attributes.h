// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <vector>

#include "base/bytes.h"
#include "model/value.h"
#include "wire/attribute_list.h"
#include "wire/cutter.h"
#include "wire/decode_arena.h"

namespace waybill::wire::otlp {

// Reads OTLP's KeyValue and AnyValue messages.
//
// Texts point into the message; arrays go to the arena. Borrows both, and the cutter. One thread at
// a time. Recurses once for each level of nesting, at most DecodeLimits::value_depth_max (and never
// more than kDepthMax) deep: what lies deeper is not looked at.
//
// Where a KeyValue has several values, they are one AnyValue: the member that is set last wins. An
// array or list that comes a second time replaces the first (protobuf would append to it).
class AttributeReader final {
 public:
  // What the stack is good for, whatever the options say.
  static constexpr int kDepthMax = 512;

  AttributeReader(DecodeArena& arena, Cutter& cutter);

  // Appends the attribute of a KeyValue message.
  void read(Bytes key_value, AttributeList& into);

  // False once a message was malformed.
  bool ok() const { return ok_; }

 private:
  void read_value(Bytes any_value, int depth, model::Value& value);
  void read_member(Bytes any_value, int depth, model::Value& value);
  model::Value read_array(Bytes array_value, int depth);
  model::Value read_list(Bytes key_value_list, int depth);
  bool takes_node();
  bool takes_depth(int depth);

  DecodeArena& arena_;
  Cutter& cutter_;
  int depth_max_;
  // Values of the arrays and lists that are open, innermost last.
  std::vector<model::Value> values_;
  std::vector<model::Attribute> entries_;
  std::size_t node_count_ = 0;
  bool ok_ = true;
};

}  // namespace waybill::wire::otlp
