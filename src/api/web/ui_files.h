// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>

#include "api/embedded_file.h"

namespace waybill::api::web {

// The built web UI, sorted by path; empty in a build without it. Defined by a source that the build
// makes.
std::span<const EmbeddedFile> ui_files();

}  // namespace waybill::api::web
