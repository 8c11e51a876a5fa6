// SPDX-License-Identifier: Apache-2.0
#include "net/server/answer_inbox.h"

#include <boost/asio/post.hpp>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "base/mutex.h"
#include "net/http.h"
#include "net/server/connection.h"
#include "net/server/inflight_bytes.h"

namespace waybill::net {
namespace {

// What a responder holds. Shared only because std::function wants to be copyable.
struct PendingAnswer {
  std::shared_ptr<ConnectionLink> link;
  std::uint32_t request_id;
  InflightCharge charge;
};

void send_answer(PendingAnswer& pending, Response response) {
  pending.charge.release();
  const std::shared_ptr<ConnectionLink> link = std::move(pending.link);
  // A handler that answers before it returns is inside the connection's read, which will write.
  if (link->inbox->is_on_loop() && link->connection != nullptr &&
      link->connection->is_receiving()) {
    link->connection->answer(pending.request_id, std::move(response));
    return;
  }
  AnswerInbox& inbox = *link->inbox;
  inbox.put({link, pending.request_id, std::move(response)});
}

}  // namespace

void AnswerInbox::put(Answer answer) {
  const MutexLock lock(mutex_);
  if (is_closed_) {
    return;
  }
  answers_.push_back(std::move(answer));
  if (answers_.size() == 1) {
    // Under the lock, since close() ends the context's life. Waking the loop does not block, and
    // whoever comes behind the first finds the inbox filled and wakes nobody.
    boost::asio::post(context_, [this] { deliver(); });
  }
}

void AnswerInbox::close() {
  std::vector<Answer> dropped;
  const MutexLock lock(mutex_);
  is_closed_ = true;
  dropped.swap(answers_);
}

void AnswerInbox::deliver() {
  {
    const MutexLock lock(mutex_);
    delivered_.swap(answers_);
  }
  for (Answer& answer : delivered_) {
    if (answer.link->connection != nullptr) {
      answer.link->connection->answer(answer.request_id, std::move(answer.response));
    }
  }
  // Written only now, so that a connection with many answers sends them together.
  for (const Answer& answer : delivered_) {
    if (answer.link->connection != nullptr) {
      answer.link->connection->send_pending();
    }
  }
  delivered_.clear();
}

Responder make_responder(std::shared_ptr<ConnectionLink> link, std::uint32_t request_id,
                         InflightCharge charge) {
  auto pending = std::make_shared<PendingAnswer>(
      PendingAnswer{std::move(link), request_id, std::move(charge)});
  return Responder([pending = std::move(pending)](Response response) {
    send_answer(*pending, std::move(response));
  });
}

}  // namespace waybill::net
