// SPDX-License-Identifier: Apache-2.0
#include "api/web_handler.h"

#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include "api/answer.h"
#include "api/jaeger/envelope.h"
#include "api/jaeger/v3_api.h"
#include "api/own/own_api.h"
#include "api/server_status.h"
#include "api/web/ui_files.h"
#include "base/error.h"
#include "base/metrics.h"
#include "net/http.h"
#include "net/router.h"
#include "query/finder.h"
#include "query/query_pool.h"

namespace waybill::api {
namespace {

bool is_under(std::string_view path, std::string_view folder) {
  return path.starts_with(folder) && (path.size() == folder.size() || path[folder.size()] == '/');
}

ErrorCode code_of(int status) {
  switch (status) {
    case 404:
      return ErrorCode::NotFound;
    case 405:
      return ErrorCode::Unimplemented;
    default:
      return ErrorCode::InvalidArgument;
  }
}

// How the router's own refusals look, by the API that the path belongs to.
net::Response refuse(const net::Request& request, int status, std::string_view message) {
  const Error error{code_of(status), std::string(message)};
  if (is_under(request.path, "/api/w1")) {
    return own::error_answer(status, error);
  }
  if (is_under(request.path, "/api/v3")) {
    return jaeger::v3_error_answer(status, error);
  }
  if (is_under(request.path, "/api")) {
    return jaeger::error_answer(status, error);
  }
  return text_answer(status, error.message + "\n");
}

}  // namespace

WebHandler::WebHandler(WebHandlerOptions options, const query::Finder& finder,
                       query::QueryPool& pool, const MetricRegistry& metrics,
                       std::function<ServerStatus()> status)
    : site_(web::ui_files()),
      own_asker_(pool, options.answer_bytes_max,
                 [](int code, const Error& error) { return own::error_answer(code, error); }),
      jaeger_asker_(pool, options.answer_bytes_max, jaeger::error_answer),
      v3_asker_(pool, options.answer_bytes_max, jaeger::v3_error_answer),
      own_api_(finder, own_asker_, status),
      jaeger_api_(finder, jaeger_asker_),
      v3_api_(finder, v3_asker_),
      front_door_(std::move(options.front_door), router_, options.request_id_seed) {
  own_api_.add_routes(router_);
  jaeger_api_.add_routes(router_);
  v3_api_.add_routes(router_);
  add_health_routes(metrics, std::move(status));
  router_.set_refusal(refuse);
  router_.set_fallback([this](const net::Request& request, net::Responder responder) {
    serve_rest(request, std::move(responder));
  });
}

void WebHandler::add_health_routes(const MetricRegistry& metrics,
                                   std::function<ServerStatus()> status) {
  using net::PathValues;
  using net::Request;
  using net::Responder;
  router_.add("GET", "/healthz", [](const Request&, const PathValues&, Responder responder) {
    std::move(responder).send(text_answer(200, "ok\n"));
  });
  router_.add("GET", "/readyz",
              [status = std::move(status)](const Request&, const PathValues&, Responder responder) {
                const bool ready = status().ready;
                std::move(responder).send(
                    text_answer(ready ? 200 : 503, ready ? "ready\n" : "not ready\n"));
              });
  router_.add("GET", "/metrics",
              [&metrics](const Request&, const PathValues&, Responder responder) {
                net::Response response = text_answer(200, metrics.print());
                response.headers = {{"content-type", "text/plain; version=0.0.4; charset=utf-8"}};
                std::move(responder).send(std::move(response));
              });
}

// A path under /api that no route has is a mistake, never a page of the UI.
void WebHandler::serve_rest(const net::Request& request, net::Responder responder) const {
  if (is_under(request.path, "/api")) {
    return std::move(responder).send(refuse(request, 404, "no such path"));
  }
  std::move(responder).send(site_.serve(request));
}

}  // namespace waybill::api
