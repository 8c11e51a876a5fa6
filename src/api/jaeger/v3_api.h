// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "api/asker.h"
#include "base/result.h"
#include "net/router.h"
#include "query/finder.h"

namespace waybill::api::jaeger {

// {"error": {"httpCode", "message"}}.
net::Response v3_error_answer(int status, const Error& error);

// Jaeger's stable query API, /api/v3/, as JSON over HTTP: what Jaeger's newer UI calls. Borrows the
// finder and the asker, which must outlive the router. Any thread.
class V3Api final {
 public:
  V3Api(const query::Finder& finder, const Asker& asker) : finder_(finder), asker_(asker) {}

  // Requires: this object outlives the router's use.
  void add_routes(net::Router& router) const;

 private:
  using Answer = Result<net::Response>;

  void add(net::Router& router, std::string_view path,
           Answer (V3Api::*handler)(const net::Request&, const net::PathValues&) const) const;

  Answer services(const net::Request& request, const net::PathValues& values) const;
  Answer operations(const net::Request& request, const net::PathValues& values) const;
  Answer trace(const net::Request& request, const net::PathValues& values) const;
  Answer traces(const net::Request& request, const net::PathValues& values) const;
  Answer summaries(const net::Request& request, const net::PathValues& values) const;
  Answer dependencies(const net::Request& request, const net::PathValues& values) const;

  const query::Finder& finder_;
  const Asker& asker_;
};

}  // namespace waybill::api::jaeger
