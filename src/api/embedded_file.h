// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace waybill::api {

// A file that the program carries (cmake/embed.cmake). Everything lives as long as the program.
struct EmbeddedFile {
  std::string_view path;  // "/assets/main-3f2a.js"
  std::string_view content;
  std::string_view gzip;  // the same, compressed; empty where that does not pay
  std::string_view etag;  // quoted, of the content
};

}  // namespace waybill::api
