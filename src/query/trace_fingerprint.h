// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>

#include "model/span.h"

namespace waybill::query {

// A number that changes when anything that is known of the spans, or their order, changes: what an
// ETag is made of. The same in every run of one version of the program. Any thread.
std::uint64_t fingerprint(std::span<const model::Span* const> spans);

}  // namespace waybill::query
