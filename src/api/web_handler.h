// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

#include "api/asker.h"
#include "api/jaeger/jaeger_api.h"
#include "api/jaeger/v3_api.h"
#include "api/own/own_api.h"
#include "api/server_status.h"
#include "api/web/front_door.h"
#include "api/web/site.h"
#include "base/metrics.h"
#include "net/router.h"
#include "query/finder.h"
#include "query/query_pool.h"

namespace waybill::api {

struct WebHandlerOptions {
  web::FrontDoorOptions front_door;
  // Larger answers become 413.
  std::size_t answer_bytes_max = std::size_t{256} << 20;
  std::uint64_t request_id_seed = 0;
};

// Everything that the web listener (port 16686) answers: Waybill's own API, Jaeger's query API,
// /healthz, /readyz, /metrics and the web UI. Questions run on the pool; the rest is answered at
// once. Borrows its collaborators. Any thread.
class WebHandler final : public net::HttpHandler {
 public:
  // `status` must be quick and callable from any thread.
  WebHandler(WebHandlerOptions options, const query::Finder& finder, query::QueryPool& pool,
             const MetricRegistry& metrics, std::function<ServerStatus()> status);

  void handle(net::Request request, net::Responder responder) override {
    front_door_.handle(std::move(request), std::move(responder));
  }

 private:
  void add_health_routes(const MetricRegistry& metrics, std::function<ServerStatus()> status);
  void serve_rest(const net::Request& request, net::Responder responder) const;

  web::Site site_;
  Asker own_asker_;
  Asker jaeger_asker_;
  Asker v3_asker_;
  own::OwnApi own_api_;
  jaeger::JaegerApi jaeger_api_;
  jaeger::V3Api v3_api_;
  net::Router router_;
  web::FrontDoor front_door_;
};

}  // namespace waybill::api
