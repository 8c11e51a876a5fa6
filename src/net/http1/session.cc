// SPDX-License-Identifier: Apache-2.0
#include "net/http1/session.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "net/event_loop.h"
#include "net/http.h"
#include "net/http1/parser.h"
#include "net/http1/response.h"
#include "net/server/answer_inbox.h"
#include "net/server/body_rate.h"
#include "net/server/connection.h"
#include "net/server/http_session.h"
#include "net/server/inflight_bytes.h"
#include "net/server/refusal.h"

namespace waybill::net {
namespace {

// Answers to pipelined requests that may wait to be written before more requests are taken.
constexpr std::size_t kReadyBytesMax = std::size_t{256} << 10;

}  // namespace

Http1Session::Http1Session(const ConnectionSetup& setup, EventLoop& loop,
                           std::shared_ptr<ConnectionLink> link, std::string peer)
    : setup_(setup),
      loop_(loop),
      link_(std::move(link)),
      peer_(std::move(peer)),
      phase_since_(loop.now()) {}

void Http1Session::receive(std::string_view bytes) {
  if (ending_ != Ending::None) {
    return;
  }
  if (kept_.size() > kept_begin_) {
    kept_ += bytes;
    parse_kept();
    return;
  }
  const std::size_t used = parse(bytes);
  kept_begin_ = 0;
  if (ending_ == Ending::None) {
    kept_ = bytes.substr(used);
  }
}

bool Http1Session::wants_input() const { return kept_.size() - kept_begin_ < kKeptBytesMax; }

void Http1Session::receive_end() {
  is_input_ended_ = true;
  // It may be that only the peer's sending half is closed and it waits for the answer, so that it
  // is still sent; but a peer that has gone looks the same, and work for it should stop.
  cancel_.request_stop();
}

bool Http1Session::can_parse() const {
  return !is_awaiting_answer_ && ending_ == Ending::None && ready_.size_bytes() < kReadyBytesMax;
}

void Http1Session::parse_kept() {
  kept_begin_ += parse(std::string_view(kept_).substr(kept_begin_));
  // What is used is taken away only when that is cheap: many small requests may follow each other.
  if (kept_begin_ == kept_.size() || kept_begin_ > kept_.size() / 2) {
    kept_.erase(0, kept_begin_);
    kept_begin_ = 0;
  }
  if (kept_.empty()) {
    kept_.shrink_to_fit();
  }
}

std::size_t Http1Session::parse(std::string_view bytes) {
  const std::size_t size = bytes.size();
  while (can_parse() && !bytes.empty()) {
    if (parser_ == nullptr) {
      // An empty line before a request is what some old clients send after a body (RFC 9112, 2.2).
      const std::size_t begin = bytes.find_first_not_of("\r\n");
      bytes.remove_prefix(std::min(begin, bytes.size()));
      if (bytes.empty()) {
        break;
      }
      parser_ =
          std::make_unique<Http1Parser>(setup_.options, InflightCharge(setup_.ledger->inflight()));
      is_body_started_ = false;
      phase_since_ = loop_.now();
    }
    bytes.remove_prefix(parser_->put(bytes));
    follow_phase();
    if (parser_ != nullptr) {
      break;  // It needs more than there is.
    }
  }
  return size - bytes.size();
}

void Http1Session::follow_phase() {
  switch (parser_->phase()) {
    case Http1Parser::Phase::Header:
      return;
    case Http1Parser::Phase::Body:
      if (!is_body_started_) {
        is_body_started_ = true;
        phase_since_ = loop_.now();
        if (parser_->expects_continue() && parser_->body_size_bytes() == 0) {
          ready_.append(std::string("HTTP/1.1 100 Continue\r\n\r\n"));
        }
      }
      return;
    case Http1Parser::Phase::Failed:
      refuse(parser_->refusal());
      return;
    case Http1Parser::Phase::Done:
      dispatch();
      return;
  }
}

void Http1Session::dispatch() {
  is_head_ = parser_->is_head();
  is_keep_alive_ = parser_->is_keep_alive();
  is_version_1_0_ = parser_->is_version_1_0();
  Request request = parser_->take_request();
  InflightCharge charge = parser_->take_charge();
  parser_.reset();
  cancel_ = std::stop_source();
  request.peer = peer_;
  request.cancelled = cancel_.get_token();
  is_awaiting_answer_ = true;
  ++request_id_;
  setup_.ledger->count_request(HttpVersion::Http1);
  setup_.handler.handle(std::move(request), make_responder(link_, request_id_, std::move(charge)));
}

void Http1Session::answer(std::uint32_t request_id, Response response) {
  if (is_awaiting_answer_ && request_id == request_id_) {
    write(std::move(response));
  }
}

void Http1Session::refuse(Refusal refusal) {
  setup_.ledger->count_refused(refusal);
  is_head_ = parser_ != nullptr && parser_->is_head();
  is_keep_alive_ = false;
  parser_.reset();
  write(make_refusal(refusal, AnswerStyle::Http, setup_.options.retry_after));
}

void Http1Session::write(Response response) {
  is_awaiting_answer_ = false;
  phase_since_ = loop_.now();
  is_keep_alive_ = is_keep_alive_ && !is_draining_;
  write_http1_response(std::move(response),
                       {.is_keep_alive = is_keep_alive_,
                        .is_version_1_0 = is_version_1_0_,
                        .is_head = is_head_,
                        .date = loop_.date()},
                       ready_);
  if (!is_keep_alive_) {
    ending_ = Ending::Linger;
    kept_.clear();
    kept_begin_ = 0;
  }
}

void Http1Session::produce(OutputQueue& out) {
  if (kept_.size() > kept_begin_) {
    parse_kept();
  }
  out.append(ready_);
}

HttpSession::Ending Http1Session::ending() const {
  if (ending_ == Ending::None && is_input_ended_ && !is_awaiting_answer_) {
    return Ending::Close;
  }
  return ending_;
}

void Http1Session::start_drain() {
  is_draining_ = true;
  if (!is_awaiting_answer_ && parser_ == nullptr && kept_.empty() && ready_.is_empty()) {
    ending_ = Ending::Close;
  }
}

void Http1Session::sweep(std::chrono::nanoseconds now) {
  if (is_awaiting_answer_ || ending_ != Ending::None) {
    return;
  }
  const std::chrono::nanoseconds elapsed = now - phase_since_;
  if (parser_ == nullptr) {
    if (elapsed >= setup_.options.idle_timeout) {
      ending_ = Ending::Close;
    }
  } else if (!is_body_started_) {
    if (elapsed >= setup_.options.header_timeout) {
      refuse(Refusal::SlowHeader);
    }
  } else if (is_body_too_slow(setup_.options, elapsed, parser_->body_size_bytes())) {
    refuse(Refusal::SlowBody);
  }
}

void Http1Session::disconnected() {
  if (is_awaiting_answer_) {
    cancel_.request_stop();
  }
}

}  // namespace waybill::net
