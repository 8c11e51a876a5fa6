// SPDX-License-Identifier: Apache-2.0
#include "api/asker.h"

#include <memory>
#include <utility>

#include "api/answer.h"
#include "base/error.h"
#include "base/result.h"
#include "base/text.h"
#include "net/http.h"
#include "net/router.h"
#include "query/query_pool.h"

namespace waybill::api {

// One request on its way through the pool.
class Asker::Task final : public query::QueryTask {
 public:
  Task(const Asker& asker, std::shared_ptr<const Answer> answer, net::Request request,
       net::PathValues values, net::Responder responder)
      : asker_(asker),
        answer_(std::move(answer)),
        request_(std::move(request)),
        values_(std::move(values)),
        responder_(std::move(responder)) {}

  void run() override { std::move(responder_).send(asker_.make(*answer_, request_, values_)); }

  void refuse(net::Response response) { std::move(responder_).send(std::move(response)); }

 private:
  const Asker& asker_;
  std::shared_ptr<const Answer> answer_;
  net::Request request_;
  net::PathValues values_;
  net::Responder responder_;
};

net::Response Asker::make(const Answer& answer, const net::Request& request,
                          const net::PathValues& values) const {
  if (request.cancelled.stop_requested()) {
    return refusal_(499, Error{ErrorCode::Cancelled, "the client went away"});
  }
  Result<net::Response> response = answer(request, values);
  if (!response) {
    return refusal_(http_status(response.error().code), response.error());
  }
  if (response->body.size() > answer_bytes_max_) {
    return refusal_(413,
                    resource_exhausted("the answer takes " + print_size(response->body.size()) +
                                       ", more than the " + print_size(answer_bytes_max_) +
                                       " that one answer may have; ask for less"));
  }
  return std::move(response).value();
}

net::Router::Route Asker::route(Answer answer) const {
  auto shared = std::make_shared<const Answer>(std::move(answer));
  return [this, shared](net::Request request, net::PathValues values, net::Responder responder) {
    auto task = std::make_unique<Task>(*this, shared, std::move(request), std::move(values),
                                       std::move(responder));
    Task& refused = *task;
    std::unique_ptr<query::QueryTask> submitted = std::move(task);
    if (pool_.submit(submitted)) {
      return;
    }
    net::Response response =
        refusal_(503, unavailable("too many questions are waiting; try again in a second"));
    response.headers.push_back({"retry-after", "1"});
    refused.refuse(std::move(response));
  };
}

}  // namespace waybill::api
