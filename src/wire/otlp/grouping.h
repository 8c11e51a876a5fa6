// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "model/span.h"

namespace waybill::wire::otlp {

// Whether two spans may share one message for their resource or scope. Nearly always it is the very
// same object, or one that differs early.
template <typename T>
bool same(const T& left, const T& right) {
  return &left == &right || model::equal(left, right);
}

}  // namespace waybill::wire::otlp
