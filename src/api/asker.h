// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>

#include "base/result.h"
#include "net/router.h"
#include "query/query_pool.h"

namespace waybill::api {

// Has requests answered on the query pool, in the shape of one API.
//
// A request that finds the pool's queue full gets 503 with Retry-After; an answer larger than
// `answer_bytes_max` becomes 413; a request whose client went away while it waited is not answered
// for. Borrows the pool. Any thread.
class Asker final {
 public:
  using Answer = std::function<Result<net::Response>(const net::Request&, const net::PathValues&)>;
  // How the API words an error.
  using Refusal = std::function<net::Response(int status, const Error&)>;

  Asker(query::QueryPool& pool, std::size_t answer_bytes_max, Refusal refusal)
      : pool_(pool), answer_bytes_max_(answer_bytes_max), refusal_(std::move(refusal)) {}

  // A route that answers so. The asker must outlive it.
  net::Router::Route route(Answer answer) const;

 private:
  class Task;

  net::Response make(const Answer& answer, const net::Request& request,
                     const net::PathValues& values) const;

  query::QueryPool& pool_;
  const std::size_t answer_bytes_max_;
  const Refusal refusal_;
};

}  // namespace waybill::api
