// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>

#include "api/embedded_file.h"

namespace waybill::api::own {

// The OpenAPI document of this API, alone in a list. Defined by a source that the build makes.
std::span<const EmbeddedFile> openapi_files();

}  // namespace waybill::api::own
