// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "api/embedded_file.h"
#include "net/http.h"

namespace waybill::api::web {

// Serves the built web UI from the files that the program carries: a file where the path names one,
// 404 for what is missing under /assets/, and index.html for every other path, since the UI has its
// own addresses. A build without the UI answers with a page that says so. Never touches the disk.
//
// Names under /assets/ carry a hash of their content, so copies may be kept for a year; all else is
// asked about each time. Borrows the files, which live as long as the program. Any thread.
class Site final {
 public:
  explicit Site(std::span<const EmbeddedFile> files) : files_(files) {}

  // Takes GET and HEAD (405 for others); the server leaves the body of a HEAD out.
  net::Response serve(const net::Request& request) const;

 private:
  const EmbeddedFile* find(std::string_view path) const;

  std::span<const EmbeddedFile> files_;
};

// By the name's ending; "application/octet-stream" where it is not known.
std::string_view content_type(std::string_view path);

}  // namespace waybill::api::web
