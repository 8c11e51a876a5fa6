// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "api/asker.h"
#include "base/result.h"
#include "net/router.h"
#include "query/finder.h"

namespace waybill::api::jaeger {

// Jaeger's internal HTTP API under /api/, which Jaeger's UI up to 2.20, Grafana's Jaeger data
// source and scripts call. What Jaeger answers with 501 when it has no metrics or archive storage
// is answered so here. Borrows the finder and the asker, which must outlive the router. Any thread.
class JaegerApi final {
 public:
  JaegerApi(const query::Finder& finder, const Asker& asker) : finder_(finder), asker_(asker) {}

  // Requires: this object outlives the router's use.
  void add_routes(net::Router& router) const;

 private:
  using Answer = Result<net::Response>;

  void add(net::Router& router, std::string_view method, std::string_view path,
           Answer (JaegerApi::*handler)(const net::Request&, const net::PathValues&) const) const;

  Answer services(const net::Request& request, const net::PathValues& values) const;
  Answer operation_names(const net::Request& request, const net::PathValues& values) const;
  Answer operations(const net::Request& request, const net::PathValues& values) const;
  Answer traces(const net::Request& request, const net::PathValues& values) const;
  Answer trace(const net::Request& request, const net::PathValues& values) const;
  Answer dependencies(const net::Request& request, const net::PathValues& values) const;
  Answer transform(const net::Request& request, const net::PathValues& values) const;
  Answer archive(const net::Request& request, const net::PathValues& values) const;
  Answer metrics(const net::Request& request, const net::PathValues& values) const;

  const query::Finder& finder_;
  const Asker& asker_;
};

}  // namespace waybill::api::jaeger
