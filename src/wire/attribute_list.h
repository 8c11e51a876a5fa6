// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "model/value.h"
#include "wire/cutter.h"

namespace waybill::wire {

// The attributes of one span, event, link, scope or resource while it is being decoded. Reused from
// one to the next, so that no span allocates. One thread at a time.
class AttributeList final {
 public:
  explicit AttributeList(std::size_t count_max) : count_max_(count_max) {}

  void clear() {
    items_.clear();
    dropped_count_ = 0;
  }

  // Whether there is room for one more; counts the attribute as dropped where there is none.
  bool has_room(Cutter& cutter) {
    if (items_.size() < count_max_) [[likely]] {
      return true;
    }
    cutter.counts().add(Cut::Attributes);
    ++dropped_count_;
    return false;
  }

  // Requires: has_room(). An attribute whose key is too long is counted as dropped.
  void add(const model::Attribute& attribute, Cutter& cutter) {
    if (cutter.takes_key(attribute.key)) [[likely]] {
      items_.push_back(attribute);
    } else {
      ++dropped_count_;
    }
  }

  std::vector<model::Attribute>& items() { return items_; }
  std::uint64_t dropped_count() const { return dropped_count_; }

 private:
  std::size_t count_max_;
  std::vector<model::Attribute> items_;
  std::uint64_t dropped_count_ = 0;
};

}  // namespace waybill::wire
