// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "api/asker.h"
#include "api/server_status.h"
#include "base/result.h"
#include "net/router.h"
#include "query/finder.h"

namespace waybill::api::own {

// {"error": {"code", "message", "position"}}.
net::Response error_answer(int status, const Error& error,
                           std::optional<std::size_t> position = std::nullopt);

// Waybill's own API, /api/w1/ (docs/design/own-api.md; openapi.json is normative). Parses, asks,
// prints. Borrows the finder and the asker, which must outlive the router. Any thread.
class OwnApi final {
 public:
  // `status` is called for each /status, from several threads; it must be quick.
  OwnApi(const query::Finder& finder, const Asker& asker, std::function<ServerStatus()> status)
      : finder_(finder), asker_(asker), status_(std::move(status)) {}

  // Requires: this object outlives the router's use.
  void add_routes(net::Router& router) const;

 private:
  using Answer = Result<net::Response>;

  void add(net::Router& router, std::string_view path,
           Answer (OwnApi::*method)(const net::Request&, const net::PathValues&) const) const;

  Answer status(const net::Request& request, const net::PathValues& values) const;
  Answer services(const net::Request& request, const net::PathValues& values) const;
  Answer operations(const net::Request& request, const net::PathValues& values) const;
  Answer search(const net::Request& request, const net::PathValues& values) const;
  Answer trace(const net::Request& request, const net::PathValues& values) const;
  Answer spans(const net::Request& request, const net::PathValues& values) const;
  Answer find(const net::Request& request, const net::PathValues& values) const;
  Answer openapi(const net::Request& request, const net::PathValues& values) const;

  Result<storage::Trace> find_trace(const net::Request& request, std::string_view id_text) const;

  const query::Finder& finder_;
  const Asker& asker_;
  const std::function<ServerStatus()> status_;
};

}  // namespace waybill::api::own
