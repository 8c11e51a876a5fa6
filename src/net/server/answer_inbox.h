// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "base/mutex.h"
#include "net/http.h"
#include "net/server/inflight_bytes.h"

namespace waybill::net {

class AnswerInbox;
class Connection;

// How an answer finds its connection, which may have gone. The pointer is touched on the
// connection's loop only and is null once the connection is closed.
struct ConnectionLink {
  std::shared_ptr<AnswerInbox> inbox;
  Connection* connection = nullptr;
};

// An answer on its way to the connection that asked.
struct Answer {
  std::shared_ptr<ConnectionLink> link;
  std::uint32_t request_id = 0;
  Response response;
};

// Brings answers from any thread to the loop of their connection. Many that are put while the loop
// is busy cost one wake-up, and each connection writes all of its own at once: a group commit ends
// hundreds of requests in the same moment.
//
// Any thread. Answers put after close() are dropped.
class AnswerInbox final {
 public:
  explicit AnswerInbox(std::shared_ptr<boost::asio::io_context> context)
      : context_(std::move(context)) {}

  void put(Answer answer);
  void close();

  // Called by the loop's thread before anything else runs on it.
  void set_thread() { thread_ = std::this_thread::get_id(); }
  // True on the loop's own thread.
  bool is_on_loop() const { return std::this_thread::get_id() == thread_; }

 private:
  void deliver();

  const std::shared_ptr<boost::asio::io_context> context_;
  // Written once, before any answer can exist; whoever holds a responder was ordered after that.
  std::thread::id thread_;
  Mutex mutex_;
  bool is_closed_ GUARDED_BY(mutex_) = false;
  std::vector<Answer> answers_ GUARDED_BY(mutex_);
  // What deliver() works through; kept so that the two vectors swap their room. The loop's own.
  std::vector<Answer> delivered_;
};

// A responder that answers request `request_id` of the connection behind the link. Holds the charge
// for the request's bytes until it is used.
Responder make_responder(std::shared_ptr<ConnectionLink> link, std::uint32_t request_id,
                         InflightCharge charge);

}  // namespace waybill::net
