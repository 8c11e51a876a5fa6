// SPDX-License-Identifier: Apache-2.0
#include "api/web/site.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "api/answer.h"
#include "api/embedded_file.h"
#include "net/http.h"
#include "net/router.h"

namespace waybill::api::web {
namespace {

constexpr std::string_view kPageWithoutUi = R"(<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Waybill</title>
<h1>Waybill is running</h1>
<p>This build has no web UI: it was made with <code>--no-ui</code>, or before the UI was built.
To get it, build the UI first (<code>./x ui build</code>), then the program
(<code>./x build</code>).</p>
<p>The APIs are here all the same:</p>
<ul>
<li><a href="/api/w1/status">/api/w1/status</a>, <a href="/api/w1/services">/api/w1/services</a>,
<a href="/api/w1/search">/api/w1/search</a>: Waybill's own, described in
<a href="/api/w1/openapi.json">/api/w1/openapi.json</a></li>
<li><a href="/api/services">/api/services</a>, <a href="/api/v3/services">/api/v3/services</a>:
Jaeger's query API</li>
<li><a href="/healthz">/healthz</a>, <a href="/readyz">/readyz</a>,
<a href="/metrics">/metrics</a></li>
</ul>
</html>
)";

// True for a path that a browser would never send as it is: it came from something that probes.
bool is_suspicious(std::string_view path) {
  if (path.find('\0') != std::string_view::npos || path.find('\\') != std::string_view::npos) {
    return true;
  }
  while (!path.empty()) {
    const std::size_t end = path.find('/');
    const std::string_view segment = path.substr(0, end);
    if (segment == "..") {
      return true;
    }
    path = end == std::string_view::npos ? std::string_view{} : path.substr(end + 1);
  }
  return false;
}

net::Response page_without_ui() {
  net::Response response;
  response.headers = {{"content-type", "text/html; charset=utf-8"}, {"cache-control", "no-cache"}};
  response.static_body = kPageWithoutUi;
  return response;
}

net::Response send_file(const EmbeddedFile& file, const net::Request& request) {
  const bool is_asset = file.path.starts_with("/assets/");
  const std::string_view caching = is_asset ? "public, max-age=31536000, immutable" : "no-cache";
  net::Response response;
  if (names_etag(request.header("if-none-match"), file.etag)) {
    response = not_modified(file.etag);
  } else {
    response.headers = {{"content-type", std::string(content_type(file.path))},
                        {"etag", std::string(file.etag)}};
    response.static_body = file.content;
    if (!file.gzip.empty() && accepts_gzip(request.header("accept-encoding"))) {
      response.static_body = file.gzip;
      response.headers.push_back({"content-encoding", "gzip"});
    }
  }
  response.headers.push_back({"cache-control", std::string(caching)});
  response.headers.push_back({"vary", "accept-encoding"});
  return response;
}

}  // namespace

std::string_view content_type(std::string_view path) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 17> kTypes = {{
      {".html", "text/html; charset=utf-8"},
      {".js", "text/javascript; charset=utf-8"},
      {".mjs", "text/javascript; charset=utf-8"},
      {".css", "text/css; charset=utf-8"},
      {".json", "application/json; charset=utf-8"},
      {".map", "application/json; charset=utf-8"},
      {".webmanifest", "application/manifest+json"},
      {".svg", "image/svg+xml"},
      {".png", "image/png"},
      {".jpg", "image/jpeg"},
      {".webp", "image/webp"},
      {".ico", "image/x-icon"},
      {".woff2", "font/woff2"},
      {".woff", "font/woff"},
      {".ttf", "font/ttf"},
      {".wasm", "application/wasm"},
      {".txt", "text/plain; charset=utf-8"},
  }};
  for (const auto& [ending, type] : kTypes) {
    if (path.ends_with(ending)) {
      return type;
    }
  }
  return "application/octet-stream";
}

const EmbeddedFile* Site::find(std::string_view path) const {
  const auto found = std::find_if(files_.begin(), files_.end(),
                                  [&](const EmbeddedFile& file) { return file.path == path; });
  return found == files_.end() ? nullptr : &*found;
}

net::Response Site::serve(const net::Request& request) const {
  if (request.method != "GET" && request.method != "HEAD") {
    net::Response response = text_answer(405, "this path takes GET and HEAD\n");
    response.headers.push_back({"allow", "GET, HEAD"});
    return response;
  }
  const std::optional<std::string> path = net::percent_decode(request.path);
  if (!path || is_suspicious(*path)) {
    return text_answer(400, "malformed path\n");
  }
  if (const EmbeddedFile* file = find(*path)) {
    return send_file(*file, request);
  }
  if (path->starts_with("/assets/")) {
    return text_answer(404, "no such file\n");
  }
  const EmbeddedFile* index = find("/index.html");
  return index != nullptr ? send_file(*index, request) : page_without_ui();
}

}  // namespace waybill::api::web
