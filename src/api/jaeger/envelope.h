// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "net/http.h"

// What Jaeger's internal HTTP API wraps every list in: {"data", "total", "limit", "offset",
// "errors"}. Pure functions; any thread.
namespace waybill::api::jaeger {

// One entry of "errors". Zero and empty fields are left out.
struct EnvelopeError {
  int code = 0;
  std::string message;
  std::string trace_id;
};

// `data` is JSON.
std::string wrap(std::string_view data, std::uint64_t total = 0,
                 const std::vector<EnvelopeError>& errors = {});

// An error as Jaeger words it: data null, one entry in errors.
net::Response error_answer(int status, const Error& error);

// A 200, indented by four where the query asks for it with prettyPrint.
net::Response envelope_answer(const net::Request& request, std::string json);

// The same JSON with line breaks and an indent of four. Requires: valid JSON without white space
// outside of texts.
std::string indent_json(std::string_view json);

}  // namespace waybill::api::jaeger
