// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>

#include "model/span_batch.h"

namespace waybill::model::testing {

// Spans as text, for expectations that people read: one line a field, resources and scopes before
// their spans, fields with the default left out. Texts are quoted, bytes that are no printable
// ASCII as \xNN, so that two batches with the same text are equal() and the other way round.
std::string print_batch(const SpanBatch& batch);
std::string print_value(const Value& value);

}  // namespace waybill::model::testing
