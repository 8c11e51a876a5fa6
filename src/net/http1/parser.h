// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "net/http.h"
#include "net/http_server.h"
#include "net/server/inflight_bytes.h"
#include "net/server/refusal.h"

namespace waybill::net {

// Reads one HTTP/1.x request from bytes as they come, within the limits of the options.
//
// Borrows the options. One thread at a time. Anything ambiguous about where the body ends (both
// lengths, two lengths, an encoding beside chunked) is malformed, since a proxy before us may have
// read it the other way; so is anything ambiguous about the host (none in HTTP/1.1, two in any).
class Http1Parser final {
 public:
  enum class Phase : std::uint8_t { Header, Body, Done, Failed };

  Http1Parser(const HttpServerOptions& options, InflightCharge charge);
  ~Http1Parser();
  Http1Parser(const Http1Parser&) = delete;
  Http1Parser& operator=(const Http1Parser&) = delete;

  // Returns how many bytes were used; the rest is to be put again with more behind it, or belongs
  // to the next request once the phase is Done. Requires: the phase is Header or Body.
  std::size_t put(std::string_view bytes);

  Phase phase() const;
  // Requires: the phase is Failed.
  Refusal refusal() const;

  // Known once the phase is past Header.
  bool expects_continue() const;
  bool is_keep_alive() const;
  bool is_version_1_0() const;
  bool is_head() const;
  std::size_t body_size_bytes() const;

  // Requires: the phase is Done. Once.
  Request take_request();
  InflightCharge take_charge();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace waybill::net
