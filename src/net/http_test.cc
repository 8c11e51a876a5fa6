// SPDX-License-Identifier: Apache-2.0
#include "net/http.h"

#include <gtest/gtest.h>

#include <utility>
#include <vector>

namespace waybill::net {
namespace {

// Notes the statuses that a responder sends.
struct Sent {
  std::vector<int> statuses;

  Responder responder() {
    return Responder([this](const Response& response) { statuses.push_back(response.status); });
  }
};

Response with_status(int status) {
  Response response;
  response.status = status;
  return response;
}

TEST(Request, GivesTheFirstHeaderOfAName) {
  Request request;
  request.headers = {{"accept", "a"}, {"accept", "b"}, {"host", ""}};
  EXPECT_EQ(request.header("accept"), "a");
  EXPECT_EQ(request.header("host"), "");
  EXPECT_EQ(request.header("missing"), "");
}

TEST(Responder, Answers500WhenItIsDestroyedUnused) {
  Sent sent;
  {
    const Responder dropped = sent.responder();
  }
  EXPECT_EQ(sent.statuses, std::vector<int>{500});
}

TEST(Responder, AnswersOnceThoughItWasMoved) {
  Sent sent;
  {
    Responder first = sent.responder();
    Responder second = std::move(first);
    std::move(second).send(with_status(204));
  }
  EXPECT_EQ(sent.statuses, std::vector<int>{204});
}

TEST(Responder, AnswersTheRequestThatAnAssignmentReplaces) {
  Sent first;
  Sent second;
  {
    Responder responder = first.responder();
    responder = second.responder();
    EXPECT_EQ(first.statuses, std::vector<int>{500});
    std::move(responder).send(with_status(200));
  }
  EXPECT_EQ(first.statuses.size(), 1U);
  EXPECT_EQ(second.statuses, std::vector<int>{200});
}

TEST(ReasonPhrase, NamesWhatItKnows) {
  EXPECT_EQ(reason_phrase(200), "OK");
  EXPECT_EQ(reason_phrase(404), "Not Found");
  EXPECT_EQ(reason_phrase(431), "Request Header Fields Too Large");
  EXPECT_EQ(reason_phrase(299), "Unknown");
}

}  // namespace
}  // namespace waybill::net
