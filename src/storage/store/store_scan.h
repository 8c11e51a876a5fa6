// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "storage/part.h"
#include "storage/scan.h"

namespace waybill::storage {

// Answers a scan from parts that may each hold a share of a trace, as if all spans lay in one list.
// Errors: InvalidArgument for a filter that can not be compiled; Cancelled; what the parts give.
// Any thread.
Result<ScanPage> scan_parts(const std::vector<std::shared_ptr<const Part>>& parts,
                            const ScanRequest& request, const Clock& clock);

}  // namespace waybill::storage
